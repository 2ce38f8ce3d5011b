//! Prove again who one is, and end all of one's sessions.

use ashlar_kernel::{
    AccessError, Class, Classified, Context, FieldErrors, Invalid, NotFound, Secret, StoreError, store_codes,
};

use super::{
    Attempts, Identity, SignedIn, codes,
    guess::GuessError,
    second_factor::{SecondFactorCode, SecondFactorError},
};
use crate::{
    AccountRequest, Password, RevocationReason, SessionId, SessionSweep, TotpCode, UserId, permission, port::SignError,
};

/// Proves again who the caller is.
pub struct Reauthenticate(Proof);

enum Proof {
    Password(Password),
    Code(TotpCode),
}

impl Reauthenticate {
    /// By the password.
    pub fn by_password(password: Secret) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        match errors.check("/password", Password::parse(password)) {
            Some(password) => Ok(Self(Proof::Password(password))),
            None => Err(errors.into_invalid()),
        }
    }

    /// By a code of the authenticator.
    pub const fn by_code(code: TotpCode) -> Self {
        Self(Proof::Code(code))
    }
}

/// Why the proof does not count.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// Nobody has signed in.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account or session is gone.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The password is another.
    #[error("the password is another")]
    Password,
    /// Nothing was tried.
    #[error(transparent)]
    Guess(#[from] GuessError),
    /// The code is no proof.
    #[error(transparent)]
    Factor(#[from] SecondFactorError),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ReauthenticateError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Password => Class::Code(&codes::CURRENT_PASSWORD_INVALID),
            Self::Guess(error) => Class::Inner(error),
            Self::Factor(error) => Class::Inner(error),
            Self::Sign(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// Why the sessions did not end.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionsError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for EndSessionsError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Proves again who the caller is; wrong passwords are counted for the session. The session counts as a recent sign-in from now
    /// on, and the new access token says so to processes that have not heard of it yet.
    pub async fn reauthenticate(
        &self,
        context: &Context,
        proof: Reauthenticate,
    ) -> Result<SignedIn, ReauthenticateError> {
        let caller = context.require(permission::READ_OWN_PROFILE)?;
        let (id, session) = (UserId::from_uuid(caller.user), SessionId::from_uuid(caller.session));
        match &proof.0 {
            Proof::Password(password) => {
                let user = self.present(id).await?.ok_or(NotFound)?;
                if !self.is_password_of(context, (&user, session), password).await? {
                    self.note(context, AccountRequest::ReauthenticationRefused { user: id }).await?;
                    return Err(ReauthenticateError::Password);
                }
            }
            Proof::Code(code) => match self.proved(context, id, &SecondFactorCode::Totp(*code)).await {
                Err(refused @ SecondFactorError::Code) => {
                    self.note(context, AccountRequest::ReauthenticationRefused { user: id }).await?;
                    return Err(refused.into());
                }
                outcome => drop(outcome?),
            },
        }
        let mut attempts = Attempts::default();
        loop {
            match self.try_reauthenticate(context, session).await {
                Err(ReauthenticateError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_reauthenticate(&self, context: &Context, id: SessionId) -> Result<SignedIn, ReauthenticateError> {
        let found = self.0.ports.store.session(id).await?.ok_or(NotFound)?;
        let account = found.account.ok_or(NotFound)?;
        let change = found.session.reauthenticate(context.now);
        let session = change.state().clone();
        let signed_in = self.issue(&self.acting_as(context, &account, &session), account.clone(), &session)?;
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.update_session(change).await?;
        tx.commit().await?;
        self.remember(context, account, session);
        Ok(signed_in)
    }

    /// Ends all of one's own sessions in all tenants, but for the present one if `spares_current`. Answers with how many.
    pub async fn end_own_sessions(&self, context: &Context, spares_current: bool) -> Result<usize, EndSessionsError> {
        let caller = context.require(permission::REVOKE_OWN_SESSIONS)?;
        // Whoever has stolen a session must not lock the owner out.
        crate::insist_on_fresh(context)?;
        let except = spares_current.then(|| SessionId::from_uuid(caller.session));
        let user = UserId::from_uuid(caller.user);
        let mut attempts = Attempts::default();
        loop {
            match self.try_end_all(context, user, except).await {
                Err(error) if attempts.again(&error) => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn try_end_all(
        &self,
        context: &Context,
        user: UserId,
        except: Option<SessionId>,
    ) -> Result<usize, StoreError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let ended = tx.end_sessions(SessionSweep::sparing(except, user, RevocationReason::User, context.now)).await?;
        tx.commit().await?;
        self.end_here(context, &ended);
        Ok(ended.len())
    }
}
