//! Sign in with a second factor, after the password.

use ashlar_kernel::{Class, Classified, Context, Secret, StoreError, TenantId, Timestamp, store_codes};

use super::{
    Attempts, Identity, LogInError, SignedIn, codes,
    devices::SeatError,
    hashes::Findings,
    second_factor::{SecondFactorCode, SecondFactorError},
};
use crate::{
    Account, ActionSubject, Challenge, ChallengeId, Device, NewChallenge, PresentedActionToken, SecondFactorEvent,
    Session, UserStatus, device::DeviceRefusal, port::SignError,
};

/// What became of a right password.
pub enum LoggedIn {
    /// The person is signed in.
    SignedIn(Box<SignedIn>),
    /// A code of the second factor is asked for.
    SecondFactor(PendingLogin),
    /// The person has to have a second factor and has none: it is set up first.
    Enrolment(PendingLogin),
}

impl LoggedIn {
    /// The person who is signed in; none if something is asked for besides.
    pub fn signed_in(self) -> Option<SignedIn> {
        match self {
            Self::SignedIn(signed_in) => Some(*signed_in),
            Self::SecondFactor(_) | Self::Enrolment(_) => None,
        }
    }
}

/// A sign-in that waits for a code, or for a second factor to be set up.
pub struct PendingLogin {
    /// Comes with the code.
    pub token: Secret,
    /// Until when.
    pub expires_at: Timestamp,
}

/// The second step of a sign-in.
pub struct SecondStep {
    /// The token of the first step.
    pub token: Secret,
    /// The code.
    pub code: SecondFactorCode,
}

