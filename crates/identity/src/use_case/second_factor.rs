//! Set up a second factor, and give it up.

use ashlar_kernel::{AccessError, Change, Class, Classified, Context, NotFound, Secret, StoreError, access_codes};

use super::{
    Attempts, Identity, codes,
    guess::{GuessError, Verdict},
};
use crate::{
    Account, BackupCode, CounterKey, Ladder, PasswordHash, RevocationReason, SecondFactor, SecondFactorEvent,
    SecondFactorPolicy, SecondFactorStatus, SessionEvent, SessionId, SessionSweep, TotpCode, TotpSecret, UserId,
    UserStatus, permission,
    port::{HasherError, VaultError},
};

/// A code of the second factor, as it was typed.
#[derive(Clone)]
pub enum SecondFactorCode {
    /// Of the authenticator.
    Totp(TotpCode),
    /// On paper.
    Backup(BackupCode),
}

/// Nobody is more than a member of more tenants than this.
const OFFICES: u32 = 10_000;

/// What the owner of a new authenticator is shown, once.
pub struct Enrolment {
    /// The secret, as people type it.
    pub secret: Secret,
    /// The same, as apps read it.
    pub uri: Secret,
}

/// Why the second factor is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account is gone.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// There is one already.
    #[error("an authenticator is set up already")]
    AlreadyEnabled,
    /// No secret waits for its first code.
    #[error("no authenticator waits to be confirmed")]
    NotPending,
    /// There is none.
    #[error("no authenticator is set up")]
    NotEnabled,
    /// The code is wrong, or was used.
    #[error("the code is not right")]
    Code,
    /// Too many wrong codes.
    #[error("too many wrong codes; try again in {seconds} s")]
    Locked {
        /// In how many seconds it is worth trying again.
        seconds: u32,
    },
    /// The installation asks for one of people like the caller.
    #[error("your role in this installation needs a second factor")]
    RequiredByPolicy,
    /// Hashing failed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<GuessError> for SecondFactorError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooMany { seconds } => Self::Locked { seconds },
            GuessError::Hasher(error) => Self::Hasher(error),
            GuessError::Store(error) => Self::Store(error),
        }
    }
}

impl From<VaultError> for SecondFactorError {
    fn from(error: VaultError) -> Self {
        Self::Store(StoreError::internal(error))
    }
}

