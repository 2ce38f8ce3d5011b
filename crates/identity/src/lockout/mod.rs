//! How often somebody may guess: what is remembered about attempts with one identifier, whether or not anybody has it.
//!
//! A try takes a slot before the password is looked at and gives it back afterwards. There are as many slots as
//! failures left until the next lock, so that fifty guesses at once are judged five at a time at most, while fifty right
//! passwords at once all get in, one after the other.

mod event;
#[cfg(test)]
mod tests;
mod trusted_device;

use ashlar_kernel::{Change, MacKey, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

pub use event::LockoutEvent;
pub(crate) use event::lockout_event_specs;
pub use trusted_device::TrustedDevice;

use crate::{Identifier, SessionId, UserId};

/// A try that has not reported back after so long is taken for lost with its process.
const SLOT: TimeDelta = TimeDelta::seconds(5);
/// After so long without a failure all is forgotten.
pub(crate) const SILENCE: TimeDelta = TimeDelta::hours(24);
/// So many failures without a success, and only a reset or an administrator opens the door again (NIST SP 800-63B,
/// section 5.2.2).
const FAILURES_FOR_GOOD: u32 = 100;

/// When failures lock, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Ladder {
    /// So many failures in a row, and nobody may try for a while.
    failures: u32,
    /// How long the first, second, … lock lasts. The last one repeats.
    locks: &'static [TimeDelta],
}

impl Ladder {
    /// For passwords.
    pub const PASSWORD: Self = Self {
        failures: 5,
        locks: &[
            TimeDelta::seconds(60),
            TimeDelta::minutes(5),
            TimeDelta::minutes(15),
            TimeDelta::hours(1),
            TimeDelta::hours(6),
            TimeDelta::hours(24),
        ],
    };
    /// For codes of a second factor: from a quarter of an hour, twice as long each time, up to a day.
    pub const SECOND_FACTOR: Self = Self {
        failures: 10,
        locks: &[
            TimeDelta::minutes(15),
            TimeDelta::minutes(30),
            TimeDelta::hours(1),
            TimeDelta::hours(2),
            TimeDelta::hours(4),
            TimeDelta::hours(8),
            TimeDelta::hours(16),
            TimeDelta::hours(24),
        ],
    };
}

/// Names a counter: a pseudonym of what is counted. No tenant is in it, for the password is one in all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey(String);

impl CounterKey {
    /// The counter of strangers who come with `identifier`, whether or not anybody has it. By identifier and not by
    /// account: otherwise a lock would tell which handle goes with which address.
    pub fn of_strangers(key: &MacKey, identifier: &Identifier) -> Self {
        Self::of(key, &[b"identifier", identifier.canonical().as_bytes()])
    }

    /// The counter of a device on which the account has signed in before, by whichever identifier: strangers cannot lock it
    /// out.
    pub fn of_device(key: &MacKey, user: UserId, device: &TrustedDevice) -> Self {
        Self::of(key, &[b"device", user.as_uuid().as_bytes(), &device.id()])
    }

    /// The counter of passwords that are typed by somebody who has signed in, to prove again who they are. Neither
    /// strangers nor other sessions lock it, and whoever has stolen the session locks nobody out but themselves.
    pub fn of_session(key: &MacKey, session: SessionId) -> Self {
        Self::of(key, &[b"session", session.as_uuid().as_bytes()])
    }

    /// The counter of codes for the second factor of an account.
    pub fn of_second_factor(key: &MacKey, user: UserId) -> Self {
        Self::of(key, &[b"second factor", user.as_uuid().as_bytes()])
    }

    fn of(key: &MacKey, parts: &[&[u8]]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(key.tag(parts).split_at(24).0))
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What is remembered about attempts with one identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInCounter {
    /// Failures since the last success or lock.
    failed: u32,
    /// Failures since the last success.
    total: u32,
    /// Locks since the last success.
    locks: u32,
    /// The present or last lock.
    lock: Option<Lock>,
    /// When each try that has not reported back began.
    slots: Vec<Timestamp>,
    /// When a try last failed.
    last_failure_at: Option<Timestamp>,
}

/// A time in which nobody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The how-manieth in a row.
    pub level: u32,
}

impl Lock {
    /// The fact that it was put, on the identifier of a pseudonym.
    pub fn change(self, user: Option<UserId>, pseudonym: String) -> Change<(), LockoutEvent> {
        let event =
            LockoutEvent::Locked { user, identifier_hmac: pseudonym, level: self.level, seconds: self.seconds() };
        Change::new((), event)
    }

