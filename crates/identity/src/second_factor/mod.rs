//! A second factor: an authenticator app, and codes on paper for when it is lost.

mod backup_code;
mod event;
mod policy;
mod totp;

use ashlar_kernel::{Change, Entropy, StoreError, Timestamp};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

pub use backup_code::BackupCode;
pub use event::SecondFactorEvent;
pub(crate) use event::second_factor_event_specs;
pub use policy::SecondFactorPolicy;
pub use totp::{TotpCode, TotpSecret};

use crate::{PasswordHash, UserId};

/// How long a secret waits to be confirmed.
pub const ENROLMENT: TimeDelta = TimeDelta::minutes(10);
/// So many wrong codes, and a secret that waits is dropped.
const ENROLMENT_TRIES: u32 = 5;
/// With so few left, it is time for new ones.
const FEW: usize = 3;

/// The second factor of one account.
#[derive(Clone)]
pub struct SecondFactor {
    user: UserId,
    /// The authenticator's secret, sealed.
    secret: Vec<u8>,
    state: State,
    codes: Vec<StoredCode>,
    codes_at: Option<Timestamp>,
    created_at: Timestamp,
    version: u32,
}

#[derive(Clone, Copy)]
enum State {
    /// The secret was shown and waits for a first code.
    Pending { until: Timestamp, tries_left: u32 },
    /// It is asked for at each sign-in. A code counts once: `last_step` is that of the last one.
    Confirmed { since: Timestamp, last_step: i64 },
}

/// A code on paper as it is stored. All of one set have one salt.
#[derive(Clone, Serialize, Deserialize)]
struct StoredCode {
    hash: String,
    is_used: bool,
}

/// A stored second factor as plain data; [`SecondFactor::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `SecondFactor`, in their stored form")]
pub struct SecondFactorRow {
    pub user_id: uuid::Uuid,
    pub secret: Vec<u8>,
    pub pending_until: Option<Timestamp>,
    pub tries_left: Option<i32>,
    pub confirmed_at: Option<Timestamp>,
    pub last_step: Option<i64>,
    pub codes: serde_json::Value,
    pub codes_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub version: i32,
}

/// What the owner sees of their second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactorStatus {
    /// Since when an authenticator is asked for at each sign-in.
    pub confirmed_at: Option<Timestamp>,
    /// How many codes on paper are left.
    pub codes_left: usize,
    /// When the codes were made.
    pub codes_at: Option<Timestamp>,
}

impl SecondFactor {
    /// A secret was made for an authenticator, in the place of one that waits.
    pub fn enrol(
        before: Option<Self>,
        user: UserId,
        secret: Vec<u8>,
        now: Timestamp,
    ) -> Option<Change<Self, SecondFactorEvent>> {
        if before.as_ref().is_some_and(Self::is_confirmed) {
            return None;
        }
        let factor = Self {
            user,
            secret,
            state: State::Pending { until: now + ENROLMENT, tries_left: ENROLMENT_TRIES },
            codes: Vec::new(),
            codes_at: None,
            created_at: before.as_ref().map_or(now, |before| before.created_at),
            version: before.map_or(0, |before| before.version) + 1,
        };
        Some(Change::new(factor, SecondFactorEvent::TotpEnrolled { user }))
    }