impl Classified for SecondFactorError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::AlreadyEnabled => Class::Code(&codes::TOTP_ALREADY_ENABLED),
            Self::NotPending => Class::Code(&codes::TOTP_NOT_PENDING),
            Self::NotEnabled => Class::Code(&codes::TOTP_NOT_ENABLED),
            Self::Code => Class::Code(&codes::TOTP_CODE_INVALID),
            Self::Locked { .. } => Class::Code(&codes::MFA_LOCKED),
            Self::RequiredByPolicy => Class::Code(&access_codes::MFA_REQUIRED_BY_POLICY),
            Self::Hasher(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Locked { seconds } => Some(*seconds),
            Self::Hasher(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl Identity {
    /// One's own second factor.
    pub async fn second_factor(&self, context: &Context) -> Result<SecondFactorStatus, SecondFactorError> {
        let caller = context.require(permission::READ_OWN_PROFILE)?;
        let factor = self.0.ports.store.second_factor(UserId::from_uuid(caller.user)).await?;
        let none = SecondFactorStatus { confirmed_at: None, codes_left: 0, codes_at: None };
        Ok(factor.map_or(none, |factor| factor.status()))
    }

    /// Makes a secret for an authenticator. It is asked for once its first code was right, within ten minutes; a second
    /// call makes another one.
    pub async fn enrol_totp(&self, context: &Context) -> Result<Enrolment, SecondFactorError> {
        let user = owner(context)?;
        let account = self.0.ports.store.account(context.tenant, user).await?.ok_or(NotFound)?;
        self.enrol(context, &account).await
    }

    /// Makes a secret for an authenticator of `account`.
    pub(super) async fn enrol(&self, context: &Context, account: &Account) -> Result<Enrolment, SecondFactorError> {
        let user = account.id;
        let secret = TotpSecret::new(&*self.0.ports.entropy);
        let sealed = self.0.ports.vault.seal(user.as_uuid().as_bytes(), secret.as_bytes())?;
        let mut attempts = Attempts::default();
        loop {
            let before = self.0.ports.store.second_factor(user).await?;
            let change = SecondFactor::enrol(before, user, sealed.clone(), context.now);
            match self.save_new_factor(context, change.ok_or(SecondFactorError::AlreadyEnabled)?).await {
                Err(SecondFactorError::Store(error)) if attempts.again(&error) => {}
                saved => break saved?,
            }
        }
        let uri = secret.uri(&self.0.settings.issuer_name, account.email.address());
        Ok(Enrolment { secret: secret.base32(), uri })
    }

    /// Confirms the authenticator by its first code, and hands out codes on paper, once. Other sessions end if
    /// `ends_others`.
    pub async fn confirm_totp(
        &self,
        context: &Context,
        code: TotpCode,
        ends_others: bool,
    ) -> Result<Vec<Secret>, SecondFactorError> {
        let user = owner(context)?;
        let factor = self.0.ports.store.second_factor(user).await?;
        let factor = factor.filter(|factor| factor.is_pending(context.now)).ok_or(SecondFactorError::NotPending)?;
        let Some(step) = self.step_of(&factor, code, context)? else {
            // Lost to another try, which has counted: fine.
            match self.save_factor(context, factor.miss()).await {
                Ok(()) | Err(StoreError::Stale) => return Err(SecondFactorError::Code),
                Err(error) => return Err(error.into()),
            }
        };
        let codes = SecondFactor::new_codes(&*self.0.ports.entropy);
        let hashes = self.hash_codes(&codes).await?;
        let change = factor.confirm(step, hashes, context.now);
        let except = ends_others.then(|| caller_session(context)).flatten();
        let mut tx = self.0.ports.store.begin(context).await?;
        match tx.put_second_factor(change).await {
            Err(StoreError::Stale) => return Err(SecondFactorError::NotPending),
            saved => saved?,
        }
        let mut ended = Vec::new();
        if ends_others {
            ended = tx.end_sessions(ending(user, except, context)).await?;
        }
        tx.commit().await?;
        self.end_here(context, &ended);
        if let Some(session) = caller_session(context) {
            // What is withheld from people without a second factor is theirs now.
            self.0.ports.cache.forget(session);
        }
        Ok(codes.iter().map(BackupCode::shown).collect())
    }

    /// Gives the second factor up. Needs a code of it besides a recent sign-in; other sessions end.
    pub async fn disable_totp(&self, context: &Context, code: SecondFactorCode) -> Result<(), SecondFactorError> {
        let user = owner(context)?;
        let account = self.0.ports.store.account(context.tenant, user).await?.ok_or(NotFound)?;
        if self.0.settings.second_factor.concerns(&account) {
            return Err(SecondFactorError::RequiredByPolicy);
        }
        let factor = self.proved(context, user, &code).await?;
        let mut tx = self.0.ports.store.begin(context).await?;
        let policy = self.0.settings.second_factor;
        if policy != SecondFactorPolicy::Optional {
            // There is one second factor for all tenants: what any of them asks for counts.
            let offices = tx.offices(user, OFFICES).await?;
            if offices.iter().any(|office| policy.concerns_role(office.role())) {
                return Err(SecondFactorError::RequiredByPolicy);
            }
        }
        tx.delete_second_factor(factor.disable()).await?;
        let ended = tx.end_sessions(ending(user, caller_session(context), context)).await?;
        tx.commit().await?;
        self.end_here(context, &ended);
        Ok(())
    }

    /// Makes new codes on paper; those of before are worthless. Needs a code of the second factor.
    pub async fn renew_backup_codes(
        &self,
        context: &Context,
        code: SecondFactorCode,
    ) -> Result<Vec<Secret>, SecondFactorError> {
        let user = owner(context)?;
        let factor = self.proved(context, user, &code).await?;
        let codes = SecondFactor::new_codes(&*self.0.ports.entropy);
        let hashes = self.hash_codes(&codes).await?;
        self.save_factor(context, factor.renew_codes(hashes, context.now)).await?;
        Ok(codes.iter().map(BackupCode::shown).collect())
    }

    /// The second factor after this code of it was used, which is saved.
    pub(super) async fn proved(
        &self,
        context: &Context,
        user: UserId,
        code: &SecondFactorCode,
    ) -> Result<SecondFactor, SecondFactorError> {
        match self.check_code(context, user, code).await? {
            Some(change) => {
                let factor = change.state().clone();
                self.save_factor(context, change).await.map_err(|error| match error {
                    // Somebody has used it at the same time.
                    StoreError::Stale => SecondFactorError::Code,
                    error => SecondFactorError::Store(error),
                })?;
                Ok(factor)
            }
            None => Err(SecondFactorError::Code),
        }
    }

    /// Judges a code, which counts towards the lock of the second factor. Answers with the second factor as it is once the
    /// code is used; nothing is saved yet.
    pub(super) async fn check_code(
        &self,
        context: &Context,
        user: UserId,
        code: &SecondFactorCode,
    ) -> Result<Option<Change<SecondFactor, SecondFactorEvent>>, SecondFactorError> {
        let found = self.0.ports.store.second_factor(user).await?;
        let factor = found.filter(SecondFactor::is_confirmed).ok_or(SecondFactorError::NotEnabled)?;
        let key = CounterKey::of_second_factor(&self.0.pseudonym_key, user);
        let guess = self.guess_on(context, key, Ladder::SECOND_FACTOR).await?;
        let change = match self.use_code(context, factor, code).await {
            Ok(change) => change,
            Err(error) => {
                self.tell(context, &guess, Verdict::Void).await?;
                return Err(error);
            }
        };
        let verdict = if change.is_some() { Verdict::Right } else { Verdict::Wrong };
        if let Some(lock) = self.tell(context, &guess, verdict).await? {
            let seconds = (lock.until - lock.since).num_seconds();
            self.note_factor(context, SecondFactorEvent::Locked { user, seconds }).await?;
        }
        Ok(change)
    }

    async fn use_code(
        &self,
        context: &Context,
        factor: SecondFactor,
        code: &SecondFactorCode,
    ) -> Result<Option<Change<SecondFactor, SecondFactorEvent>>, SecondFactorError> {
        match code {
            SecondFactorCode::Totp(code) => {
                let Some(step) = self.step_of(&factor, *code, context)? else { return Ok(None) };
                let user = factor.user();
                let change = factor.use_step(step);
                if change.is_none() {
                    self.note_factor(context, SecondFactorEvent::ReplayRejected { user }).await?;
                }
                Ok(change)
            }
            SecondFactorCode::Backup(code) => {
                let Some(sample) = factor.sample_code() else { return Ok(None) };
                let hash = self.0.ports.hasher.hash_like(code.as_password(), &sample).await?;
                Ok(factor.use_code(&hash))
            }
        }
    }

    pub(super) fn step_of(
        &self,
        factor: &SecondFactor,
        code: TotpCode,
        context: &Context,
    ) -> Result<Option<i64>, SecondFactorError> {
        let opened = self.0.ports.vault.open(factor.user().as_uuid().as_bytes(), factor.secret())?;
        let secret = TotpSecret::restore(&opened).ok_or(StoreError::Corrupt { what: "second_factor.secret" })?;
        Ok(secret.matching_step(code, context.now))
    }

    /// All with one salt, so that a code that is typed costs one hash and not ten.
    pub(super) async fn hash_codes(&self, codes: &[BackupCode]) -> Result<Vec<PasswordHash>, HasherError> {
        let mut hashes: Vec<PasswordHash> = Vec::new();
        for code in codes {
            let hash = match hashes.first() {
                None => self.0.ports.hasher.hash(code.as_password()).await?,
                Some(first) => self.0.ports.hasher.hash_like(code.as_password(), first).await?,
            };
            hashes.push(hash);
        }
        Ok(hashes)
    }

    /// Saves a secret of an account that is there: who leaves at the same time leaves nothing behind.
    async fn save_new_factor(
        &self,
        context: &Context,
        change: Change<SecondFactor, SecondFactorEvent>,
    ) -> Result<(), SecondFactorError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let holder = tx.user(change.state().user()).await?;
        if holder.is_none_or(|holder| holder.status() != UserStatus::Active) {
            return Err(NotFound.into());
        }
        tx.put_second_factor(change).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn save_factor(
        &self,
        context: &Context,
        change: Change<SecondFactor, SecondFactorEvent>,
    ) -> Result<(), StoreError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.put_second_factor(change).await?;
        tx.commit().await
    }

    /// Notes what happened to a second factor that stays as it is.
    pub(super) async fn note_factor(&self, context: &Context, event: SecondFactorEvent) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let noted = async {
                let mut tx = self.0.ports.store.begin(context).await?;
                tx.note_second_factor(Change::new((), event.clone())).await?;
                tx.commit().await
            };
            match noted.await {
                Err(error) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }
}

/// The caller, who may change credentials and has proved lately who they are.
fn owner(context: &Context) -> Result<UserId, AccessError> {
    let caller = context.require(permission::CHANGE_OWN_CREDENTIALS)?;
    crate::insist_on_fresh(context)?;
    Ok(UserId::from_uuid(caller.user))
}

fn caller_session(context: &Context) -> Option<SessionId> {
    match &context.actor {
        ashlar_kernel::Actor::User(principal) => Some(SessionId::from_uuid(principal.session)),
        _ => None,
    }
}

pub(super) fn ending(user: UserId, except: Option<SessionId>, context: &Context) -> Change<SessionSweep, SessionEvent> {
    SessionSweep::sparing(except, user, RevocationReason::PasswordChange, context.now)
}