    /// The fact that it was put, on the proofs of identity within a session.
    pub fn change_in(self, user: UserId, session: SessionId) -> Change<(), LockoutEvent> {
        let event = LockoutEvent::ProofsLocked { user, session, level: self.level, seconds: self.seconds() };
        Change::new((), event)
    }

    fn seconds(self) -> i64 {
        (self.until - self.since).num_seconds()
    }
}

/// Whether a try may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It may, and holds a slot now.
    Admitted(Slot),
    /// Not yet: those who are being judged might be the last ones who may.
    Busy,
    /// Not before this moment.
    Locked(Timestamp),
    /// Not before a reset or an administrator.
    Shut,
}

/// The slot of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(Timestamp);

impl SignInCounter {
    /// Somebody wants to try.
    pub fn enter(&mut self, ladder: Ladder, now: Timestamp) -> Entry {
        self.settle(now);
        if let Some(lock) = self.lock.filter(|lock| lock.until > now) {
            return Entry::Locked(lock.until);
        }
        if self.is_shut() {
            return Entry::Shut;
        }
        let in_flight = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        if self.failed.saturating_add(in_flight) >= ladder.failures {
            return Entry::Busy;
        }
        self.slots.push(now);
        Entry::Admitted(Slot(now))
    }

    /// The try in `slot` failed. Answers with the lock that follows, if one does.
    #[must_use]
    pub fn fail(mut self, slot: Slot, ladder: Ladder, now: Timestamp) -> (Self, Option<Lock>) {
        self.free(slot);
        self.failed += 1;
        self.total += 1;
        self.last_failure_at = Some(now);
        if self.failed < ladder.failures {
            return (self, None);
        }
        let last = ladder.locks.len() - 1;
        let step = usize::try_from(self.locks).unwrap_or(last).min(last);
        let duration = ladder.locks.get(step).copied().unwrap_or(SILENCE);
        self.locks += 1;
        self.failed = 0;
        let lock = Lock { since: now, until: now + duration, level: self.locks };
        self.lock = Some(lock);
        (self, Some(lock))
    }

    /// The try in `slot` succeeded: the past is forgotten, tries in progress are not.
    #[must_use]
    pub fn succeed(mut self, slot: Slot) -> Self {
        self.free(slot);
        Self { slots: self.slots, ..Self::default() }
    }

    /// The try in `slot` did not take place: it counts for nothing.
    #[must_use]
    pub fn give_back(mut self, slot: Slot) -> Self {
        self.free(slot);
        self
    }

    /// Somebody vouches for who tries: the present lock ends, and there are as many tries as before it. What counts towards
    /// the hundred stays, and so does how long the next lock lasts. None if only a reset or an administrator helps.
    #[must_use]
    pub fn relieve(self) -> Option<Self> {
        (!self.is_shut()).then_some(Self { failed: 0, lock: None, ..self })
    }

    /// Whether it takes a reset or an administrator to open the door again.
    pub const fn is_shut(&self) -> bool {
        self.total >= FAILURES_FOR_GOOD
    }

    /// Whether there is nothing to remember.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// Until when it has to be remembered.
    pub fn keep_until(&self, now: Timestamp) -> Timestamp {
        let lock = self.lock.map_or(now, |lock| lock.until);
        // Whoever needs a reset must not get in by waiting.
        let silence = if self.is_shut() { SILENCE * 3_650 } else { SILENCE };
        lock.max(now) + silence
    }

    fn free(&mut self, slot: Slot) {
        if let Some(index) = self.slots.iter().position(|began| *began == slot.0) {
            self.slots.remove(index);
        }
    }

    /// Forgets what is over. Times that lie in the future are those of a clock that has stepped back since.
    fn settle(&mut self, now: Timestamp) {
        self.slots.retain(|began| *began <= now && now - *began < SLOT);
        if let Some(lock) = self.lock.as_mut().filter(|lock| lock.since > now) {
            *lock = Lock { since: now, until: now + (lock.until - lock.since), ..*lock };
        }
        let is_locked = self.lock.is_some_and(|lock| lock.until > now);
        if !is_locked && !self.is_shut() && self.last_failure_at.is_some_and(|at| now - at >= SILENCE) {
            *self = Self { slots: std::mem::take(&mut self.slots), ..Self::default() };
        }
    }
}
