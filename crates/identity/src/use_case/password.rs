//! Change the password, or find a way back in without it.

use ashlar_kernel::{
    AccessError, Change, Class, Classified, Context, FieldError, FieldErrors, Invalid, NotFound, Secret, StoreError,
    store_codes,
};

use super::{
    Attempts, Identity, SignedIn, codes,
    guess::{GuessError, Verdict},
};
use crate::{
    Account, AccountRequest, ActionPurpose, ActionSubject, ActionToken, ActionTokenId, CounterKey, Identifier,
    Password, PasswordHash, PresentedActionToken, RevocationReason, SessionId, SessionSweep, User, UserId, UserStatus,
    password::{PasswordFault, PasswordRejected},
    permission,
    port::{HasherError, SignError},
};

/// Changes one's own password.
pub struct ChangePassword {
    current: Password,
    new: Password,
    ends_others: bool,
}

impl ChangePassword {
    /// A change with what was typed. `ends_others`: all other sessions end.
    pub fn parse(current: Secret, new: Secret, ends_others: bool) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let current = errors.check("/current_password", Password::parse(current));
        let new = errors.check("/new_password", Password::parse(new));
        match (current, new) {
            (Some(current), Some(new)) => {
                errors.finish()?;
                Ok(Self { current, new, ends_others })
            }
            _ => Err(errors.into_invalid()),
        }
    }
}

/// Why the password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account is gone.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The present password is another.
    #[error("the current password is another")]
    CurrentPassword,
    /// Nothing was tried.
    #[error(transparent)]
    Guess(#[from] GuessError),
    /// The new password is not good enough.
    #[error(transparent)]
    Rejected(PasswordRejected),
    /// Hashing failed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ChangePasswordError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::CurrentPassword => Class::Code(&codes::CURRENT_PASSWORD_INVALID),
            Self::Guess(error) => Class::Inner(error),
            Self::Rejected(error) => Class::Inner(error),
            Self::Hasher(error) => Class::Inner(error),
            Self::Sign(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Rejected(error) => error.fields_at("/new_password"),
            _ => Vec::new(),
        }
    }
}

/// Why the password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The link is not good: unknown, used, too old, replaced. Which is not said.
    #[error("the link is not valid any more")]
    Token,
    /// The new password is not good enough.
    #[error(transparent)]
    Rejected(PasswordRejected),
    /// Hashing failed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ResetPasswordError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Token => Class::Code(&codes::RESET_TOKEN_INVALID),
            Self::Rejected(error) => Class::Inner(error),
            Self::Hasher(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Rejected(error) => error.fields_at("/new_password"),
            _ => Vec::new(),
        }
    }
}

/// A password that is not good enough, or nobody to hash it.
#[derive(Debug)]
pub(super) enum NewPasswordError {
    Rejected(PasswordRejected),
    Hasher(HasherError),
}

macro_rules! from_new_password {
    ($($error:ident),+) => {$(
        impl From<NewPasswordError> for $error {
            fn from(error: NewPasswordError) -> Self {
                match error {
                    NewPasswordError::Rejected(error) => Self::Rejected(error),
                    NewPasswordError::Hasher(error) => Self::Hasher(error),
                }
            }
        }
    )+};
}
from_new_password!(ChangePasswordError, ResetPasswordError);

