//! Sign in with a password.

use ashlar_kernel::{Change, Class, Classified, Context, FieldErrors, Id, Invalid, Secret, StoreError, store_codes};

use super::{Attempts, Identity, SignedIn, acting_as, codes};
use crate::{
    Account, Credential, Device, Identifier, LoginAttempt, LoginFailure, NewSession, Password, Rehash, RehashEvent,
    Session, UserId, UserStatus,
    port::{HasherError, SignError},
};

/// Signs a person in.
pub struct LogIn {
    identifier: Identifier,
    password: Password,
    device: Option<Device>,
}

impl LogIn {
    /// A login with what was typed.
    pub fn parse(identifier: &str, password: &str) -> Result<Self, Invalid> {
        Self::from_secret(identifier, Secret::from(password), &mut FieldErrors::default())
    }

    /// A login with what was typed; what is wrong joins what `errors` holds already.
    pub fn from_secret(identifier: &str, password: Secret, errors: &mut FieldErrors) -> Result<Self, Invalid> {
        let mut errors = std::mem::take(errors);
        let identifier = errors.check("/identifier", Identifier::parse(identifier));
        let password = errors.check("/password", Password::parse(password));
        match (identifier, password) {
            (Some(identifier), Some(password)) => {
                errors.finish()?;
                Ok(Self { identifier, password, device: None })
            }
            _ => Err(errors.into_invalid()),
        }
    }

    /// What was typed, in the form in which it is compared, for whoever counts attempts.
    pub fn account(&self) -> &str {
        self.identifier.canonical()
    }

    /// The same login from a known device.
    #[must_use]
    pub fn on(self, device: Option<Device>) -> Self {
        Self { device, ..self }
    }
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The one answer to everything that is wrong with identifier or password.
    #[error("no active account has this identifier and password")]
    InvalidCredentials,
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

impl Classified for LogInError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::InvalidCredentials => Class::Code(&codes::INVALID_CREDENTIALS),
            Self::Hasher(error) => Class::Inner(error),
            Self::Sign(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Signs a person in.
    ///
    /// Every attempt costs one lookup, one hash and one short transaction, whoever it is for and whatever is wrong
    /// with it, so that neither the answer nor its time tells who has an account.
    pub async fn log_in(&self, context: &Context, command: LogIn) -> Result<SignedIn, LogInError> {
        let ports = &self.0.ports;
        let decoy = self.decoy(context, &command.identifier).await;
        let credential = ports.store.credential(context.tenant, &command.identifier).await?;
        let hash = credential.as_ref().map(|credential| credential.password.clone());
        let hash = hash.filter(|hash| !hash.is_unusable());
        let matches = ports.hasher.verify(&command.password, hash.as_ref().or(decoy.as_ref())).await?;

        let mut attempts = Attempts::default();
        let judged = judge(credential, matches && hash.is_some());
        let rehash = match (&judged, hash) {
            (Ok(account), Some(hash)) => self.rehash(account.id, &command.password, hash).await,
            _ => None,
        };
        loop {
            let outcome = match &judged {
                Ok(account) => {
                    let proven = (account.clone(), rehash.clone());
                    self.begin_session(context, proven, command.device.clone()).await
                }
                Err((user, reason)) => self.refuse_login(context, &command.identifier, *user, *reason).await,
            };
            match outcome {
                Err(LogInError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn begin_session(
        &self,
        context: &Context,
        (account, rehash): (Account, Option<Change<Rehash, RehashEvent>>),
        device: Option<Device>,
    ) -> Result<SignedIn, LogInError> {
        let inner = &*self.0;
        let new = NewSession {
            id: Id::new(&*inner.ports.ids),
            tenant: context.tenant,
            user: account.id,
            salt: inner.ports.entropy.bytes(),
            amr: vec!["pwd".to_owned()],
            device,
            ip: context.client_ip,
            user_agent: context.user_agent.as_deref().map(str::to_owned),
        };
        let change = Session::begin(new, &inner.settings.sessions, context.now);
        let session = change.state().clone();
        let login = LoginAttempt::succeeded(account.id, session.amr().to_vec(), context.now);
        // Signed before anything is saved: a login that cannot be answered must not leave a session behind.
        let signed_in = self.issue(context, account.clone(), &session)?;

        let mut tx = inner.ports.store.begin(&acting_as(context, &account, &session)).await?;
        tx.insert_session(change).await?;
        tx.record_login(login).await?;
        if let Some(rehash) = rehash {
            // Somebody else may have changed the password or hashed it again meanwhile: then that stands.
            let _is_replaced = tx.rehash_password(rehash).await?;
        }
        tx.commit().await?;
        self.remember(context, account, session);
        Ok(signed_in)
    }

    async fn refuse_login(
        &self,
        context: &Context,
        identifier: &Identifier,
        user: Option<UserId>,
        reason: LoginFailure,
    ) -> Result<SignedIn, LogInError> {
        let pseudonym = identifier.pseudonym(&self.0.pseudonym_key, context.tenant);
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.record_login(LoginAttempt::failed(user, pseudonym, reason, context.now)).await?;
        tx.commit().await?;
        Err(LogInError::InvalidCredentials)
    }
}

/// The account that may sign in, or whose it is and why it may not.
fn judge(credential: Option<Credential>, is_right: bool) -> Result<Account, (Option<UserId>, LoginFailure)> {
    let credential = credential.ok_or((None, LoginFailure::UnknownIdentifier))?;
    let refuse = |reason| (Some(credential.user), reason);
    if !is_right {
        return Err(refuse(LoginFailure::WrongPassword));
    }
    if credential.status != UserStatus::Active {
        return Err(refuse(LoginFailure::Disabled));
    }
    credential.account.ok_or((Some(credential.user), LoginFailure::NoMembership))
}
