//! Prove that an address is one's own, and change it.

use ashlar_kernel::{AccessError, Change, Class, Classified, Context, FieldError, Id, NotFound, Secret, StoreError};

use super::{Attempts, Identity, codes};
use crate::{
    Account, AccountRequest, ActionPurpose, ActionToken, Email, Identifier, NewActionToken, RevocationReason,
    SessionSweep, User, UserId, UserStatus, permission, port::InsertUserError,
};

/// Why an address was not verified or changed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// The link is not good: unknown, used, too old, replaced. Which is not said.
    #[error("the link is not valid any more")]
    Token,
    /// The registration was made with another password.
    #[error("the password is not that of the registration")]
    Password,
    /// Somebody has the address meanwhile.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Somebody has the handle meanwhile.
    #[error("the username is taken")]
    UsernameTaken,
    /// Hashing failed.
    #[error(transparent)]
    Hasher(#[from] crate::port::HasherError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<InsertUserError> for VerifyEmailError {
    fn from(error: InsertUserError) -> Self {
        match error {
            InsertUserError::EmailTaken => Self::EmailTaken,
            InsertUserError::UsernameTaken => Self::UsernameTaken,
            InsertUserError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for VerifyEmailError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Token => Class::Code(&codes::VERIFICATION_TOKEN_INVALID),
            Self::Password => Class::Code(&codes::CURRENT_PASSWORD_INVALID),
            Self::EmailTaken | Self::UsernameTaken => Class::Code(&codes::IDENTIFIER_TAKEN),
            Self::Hasher(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::UsernameTaken => vec![FieldError::new("/username", "taken", self.to_string())],
            _ => Vec::new(),
        }
    }

    fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        let field = match self {
            Self::EmailTaken => "email",
            Self::UsernameTaken => "username",
            _ => return serde_json::Map::new(),
        };
        serde_json::Map::from_iter([("field".to_owned(), field.into())])
    }
}

/// Why no letter about another address was sent.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account is gone.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// It is the account's address already.
    #[error("it is the account's address already")]
    Same,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ChangeEmailError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Same => Class::Code(&ashlar_kernel::field_codes::VALIDATION),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Same => vec![FieldError::new("/email", "unchanged", self.to_string())],
            _ => Vec::new(),
        }
    }
}

impl Identity {
    /// Asks for another letter to verify an address. Says nothing about whether anybody has it.
    pub async fn ask_verification(&self, context: &Context, email: &Email) -> Result<(), StoreError> {
        let identifier = Identifier::parse(email.address()).map_err(StoreError::internal)?;
        let found = self.0.ports.store.credential(context.tenant, &identifier).await?;
        match found.and_then(|found| found.account).filter(|account| !account.is_email_verified) {
            Some(account) => self.note(context, AccountRequest::EmailVerification { user: account.id }).await,
            None => Ok(()),
        }
    }

    /// Uses a link that proves an address: the account's present one, or the one it is to have.
    pub(super) async fn verify_account_email(
        &self,
        context: &Context,
        text: &Secret,
    ) -> Result<Account, VerifyEmailError> {
        let purposes = [ActionPurpose::VerifyEmail, ActionPurpose::ChangeEmail];
        let (token, _) = self.good_token(context, text, &purposes).await?.ok_or(VerifyEmailError::Token)?;
        self.use_email_token(context, &token).await
    }

    /// Takes a change of the address back, by the link that was mailed to the old one. All sessions end.
    pub async fn undo_email_change(&self, context: &Context, text: &Secret) -> Result<Account, VerifyEmailError> {
        let purposes = [ActionPurpose::UndoEmailChange];
        let (token, _) = self.good_token(context, text, &purposes).await?.ok_or(VerifyEmailError::Token)?;
        self.use_email_token(context, &token).await
    }

    async fn use_email_token(&self, context: &Context, token: &ActionToken) -> Result<Account, VerifyEmailError> {
        let context = &Context { tenant: token.tenant(), ..context.clone() };
        let mut attempts = Attempts::default();
        loop {
            match self.try_email_token(context, token).await {
                Err(VerifyEmailError::Store(StoreError::Stale)) => return Err(VerifyEmailError::Token),
                Err(VerifyEmailError::Store(error)) if attempts.again(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        let account = self.0.ports.store.account(token.tenant(), token.user()).await?;
        account.ok_or(VerifyEmailError::Token)
    }

    async fn try_email_token(&self, context: &Context, token: &ActionToken) -> Result<(), VerifyEmailError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let user = tx.user(token.user()).await?.ok_or(VerifyEmailError::Token)?;
        if !token.is_good_for(&user, context.now) {
            return Err(VerifyEmailError::Token);
        }
        tx.spend_action_token(token.clone().spend()).await?;
        let mut ended = Vec::new();
        match token.purpose() {
            ActionPurpose::VerifyEmail => {
                if let Some(change) = user.verify_email(context.now) {
                    tx.update_user(change).await?;
                }
            }
            ActionPurpose::ChangeEmail => {
                tx.change_email(user.change_email(token.email().clone(), context.now)).await?;
            }
            ActionPurpose::UndoEmailChange => {
                let all = SessionSweep::sparing(None, user.id(), RevocationReason::PasswordChange, context.now);
                tx.change_email(user.undo_email_change(token.email().clone(), context.now)).await?;
                ended = tx.end_sessions(all).await?;
            }
            ActionPurpose::ResetPassword | ActionPurpose::SetPassword => return Err(VerifyEmailError::Token),
        }
        tx.commit().await?;
        self.end_here(context, &ended);
        Ok(())
    }

    /// Asks for another address: a link goes to the new one, and one to take it back to the present one. Whether anybody
    /// has the new address is found out when the link is used.
    pub async fn ask_email_change(&self, context: &Context, email: &Email) -> Result<(), ChangeEmailError> {
        let caller = context.require(permission::CHANGE_OWN_CREDENTIALS)?;
        let user = UserId::from_uuid(caller.user);
        crate::insist_on_fresh(context)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_ask_email_change(context, user, email).await {
                Err(ChangeEmailError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_ask_email_change(
        &self,
        context: &Context,
        user: UserId,
        email: &Email,
    ) -> Result<(), ChangeEmailError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let user = tx.user(user).await?.filter(|user| user.status() == UserStatus::Active).ok_or(NotFound)?;
        if user.email().key() == email.key() {
            return Err(ChangeEmailError::Same);
        }
        let confirm = self.new_token(context, &user, ActionPurpose::ChangeEmail, email);
        let undo = self.new_token(context, &user, ActionPurpose::UndoEmailChange, user.email());
        let request =
            AccountRequest::EmailChange { user: user.id(), confirm: confirm.state().id(), undo: undo.state().id() };
        tx.put_action_token(confirm).await?;
        tx.put_action_token(undo).await?;
        tx.note_request(Change::new((), request)).await?;
        Ok(tx.commit().await?)
    }

    fn new_token(
        &self,
        context: &Context,
        user: &User,
        purpose: ActionPurpose,
        email: &Email,
    ) -> Change<ActionToken, crate::ActionTokenEvent> {
        let new = NewActionToken {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            purpose,
            email: email.clone(),
            salt: self.0.ports.entropy.bytes(),
        };
        ActionToken::issue(new, user, context.now)
    }
}
