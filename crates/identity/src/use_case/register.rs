//! Open an account.

use std::sync::{Arc, mpsc};

use ashlar_kernel::{
    Change, Class, Classified, Context, FieldError, FieldErrors, Id, Invalid, Once, Secret, StoreError, TenantId,
};

use super::{Attempts, Identity, Registration, codes, password::NewPasswordError};
use crate::{
    Account, BootstrapSecret, DisplayName, Email, Membership, NewUser, Password, PasswordHash, Role, User, UserEvent,
    UserId, Username,
    password::{PasswordContext, PasswordRejected},
    port::{FirstAdmin, HasherError, IdentityTx, InsertUserError},
};

/// Opens an account for whoever asks.
pub struct Register {
    pub(super) email: Email,
    pub(super) username: Option<Username>,
    pub(super) password: Password,
    pub(super) display_name: Option<DisplayName>,
    bootstrap: Option<Secret>,
    once: Option<Once<Registered>>,
}

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// The account can be used.
    Open(Box<Account>),
    /// A letter is on its way to the address, whoever has it; what is in the letter comes next.
    CheckYourMail,
}

/// A registration as it was typed.
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct RegisterInput<'a> {
    pub email: &'a str,
    pub username: Option<&'a str>,
    pub password: Secret,
    pub display_name: Option<&'a str>,
}

impl TryFrom<RegisterInput<'_>> for Register {
    type Error = Invalid;

    fn try_from(input: RegisterInput<'_>) -> Result<Self, Invalid> {
        Self::checked(input, &mut FieldErrors::default())
    }
}

impl Register {
    /// Reads a registration; what is wrong joins what `errors` holds already.
    pub(super) fn checked(input: RegisterInput<'_>, errors: &mut FieldErrors) -> Result<Self, Invalid> {
        let mut errors = std::mem::take(errors);
        let email = errors.check("/email", Email::parse(input.email));
        let username = errors.check_optional("/username", input.username.map(Username::parse));
        let password = errors.check("/password", Password::parse(input.password));
        let display_name = errors.check_optional("/display_name", input.display_name.map(DisplayName::parse));
        match (email, password) {
            (Some(email), Some(password)) => {
                errors.finish()?;
                Ok(Self { email, username, password, display_name, bootstrap: None, once: None })
            }
            _ => Err(errors.into_invalid()),
        }
    }

    /// The shortest registration.
    pub fn parse(email: &str, username: Option<&str>, password: &str) -> Result<Self, Invalid> {
        Self::try_from(RegisterInput { email, username, password: Secret::from(password), display_name: None })
    }

    /// The same, with the answer remembered in the transaction that opens the account.
    #[must_use]
    pub fn once(self, once: Option<Once<Registered>>) -> Self {
        Self { once, ..self }
    }

    /// The same by somebody who shows a token to become the first administrator.
    #[must_use]
    pub fn with_bootstrap_token(self, bootstrap: Option<Secret>) -> Self {
        Self { bootstrap, ..self }
    }

    /// The address in the form in which it is compared, for whoever counts attempts.
    pub fn account(&self) -> &str {
        self.email.key()
    }

    pub(super) const fn email(&self) -> &Email {
        &self.email
    }
    pub(super) const fn username(&self) -> Option<&Username> {
        self.username.as_ref()
    }
    pub(super) const fn receipts(&self) -> Option<&Once<Registered>> {
        self.once.as_ref()
    }
    pub(super) const fn display_name(&self) -> Option<&DisplayName> {
        self.display_name.as_ref()
    }
}

/// Why no account was opened.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Nobody may.
    #[error("registration is closed")]
    Closed,
    /// The token to become the first administrator is no good.
    #[error("nobody becomes the first administrator with this token")]
    BootstrapToken,
    /// The password is not good enough.
    #[error(transparent)]
    Password(PasswordRejected),
    /// Another account has the e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Another account has the handle.
    #[error("the username is taken")]
    UsernameTaken,
    /// Hashing failed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<InsertUserError> for RegisterError {
    fn from(error: InsertUserError) -> Self {
        match error {
            InsertUserError::EmailTaken => Self::EmailTaken,
            InsertUserError::UsernameTaken => Self::UsernameTaken,
            InsertUserError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NewPasswordError> for RegisterError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Rejected(error) => Self::Password(error),
            NewPasswordError::Hasher(error) => Self::Hasher(error),
        }
    }
}