    /// Whether a secret waits for its first code.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Pending { until, tries_left } if until > now && tries_left > 0)
    }

    /// The first code was right: from now on it is asked for. `codes` are the hashes of the codes on paper.
    pub fn confirm(self, step: i64, codes: Vec<PasswordHash>, now: Timestamp) -> Change<Self, SecondFactorEvent> {
        let event = SecondFactorEvent::TotpConfirmed { user: self.user };
        let state = State::Confirmed { since: now, last_step: step };
        Change::new(Self { state, ..self.with_codes(codes, now) }, event)
    }

    /// The first code was wrong.
    pub fn miss(self) -> Change<Self, SecondFactorEvent> {
        let event = SecondFactorEvent::EnrolmentFailed { user: self.user };
        let state = match self.state {
            State::Pending { until, tries_left } => State::Pending { until, tries_left: tries_left.saturating_sub(1) },
            confirmed @ State::Confirmed { .. } => confirmed,
        };
        Change::new(Self { state, version: self.version + 1, ..self }, event)
    }

    /// Uses the code of `step`; none if it, or a later one, has been used.
    pub fn use_step(self, step: i64) -> Option<Change<Self, SecondFactorEvent>> {
        match self.state {
            State::Confirmed { since, last_step } if last_step < step => {
                let event = SecondFactorEvent::Succeeded { user: self.user, method: "totp" };
                let state = State::Confirmed { since, last_step: step };
                Some(Change::new(Self { state, version: self.version + 1, ..self }, event))
            }
            _ => None,
        }
    }

    /// A hash of the set, whose salt all have; none if there is no set.
    pub fn sample_code(&self) -> Option<PasswordHash> {
        self.codes.first().map(|code| PasswordHash::restore(code.hash.clone()))
    }

    /// Uses a code on paper, hashed with the salt of the set; none if it is not of the set or was used. All are compared
    /// whatever it is.
    pub fn use_code(mut self, hash: &PasswordHash) -> Option<Change<Self, SecondFactorEvent>> {
        let mut found = None;
        for (index, code) in self.codes.iter().enumerate() {
            if bool::from(code.hash.as_bytes().ct_eq(hash.as_str().as_bytes())) {
                found = Some(index);
            }
        }
        let code = self.codes.get_mut(found?).filter(|code| !code.is_used)?;
        code.is_used = true;
        let event = SecondFactorEvent::BackupCodeUsed { user: self.user, remaining: self.codes_left() };
        Some(Change::new(Self { version: self.version + 1, ..self }, event))
    }

    /// New codes on paper; those of before are worthless.
    pub fn renew_codes(self, codes: Vec<PasswordHash>, now: Timestamp) -> Change<Self, SecondFactorEvent> {
        let event = SecondFactorEvent::BackupCodesRegenerated { user: self.user };
        Change::new(self.with_codes(codes, now), event)
    }

    /// The owner gives it up.
    pub fn disable(self) -> Change<Self, SecondFactorEvent> {
        let event = SecondFactorEvent::TotpDisabled { user: self.user };
        Change::new(self, event)
    }

    /// An administrator takes it away.
    pub fn reset(self) -> Change<Self, SecondFactorEvent> {
        let event = SecondFactorEvent::ResetByAdmin { user: self.user };
        Change::new(self, event)
    }

    fn with_codes(self, codes: Vec<PasswordHash>, now: Timestamp) -> Self {
        let stored = |hash: PasswordHash| StoredCode { hash: hash.as_str().to_owned(), is_used: false };
        let codes = codes.into_iter().map(stored).collect();
        Self { codes, codes_at: Some(now), version: self.version + 1, ..self }
    }

    /// Ten new codes on paper.
    pub fn new_codes(entropy: &dyn Entropy) -> Vec<BackupCode> {
        std::iter::repeat_with(|| BackupCode::new(entropy)).flatten().take(backup_code::CODES).collect()
    }

    /// Whose.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// The authenticator's secret, sealed.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }
    /// Whether it is asked for at each sign-in.
    pub const fn is_confirmed(&self) -> bool {
        matches!(self.state, State::Confirmed { .. })
    }
    /// How many codes on paper are left.
    pub fn codes_left(&self) -> usize {
        self.codes.iter().filter(|code| !code.is_used).count()
    }
    /// Whether it is time for new codes on paper.
    pub fn has_few_codes(&self) -> bool {
        self.codes_left() <= FEW
    }
    /// Counts writes, from 1: the guard of every update.
    pub const fn version(&self) -> u32 {
        self.version
    }
    /// What the owner sees of it.
    pub fn status(&self) -> SecondFactorStatus {
        let confirmed_at = match self.state {
            State::Confirmed { since, .. } => Some(since),
            State::Pending { .. } => None,
        };
        SecondFactorStatus { confirmed_at, codes_left: self.codes_left(), codes_at: self.codes_at }
    }

    /// The stored form.
    pub fn to_row(&self) -> SecondFactorRow {
        let (pending_until, tries_left, confirmed_at, last_step) = match self.state {
            State::Pending { until, tries_left } => {
                (Some(until), Some(i32::try_from(tries_left).unwrap_or(0)), None, None)
            }
            State::Confirmed { since, last_step } => (None, None, Some(since), Some(last_step)),
        };
        SecondFactorRow {
            user_id: self.user.as_uuid(),
            secret: self.secret.clone(),
            pending_until,
            tries_left,
            confirmed_at,
            last_step,
            codes: serde_json::json!(self.codes),
            codes_at: self.codes_at,
            created_at: self.created_at,
            version: i32::try_from(self.version).unwrap_or(i32::MAX),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: SecondFactorRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let state = match (row.pending_until, row.tries_left, row.confirmed_at, row.last_step) {
            (Some(until), Some(tries), None, None) => State::Pending {
                until,
                tries_left: u32::try_from(tries).map_err(|_negative| corrupt("second_factor.tries_left"))?,
            },
            (None, None, Some(since), Some(last_step)) => State::Confirmed { since, last_step },
            _ => return Err(corrupt("second_factor.confirmed_at")),
        };
        Ok(Self {
            user: UserId::from_uuid(row.user_id),
            secret: row.secret,
            state,
            codes: serde_json::from_value(row.codes).map_err(|_form| corrupt("second_factor.codes"))?,
            codes_at: row.codes_at,
            created_at: row.created_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("second_factor.version"))?,
        })
    }
}