/// Why the second step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SecondStepError {
    /// The token is unknown, used, too old, or out of tries. Which is not said.
    #[error("the sign-in has to begin anew")]
    Challenge,
    /// The code is wrong, or was used.
    #[error("the code is not right")]
    Code {
        /// How many codes this sign-in may still try.
        attempts_left: u32,
    },
    /// The code is right, and nobody signs in on this device.
    #[error(transparent)]
    Device(#[from] DeviceRefusal),
    /// What the second factor has to say besides.
    #[error(transparent)]
    Factor(SecondFactorError),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SeatError> for SecondStepError {
    fn from(error: SeatError) -> Self {
        match error {
            SeatError::Refused(refusal) => Self::Device(refusal),
            SeatError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for SecondStepError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Challenge => Class::Code(&codes::CHALLENGE_INVALID),
            Self::Code { .. } => Class::Code(&codes::MFA_CODE_INVALID),
            Self::Device(error) => Class::Inner(error),
            Self::Factor(error) => Class::Inner(error),
            Self::Sign(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        match self {
            Self::Code { attempts_left } => {
                serde_json::Map::from_iter([("attempts_left".to_owned(), (*attempts_left).into())])
            }
            _ => serde_json::Map::new(),
        }
    }
}

impl Identity {
    /// Begins the second step for an account whose password was right.
    pub(super) async fn ask_for_code(
        &self,
        context: &Context,
        (account, credential_version): &(Account, u32),
        found: Findings,
        device: Option<Device>,
    ) -> Result<PendingLogin, LogInError> {
        let new = NewChallenge {
            id: ashlar_kernel::Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            user: account.id,
            credential_version: *credential_version,
            device,
            salt: self.0.ports.entropy.bytes(),
        };
        let change = Challenge::begin(new, context.now);
        let challenge = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.insert_challenge(change).await?;
        found.save(&mut *tx).await?;
        tx.commit().await?;
        let token = self.0.action_keys.token(ActionSubject::Challenge, challenge.id().as_uuid(), challenge.salt());
        Ok(PendingLogin { token, expires_at: challenge.expires_at() })
    }

    /// Takes the second step. A try is spent before the code is looked at, so that a thousand at once are no more than
    /// five.
    pub async fn log_in_second_step(&self, context: &Context, step: SecondStep) -> Result<SignedIn, SecondStepError> {
        let store = &self.0.ports.store;
        let (context, known) = self.known_challenge(context, &step.token).await?;
        let (context, id, user) = (&context, known.id(), known.user());
        let challenge = store.spend_try(id, context.now).await?.ok_or(SecondStepError::Challenge)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_second_step(context, &challenge, &step.code).await {
                Err(SecondStepError::Store(error)) if attempts.again(&error) => {}
                Err(SecondStepError::Factor(error)) => {
                    // Nothing was looked at.
                    store.return_try(id).await?;
                    return Err(SecondStepError::Factor(error));
                }
                Err(refused @ SecondStepError::Code { attempts_left }) => {
                    let event = SecondFactorEvent::Failed { user, attempts_left };
                    self.note_factor(context, event).await?;
                    return Err(refused);
                }
                Err(SecondStepError::Device(refusal)) => {
                    self.note_device_refused(context, (user, refusal)).await?;
                    return Err(refusal.into());
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_second_step(
        &self,
        context: &Context,
        challenge: &Challenge,
        code: &SecondFactorCode,
    ) -> Result<SignedIn, SecondStepError> {
        let account = self.member(challenge.tenant(), challenge).await?;
        let refused = || SecondStepError::Code { attempts_left: challenge.tries_left() };
        let used = match self.check_code(context, challenge.user(), code).await {
            Ok(Some(used)) => used,
            Ok(None) => return Err(refused()),
            Err(SecondFactorError::NotEnabled) => return Err(SecondStepError::Challenge),
            Err(SecondFactorError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(SecondStepError::Factor(error)),
        };
        let has_few_codes = used.state().has_few_codes();
        let known = (account, challenge.credential_version());
        let amr = ["pwd", "otp", "mfa"].map(str::to_owned).to_vec();
        let device = self.sign_in_device(context, challenge.device().cloned(), None);
        let (session, change, login) = self.new_session(context, &known, device.said().cloned(), amr);
        let signed_in = self.issue(context, known.0.clone(), &session)?;

        let mut tx = self.0.ports.store.begin(&self.acting_as(context, &known.0, &session)).await?;
        // Stale: somebody has used a code at the same time. It is looked at again, and then it may have been this one.
        tx.put_second_factor(used).await?;
        match tx.consume_challenge(challenge.id()).await {
            Err(StoreError::Stale) => return Err(SecondStepError::Challenge),
            consumed => consumed?,
        }
        let seat = self.seat(&mut *tx, context, (challenge.user(), &device)).await?;
        tx.insert_session(Session::begun_on(change, seat.device)).await?;
        match tx.record_login(login).await {
            Err(StoreError::Stale) => return Err(SecondStepError::Challenge),
            recorded => recorded?,
        }
        tx.commit().await?;
        self.end_here(context, &seat.ended);
        self.remember(context, known.0, session);
        let signed_in = self.handing_out(context, seat.given, signed_in);
        Ok(SignedIn { has_few_codes, ..signed_in })
    }

    /// The sign-in that `token` goes on with, in the context of its tenant; its holder's state of password and address is
    /// still the one of the first step.
    pub(super) async fn known_challenge(
        &self,
        context: &Context,
        token: &Secret,
    ) -> Result<(Context, Challenge), SecondStepError> {
        let store = &self.0.ports.store;
        let presented = PresentedActionToken::parse(token).map_err(|_malformed| SecondStepError::Challenge)?;
        let is_ours = |challenge: &Challenge| {
            presented.subject() == ActionSubject::Challenge
                && self.0.action_keys.verify(&presented, challenge.salt())
                && challenge.expires_at() > context.now
        };
        let found = store.challenge(ChallengeId::from_uuid(presented.id())).await?;
        let known = found.filter(is_ours).ok_or(SecondStepError::Challenge)?;
        let user = store.user(known.user()).await?.ok_or(SecondStepError::Challenge)?;
        if user.status() != UserStatus::Active || user.credential_version() != known.credential_version() {
            return Err(SecondStepError::Challenge);
        }
        Ok((Context { tenant: known.tenant(), ..context.clone() }, known))
    }

    pub(super) async fn member(&self, tenant: TenantId, challenge: &Challenge) -> Result<Account, SecondStepError> {
        let account = self.0.ports.store.account(tenant, challenge.user()).await?;
        // Suspended since the first step: the next one says so.
        account.filter(|account| !account.is_locked_out()).ok_or(SecondStepError::Challenge)
    }
}