impl Classified for RegisterError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Closed => Class::Code(&codes::REGISTRATION_CLOSED),
            Self::BootstrapToken => Class::Code(&codes::BOOTSTRAP_TOKEN_INVALID),
            Self::Password(error) => Class::Inner(error),
            Self::EmailTaken | Self::UsernameTaken => Class::Code(&codes::IDENTIFIER_TAKEN),
            Self::Hasher(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::EmailTaken => vec![FieldError::new("/email", "taken", self.to_string())],
            Self::UsernameTaken => vec![FieldError::new("/username", "taken", self.to_string())],
            Self::Password(error) => error.fields(),
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

impl Identity {
    /// Opens an account. The first one of an embedded installation becomes its administrator, and only one can be the
    /// first: a one-row table decides.
    ///
    /// The password is judged before anything is looked up, so that the answer to a bad password says nothing about
    /// the address; and it is hashed whether or not the address is taken.
    pub async fn register(&self, context: &Context, command: Register) -> Result<Registered, RegisterError> {
        if self.0.settings.registration == Registration::Closed && command.bootstrap.is_none() {
            return Err(RegisterError::Closed);
        }
        // Before anything is looked up: who has no token learns nothing from sending one.
        let token =
            command.bootstrap.as_ref().map(|token| BootstrapSecret::parse(token).ok_or(RegisterError::BootstrapToken));
        let token = token.transpose()?;
        self.judge_password(&command.password, &command.email, command.username.as_ref()).await?;
        let hash = self.0.ports.hasher.hash(&command.password).await?;

        let mut attempts = Attempts::default();
        loop {
            let outcome = match self.0.settings.registration {
                Registration::VerifyFirst if command.bootstrap.is_none() => {
                    self.request_account(context, &command, hash.clone()).await.map(|()| Registered::CheckYourMail)
                }
                _ => self.open_account(context, &command, (hash.clone(), token.as_ref())).await,
            };
            match outcome {
                Err(RegisterError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    /// Judges the password off the threads that serve requests: a guesser's dictionary of disguises costs more than a
    /// hash.
    pub(super) async fn judge_password(
        &self,
        password: &Password,
        email: &Email,
        username: Option<&Username>,
    ) -> Result<(), NewPasswordError> {
        let policy = Arc::clone(&self.0.settings.passwords);
        let (password, email, username) = (password.clone(), email.clone(), username.cloned());
        let (verdict, judged) = mpsc::channel();
        let judge = move || {
            let about = PasswordContext { email: &email, username: username.as_ref() };
            // Nobody listens when the caller has gone away meanwhile.
            let _heard = verdict.send(policy.check(&password, about));
        };
        self.0.ports.hasher.run(Box::new(judge)).await.map_err(NewPasswordError::Hasher)?;
        let lost = |error: mpsc::TryRecvError| NewPasswordError::Hasher(HasherError::Failed(error.into()));
        judged.try_recv().map_err(lost)?.map_err(NewPasswordError::Rejected)
    }

    async fn open_account(
        &self,
        context: &Context,
        command: &Register,
        (password, token): (PasswordHash, Option<&BootstrapSecret>),
    ) -> Result<Registered, RegisterError> {
        // The first administrator is of the first tenant, and known to whoever operates the installation: no letter has to
        // reach them before mail is set up.
        let is_bootstrap = token.is_some();
        let tenant = if is_bootstrap { TenantId::MAIN } else { context.tenant };
        let context = &Context { tenant, ..context.clone() };
        let new = NewUser {
            id: Id::new(&*self.0.ports.ids),
            email: command.email.clone(),
            username: command.username.clone(),
            password,
            display_name: command.display_name.clone(),
            email_verified_at: is_bootstrap.then_some(context.now),
        };
        let change = User::register(new, context.now);
        let user = change.state().clone();

        let mut tx = self.0.ports.store.begin(context).await?;
        // First, so that a token that is no good says nothing about the address; what was spent comes back with a refusal.
        if let Some(token) = token
            && !tx.spend_bootstrap_token(&token.digest(&self.0.bootstrap_key), context.now).await?
        {
            return Err(RegisterError::BootstrapToken);
        }
        tx.insert_user(change).await?;
        let role = self.first_role(context, &mut *tx, is_bootstrap, user.id()).await?;
        tx.insert_membership(Membership::create(context.tenant, user.id(), role, context.now)).await?;
        let registered = Registered::Open(Box::new(Account::of(&user, role)));
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&registered)).await?;
        }
        tx.commit().await?;
        Ok(registered)
    }

    /// What a newcomer is: administrator, if they are the first or have shown the token for it.
    async fn first_role(
        &self,
        context: &Context,
        tx: &mut dyn IdentityTx,
        is_bootstrap: bool,
        user: UserId,
    ) -> Result<Role, RegisterError> {
        if !is_bootstrap && !self.0.settings.first_account_is_admin {
            return Ok(Role::Member);
        }
        let claim = Change::new(FirstAdmin { user, at: context.now }, UserEvent::BootstrapAdminClaimed { user });
        match tx.claim_first_admin(claim).await? {
            true => Ok(Role::Admin),
            false if is_bootstrap => Err(RegisterError::BootstrapToken),
            false => Ok(Role::Member),
        }
    }
}
