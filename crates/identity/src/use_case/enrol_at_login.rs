//! Set up a second factor in the middle of a sign-in, because the installation asks for one.

use ashlar_kernel::{Context, Secret, StoreError};

use super::{
    Attempts, Identity, SignedIn,
    second_factor::{Enrolment, SecondFactorError, ending},
    second_step::SecondStepError,
};
use crate::{Account, BackupCode, Challenge, PasswordHash, SecondFactor, Session, TotpCode};

/// What became of a sign-in in which a second factor was set up.
pub struct EnrolledLogIn {
    /// Who is signed in.
    pub signed_in: SignedIn,
    /// The codes on paper, shown once.
    pub backup_codes: Vec<Secret>,
}

impl Identity {
    /// Makes a secret for an authenticator, for a person who has to have one to sign in: with the token of the first
    /// step. A second call makes another one.
    pub async fn enrol_at_log_in(&self, context: &Context, token: &Secret) -> Result<Enrolment, SecondStepError> {
        let (context, challenge) = self.known_challenge(context, token).await?;
        let account = self.newcomer_to_codes(&challenge).await?;
        self.enrol(&context, &account).await.map_err(SecondStepError::from_enrolment)
    }

    /// Confirms the authenticator by its first code, and signs its owner in. Their other sessions end: they began without
    /// a second factor. A wrong code spends a try of the sign-in.
    pub async fn confirm_at_log_in(
        &self,
        context: &Context,
        token: &Secret,
        code: TotpCode,
    ) -> Result<EnrolledLogIn, SecondStepError> {
        let store = &self.0.ports.store;
        let (context, known) = self.known_challenge(context, token).await?;
        let account = self.newcomer_to_codes(&known).await?;
        let factor = store.second_factor(account.id).await?;
        if factor.as_ref().is_some_and(SecondFactor::is_confirmed) {
            // By another try, after the account was read.
            return Err(SecondStepError::Challenge);
        }
        let factor = factor.filter(|factor| factor.is_pending(context.now));
        let factor = factor.ok_or(SecondStepError::Factor(SecondFactorError::NotPending))?;
        let challenge = store.spend_try(known.id(), context.now).await?.ok_or(SecondStepError::Challenge)?;
        let step = self.step_of(&factor, code, &context).map_err(SecondStepError::from_enrolment)?;
        let Some(step) = step else {
            return Err(self.missed(&context, factor, &challenge).await);
        };
        let codes = SecondFactor::new_codes(&*self.0.ports.entropy);
        let hashes = match self.hash_codes(&codes).await {
            Ok(hashes) => hashes,
            Err(error) => {
                // The code was right, and nobody is to lose a try because the server is busy.
                store.return_try(challenge.id()).await?;
                return Err(SecondStepError::Factor(SecondFactorError::Hasher(error)));
            }
        };
        let mut attempts = Attempts::default();
        let signed_in = loop {
            let (who, what) = ((account.clone(), &challenge), (factor.clone(), step, hashes.clone()));
            match self.sign_in_with_new_factor(&context, who, what).await {
                // Another sign-in has registered the device, or taken its place.
                Err(SecondStepError::Store(error)) if attempts.again(&error) => {}
                Err(SecondStepError::Device(refusal)) => {
                    self.note_device_refused(&context, (account.id, refusal)).await?;
                    return Err(refusal.into());
                }
                outcome => break outcome?,
            }
        };
        Ok(EnrolledLogIn { signed_in, backup_codes: codes.iter().map(BackupCode::shown).collect() })
    }

    /// The holder of a sign-in, who has to set up a second factor. Whoever has one, or needs none, is not asked to.
    async fn newcomer_to_codes(&self, challenge: &Challenge) -> Result<Account, SecondStepError> {
        let account = self.member(challenge.tenant(), challenge).await?;
        let is_asked = self.0.settings.second_factor.is_unmet_by(&account);
        if is_asked { Ok(account) } else { Err(SecondStepError::Challenge) }
    }

    async fn missed(&self, context: &Context, factor: SecondFactor, challenge: &Challenge) -> SecondStepError {
        match self.save_factor(context, factor.miss()).await {
            // Lost to another try, which has counted: fine.
            Ok(()) | Err(StoreError::Stale) => SecondStepError::Code { attempts_left: challenge.tries_left() },
            Err(error) => error.into(),
        }
    }

    async fn sign_in_with_new_factor(
        &self,
        context: &Context,
        (account, challenge): (Account, &Challenge),
        (factor, step, hashes): (SecondFactor, i64, Vec<PasswordHash>),
    ) -> Result<SignedIn, SecondStepError> {
        // As it will be: nothing is withheld from the session that begins.
        let account = Account { has_second_factor: true, ..account };
        let known = (account, challenge.credential_version());
        let amr = ["pwd", "otp", "mfa"].map(str::to_owned).to_vec();
        let device = self.sign_in_device(context, challenge.device().cloned(), None);
        let (session, change, login) = self.new_session(context, &known, device.said().cloned(), amr);
        let signed_in = self.issue(context, known.0.clone(), &session)?;

        let mut tx = self.0.ports.store.begin(&self.acting_as(context, &known.0, &session)).await?;
        let one_winner = |error| match error {
            StoreError::Stale => SecondStepError::Challenge,
            error => SecondStepError::Store(error),
        };
        tx.put_second_factor(factor.confirm(step, hashes, context.now)).await.map_err(one_winner)?;
        tx.consume_challenge(challenge.id()).await.map_err(one_winner)?;
        let ended = tx.end_sessions(ending(known.0.id, None, context)).await?;
        let seat = self.seat(&mut *tx, context, (known.0.id, &device)).await?;
        tx.insert_session(Session::begun_on(change, seat.device)).await?;
        tx.record_login(login).await.map_err(one_winner)?;
        tx.commit().await?;
        self.end_here(context, &[ended, seat.ended].concat());
        self.remember(context, known.0, session);
        Ok(self.handing_out(context, seat.given, signed_in))
    }
}

impl SecondStepError {
    fn from_enrolment(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Store(error) => Self::Store(error),
            // Confirmed meanwhile, by another sign-in: this one has to begin anew.
            SecondFactorError::AlreadyEnabled => Self::Challenge,
            error => Self::Factor(error),
        }
    }
}