impl Identity {
    /// Changes one's own password. The caller's session goes on with a new refresh token and counts as a recent sign-in;
    /// the others end, if that is wanted.
    ///
    /// Answers with how many sessions ended.
    pub async fn change_password(
        &self,
        context: &Context,
        command: ChangePassword,
    ) -> Result<(SignedIn, usize), ChangePasswordError> {
        let caller = context.require(permission::CHANGE_OWN_CREDENTIALS)?;
        let (id, session) = (UserId::from_uuid(caller.user), SessionId::from_uuid(caller.session));
        let user = self.present(id).await?.ok_or(NotFound)?;
        if !self.is_password_of(context, (&user, session), &command.current).await? {
            self.note(context, AccountRequest::PasswordChangeRefused { user: id }).await?;
            return Err(ChangePasswordError::CurrentPassword);
        }
        let is_same = command.current.expose() == command.new.expose();
        let hash = if is_same {
            Err(NewPasswordError::Rejected(PasswordRejected::for_one(PasswordFault::SameAsCurrent)))
        } else {
            self.hash_new(&command.new, &user).await
        }?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_change_password(context, &user, (session, &hash), command.ends_others).await {
                Err(ChangePasswordError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_change_password(
        &self,
        context: &Context,
        verified: &User,
        (session, hash): (SessionId, &PasswordHash),
        ends_others: bool,
    ) -> Result<(SignedIn, usize), ChangePasswordError> {
        let account = self.0.ports.store.account(context.tenant, verified.id()).await?.ok_or(NotFound)?;
        let mut tx = self.0.ports.store.begin(context).await?;
        let user = tx.user(verified.id()).await?.ok_or(NotFound)?;
        if user.credential_version() != verified.credential_version() {
            // Somebody was faster; what was verified is not the present password.
            return Err(ChangePasswordError::CurrentPassword);
        }
        let session = tx.session(session).await?.ok_or(NotFound)?;
        let renewed = session.renew(&self.0.settings.sessions, context.now).ok_or(NotFound)?;
        let session = renewed.state().clone();
        let signed_in = self.issue(&self.acting_as(context, &account, &session), account.clone(), &session)?;
        tx.update_user(user.change_password(hash.clone(), context.now)).await?;
        tx.update_session(renewed).await?;
        let mut ended = Vec::new();
        if ends_others {
            let all =
                SessionSweep::sparing(Some(session.id()), account.id, RevocationReason::PasswordChange, context.now);
            ended = tx.end_sessions(all).await?;
        }
        tx.commit().await?;
        self.end_here(context, &ended);
        self.remember(context, account, session);
        Ok((signed_in, ended.len()))
    }

    /// Notes that somebody wants a new password. The answer says nothing, and costs the same for everybody: the letter is
    /// written behind the scenes.
    pub async fn forgot_password(&self, context: &Context, identifier: &Identifier) -> Result<(), StoreError> {
        let credential = self.0.ports.store.credential(context.tenant, identifier).await?;
        let user = credential.filter(|found| found.account.is_some()).map(|found| found.user);
        let identifier_hmac = identifier.pseudonym(&self.0.pseudonym_key, context.tenant);
        self.note(context, AccountRequest::PasswordReset { user, identifier_hmac }).await
    }

    /// Sets a new password by a mailed link: all sessions end, and failed attempts are forgotten. Nobody is signed in, and
    /// a second factor stays.
    pub async fn reset_password(
        &self,
        context: &Context,
        token: &Secret,
        new: &Password,
    ) -> Result<Account, ResetPasswordError> {
        let purposes = [ActionPurpose::ResetPassword, ActionPurpose::SetPassword];
        let (token, user) = self.good_token(context, token, &purposes).await?.ok_or(ResetPasswordError::Token)?;
        // Before the link is used up: a refused password must not cost it.
        let hash = self.hash_new(new, &user).await?;
        let context = &Context { tenant: token.tenant(), ..context.clone() };
        let mut attempts = Attempts::default();
        loop {
            match self.try_reset(context, &token, &hash).await {
                Err(ResetPasswordError::Store(StoreError::Stale)) => return Err(ResetPasswordError::Token),
                Err(ResetPasswordError::Store(error)) if attempts.again(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        self.forgive_all(&user).await?;
        let account = self.0.ports.store.account(context.tenant, user.id()).await?;
        account.ok_or(ResetPasswordError::Token)
    }

    async fn try_reset(
        &self,
        context: &Context,
        token: &ActionToken,
        hash: &PasswordHash,
    ) -> Result<(), ResetPasswordError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let user = tx.user(token.user()).await?.ok_or(ResetPasswordError::Token)?;
        if !token.is_good_for(&user, context.now) {
            return Err(ResetPasswordError::Token);
        }
        let all = SessionSweep::sparing(None, user.id(), RevocationReason::PasswordChange, context.now);
        tx.spend_action_token(token.clone().spend()).await?;
        tx.update_user(user.reset_password(hash.clone(), context.now)).await?;
        let ended = tx.end_sessions(all).await?;
        tx.commit().await?;
        self.end_here(context, &ended);
        Ok(())
    }

    /// The account of somebody who has signed in; none if it was deleted since, also in this moment by another request of
    /// theirs: a tombstone has no password that theirs could differ from.
    pub(super) async fn present(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.0.ports.store.user(id).await?.filter(|user| user.status() != UserStatus::Deleted))
    }

    /// Whether it is the account's password, typed by somebody who has signed in. Counted for the session: strangers at the
    /// door do not keep people from their own account.
    pub(super) async fn is_password_of(
        &self,
        context: &Context,
        (user, session): (&User, SessionId),
        password: &Password,
    ) -> Result<bool, GuessError> {
        let guess = self.guess(context, CounterKey::of_session(&self.0.pseudonym_key, session)).await?;
        let is_right =
            self.look_at(context, &guess, password, Some(user.password()).filter(|hash| !hash.is_unusable())).await?;
        let verdict = if is_right { Verdict::Right } else { Verdict::Wrong };
        if let Some(lock) = self.tell(context, &guess, verdict).await? {
            let mut tx = self.0.ports.store.begin(context).await?;
            tx.note_lockout(lock.change_in(user.id(), session)).await?;
            tx.commit().await?;
        }
        Ok(is_right)
    }

    /// Judges and hashes a new password for an account.
    pub(super) async fn hash_new(&self, new: &Password, user: &User) -> Result<PasswordHash, NewPasswordError> {
        self.judge_password(new, user.email(), user.username()).await?;
        self.0.ports.hasher.hash(new).await.map_err(NewPasswordError::Hasher)
    }

    /// The link behind a token, with its account, if it is of one of these purposes and may still be used.
    pub(super) async fn good_token(
        &self,
        context: &Context,
        text: &Secret,
        purposes: &[ActionPurpose],
    ) -> Result<Option<(ActionToken, User)>, StoreError> {
        let Ok(presented) = PresentedActionToken::parse(text) else { return Ok(None) };
        if presented.subject() != ActionSubject::Account {
            return Ok(None);
        }
        let found = self.0.ports.store.action_token(ActionTokenId::from_uuid(presented.id())).await?;
        let Some(token) = found.filter(|token| self.0.action_keys.verify(&presented, token.salt())) else {
            return Ok(None);
        };
        let Some(user) = self.0.ports.store.user(token.user()).await? else { return Ok(None) };
        let is_good = purposes.contains(&token.purpose()) && token.is_good_for(&user, context.now);
        Ok(is_good.then_some((token, user)))
    }

    /// Forgets the failures of strangers with any identifier of the account.
    pub(super) async fn forgive_all(&self, user: &User) -> Result<(), StoreError> {
        for key in self.counters_of_strangers(user) {
            self.forgive(key).await?;
        }
        Ok(())
    }

    /// The counters of strangers with any identifier of the account.
    pub(super) fn counters_of_strangers(&self, user: &User) -> Vec<CounterKey> {
        let handle = user.username().and_then(|name| Identifier::parse(name.as_str()).ok());
        let identifiers = [Identifier::parse(user.email().address()).ok(), handle].into_iter().flatten();
        identifiers.map(|identifier| CounterKey::of_strangers(&self.0.pseudonym_key, &identifier)).collect()
    }

    /// This process believes these sessions no longer.
    pub(super) fn end_here(&self, context: &Context, ended: &[SessionId]) {
        for session in ended {
            self.0.ports.cache.end(*session, context.now);
        }
    }

    /// Notes what somebody asked for.
    pub(super) async fn note(&self, context: &Context, request: AccountRequest) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let noted = async {
                let mut tx = self.0.ports.store.begin(context).await?;
                tx.note_request(Change::new((), request.clone())).await?;
                tx.commit().await
            };
            match noted.await {
                Err(error) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }
}
