//! Sign in with a password.

use ashlar_kernel::{Change, Class, Classified, Context, FieldErrors, Id, Invalid, Secret, StoreError, store_codes};

use super::{
    Attempts, Identity, LoggedIn, SignedIn, codes,
    devices::SeatError,
    guess::{GuessError, Verdict},
    hashes::Findings,
};
use crate::{
    Account, CounterKey, Credential, Device, Identifier, Lock, LoginAttempt, LoginEvent, LoginFailure, NewSession,
    Password, Session, SessionEvent, TrustedDevice, UserId, UserStatus,
    device::{DeviceRefusal, SignInDevice},
    port::SignError,
};

/// Signs a person in.
pub struct LogIn {
    identifier: Identifier,
    password: Password,
    device: Option<Device>,
    device_token: Option<Secret>,
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
                Ok(Self { identifier, password, device: None, device_token: None })
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

    /// The same login from a device that shows the token of an earlier one.
    #[must_use]
    pub fn trusting(self, device_token: Option<Secret>) -> Self {
        Self { device_token, ..self }
    }
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The one answer to everything that is wrong with identifier or password.
    #[error("no active account has this identifier and password")]
    InvalidCredentials,
    /// The password is right, but the address has yet to be verified.
    #[error("the e-mail address has not been verified")]
    EmailUnverified,
    /// Identifier and password are right, and the tenant is suspended.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// Identifier and password are right, and nobody signs in on this device.
    #[error(transparent)]
    Device(#[from] DeviceRefusal),
    /// Nothing was tried.
    #[error(transparent)]
    Guess(#[from] GuessError),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SeatError> for LogInError {
    fn from(error: SeatError) -> Self {
        match error {
            SeatError::Refused(refusal) => Self::Device(refusal),
            SeatError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for LogInError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::InvalidCredentials => Class::Code(&codes::INVALID_CREDENTIALS),
            Self::EmailUnverified => Class::Code(&codes::EMAIL_UNVERIFIED),
            Self::TenantSuspended => Class::Code(&codes::TENANT_SUSPENDED),
            Self::Device(error) => Class::Inner(error),
            Self::Guess(error) => Class::Inner(error),
            Self::Sign(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Signs a person in.
    ///
    /// Every attempt costs the same look-ups, one hash and one short transaction, whoever it is for and whatever is
    /// wrong with it, so that neither the answer nor its time tells who has an account. After five failures in a row
    /// nothing is tried for a while, whether or not anybody has the identifier.
    pub async fn log_in(&self, context: &Context, command: LogIn) -> Result<LoggedIn, LogInError> {
        // Looked for before anything is counted, whoever it is: a device is one of a person.
        let credential = self.0.ports.store.credential(context.tenant, &command.identifier).await?;
        let known = credential.as_ref().map(|credential| credential.user);
        let device = known.and_then(|user| self.trusted_device(context, &command, user));
        let guess = self.guess(context, self.counter_of(&command.identifier, known.zip(device))).await?;
        let decoy = self.decoy(context, &command.identifier).await;
        let hash = credential.as_ref().map(|credential| credential.password.clone());
        let hash = hash.filter(|hash| !hash.is_unusable());
        let matches = self.look_at(context, &guess, &command.password, hash.as_ref().or(decoy.as_ref())).await?;
        let is_right = matches && hash.is_some();

        let mut judged = judge(credential, is_right, self.0.settings.needs_verified_email);
        let is_known = matches!(judged, Ok(_) | Err((_, LoginFailure::EmailUnverified)));
        let verdict = if is_known { Verdict::Right } else { Verdict::Wrong };
        let lock = self.tell(context, &guess, verdict).await?;
        let mut attempts = Attempts::default();
        let signing_in_on = self.sign_in_device(context, command.device, device);
        let mut found = Findings::default();
        if let Ok(known) = &mut judged {
            found = self.findings(known, &command.password, hash).await;
            known.0.is_password_weak |= found.is_weak();
        }
        loop {
            let outcome = match &judged {
                Ok(known) if known.0.has_second_factor || self.0.settings.second_factor.concerns(&known.0) => {
                    match self.ask_for_code(context, known, found.clone(), Some(signing_in_on.kept())).await {
                        Err(LogInError::Store(error)) if attempts.again(&error) => continue,
                        Ok(pending) if known.0.has_second_factor => return Ok(LoggedIn::SecondFactor(pending)),
                        asked => return asked.map(LoggedIn::Enrolment),
                    }
                }
                Ok(known) => self.begin_session(context, known, found.clone(), &signing_in_on).await,
                Err(refused) => Err(self.refuse_login(context, &command.identifier, *refused, lock).await),
            };
            match outcome {
                Err(LogInError::Store(error)) if attempts.again(&error) => {}
                Ok((signed_in, given)) => {
                    let signed_in = self.handing_out(context, given.or(device), signed_in);
                    return Ok(LoggedIn::SignedIn(Box::new(signed_in)));
                }
                Err(refused) => return Err(self.on_refusal(context, known, refused).await),
            }
        }
    }

    /// The same refusal; that of a device was noted, for the person to see.
    async fn on_refusal(&self, context: &Context, known: Option<UserId>, refused: LogInError) -> LogInError {
        match (refused, known) {
            (LogInError::Device(refusal), Some(user)) => {
                let noted = self.note_device_refused(context, (user, refusal)).await;
                noted.map_or_else(LogInError::from, |()| refusal.into())
            }
            (refused, _) => refused,
        }
    }

    fn trusted_device(&self, context: &Context, command: &LogIn, user: UserId) -> Option<TrustedDevice> {
        let token = command.device_token.as_ref()?;
        TrustedDevice::read(&self.0.device_key, token, user, context.now)
    }

    /// The counter of attempts with `identifier`, or on a device of the person who has it.
    fn counter_of(&self, identifier: &Identifier, device: Option<(UserId, TrustedDevice)>) -> CounterKey {
        let key = &self.0.pseudonym_key;
        match device {
            Some((user, device)) => CounterKey::of_device(key, user, &device),
            None => CounterKey::of_strangers(key, identifier),
        }
    }

    /// The same with a token by which the device is known next time.
    pub(super) fn handing_out(
        &self,
        context: &Context,
        device: Option<TrustedDevice>,
        signed_in: SignedIn,
    ) -> SignedIn {
        let device = device.unwrap_or_else(|| TrustedDevice::new(&*self.0.ports.entropy));
        let token = device.token(&self.0.device_key, signed_in.account.id, context.now);
        SignedIn { device_token: Some(token), ..signed_in }
    }

    async fn begin_session(
        &self,
        context: &Context,
        (account, credential_version): &(Account, u32),
        found: Findings,
        device: &SignInDevice,
    ) -> Result<(SignedIn, Option<TrustedDevice>), LogInError> {
        let inner = &*self.0;
        let (said, known) = (device.said().cloned(), (account.clone(), *credential_version));
        let (session, change, login) = self.new_session(context, &known, said, vec!["pwd".to_owned()]);
        // Signed before anything is saved: a login that cannot be answered must not leave a session behind.
        let signed_in = self.issue(context, account.clone(), &session)?;

        let mut tx = inner.ports.store.begin(&self.acting_as(context, account, &session)).await?;
        let seat = self.seat(&mut *tx, context, (account.id, device)).await?;
        tx.insert_session(Session::begun_on(change, seat.device)).await?;
        match tx.record_login(login).await {
            // The password was changed while it was looked at: it was not right.
            Err(StoreError::Stale) => return Err(LogInError::InvalidCredentials),
            recorded => recorded?,
        }
        found.save(&mut *tx).await?;
        tx.commit().await?;
        self.end_here(context, &seat.ended);
        self.remember(context, account.clone(), session);
        Ok((signed_in, seat.given))
    }

    /// A session that begins, with the sign-in that explains it.
    pub(super) fn new_session(
        &self,
        context: &Context,
        (account, credential_version): &(Account, u32),
        device: Option<Device>,
        amr: Vec<String>,
    ) -> (Session, Change<Session, SessionEvent>, Change<LoginAttempt, LoginEvent>) {
        let inner = &*self.0;
        let new = NewSession {
            id: Id::new(&*inner.ports.ids),
            tenant: context.tenant,
            user: account.id,
            salt: inner.ports.entropy.bytes(),
            amr,
            device,
            ip: context.client_ip,
            user_agent: context.user_agent.as_deref().map(str::to_owned),
        };
        let change = Session::begin(new, &inner.settings.sessions, context.now);
        let session = change.state().clone();
        let login = LoginAttempt::succeeded(account.id, *credential_version, session.amr().to_vec(), context.now);
        (session, change, login)
    }

    async fn refuse_login(
        &self,
        context: &Context,
        identifier: &Identifier,
        (user, reason): (Option<UserId>, LoginFailure),
        lock: Option<Lock>,
    ) -> LogInError {
        match self.note_refusal(context, identifier, (user, reason), lock).await {
            Err(error) => error.into(),
            Ok(()) => match reason {
                LoginFailure::EmailUnverified => LogInError::EmailUnverified,
                LoginFailure::TenantSuspended => LogInError::TenantSuspended,
                _ => LogInError::InvalidCredentials,
            },
        }
    }

    async fn note_refusal(
        &self,
        context: &Context,
        identifier: &Identifier,
        (user, reason): (Option<UserId>, LoginFailure),
        lock: Option<Lock>,
    ) -> Result<(), StoreError> {
        let pseudonym = identifier.pseudonym(&self.0.pseudonym_key, context.tenant);
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.record_login(LoginAttempt::failed(user, pseudonym.clone(), reason, context.now)).await?;
        if let Some(lock) = lock {
            tx.note_lockout(lock.change(user, pseudonym)).await?;
        }
        tx.commit().await
    }
}

/// The account that may sign in with its state of password and address, or whose it is and why it may not.
fn judge(
    credential: Option<Credential>,
    is_right: bool,
    needs_verified_email: bool,
) -> Result<(Account, u32), (Option<UserId>, LoginFailure)> {
    let credential = credential.ok_or((None, LoginFailure::UnknownIdentifier))?;
    // Nothing is noted under the id of somebody who has left.
    let known = (credential.status != UserStatus::Deleted).then_some(credential.user);
    let refuse = |reason| (known, reason);
    if !is_right {
        return Err(refuse(LoginFailure::WrongPassword));
    }
    if credential.status != UserStatus::Active {
        return Err(refuse(LoginFailure::Disabled));
    }
    let account = credential.account.ok_or((known, LoginFailure::NoMembership))?;
    if account.is_locked_out() {
        return Err((Some(credential.user), LoginFailure::TenantSuspended));
    }
    if needs_verified_email && !account.is_email_verified {
        return Err((Some(credential.user), LoginFailure::EmailUnverified));
    }
    Ok((account, credential.version))
}
