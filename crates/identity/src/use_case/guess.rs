//! Judge a secret that somebody types, so often and no oftener.

use std::time::Duration;

use ashlar_kernel::{Class, Classified, Context, StoreError};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{Identity, codes};
use crate::{
    CounterKey, Entry, Ladder, Lock, Password, PasswordHash, SignInCounter, Slot,
    port::{CounterWrite, HasherError, StoredCounter},
};

/// How long a try waits for others that are being judged.
const PATIENCE: TimeDelta = TimeDelta::seconds(2);
/// Writes may be lost to others so often; each time one of them has got on.
const WRITES: u32 = 500;
/// The answer to those who have to ask for a reset says to come back after so long; they may as well.
const SHUT_SECONDS: i64 = 86_400;

/// Why a secret was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum GuessError {
    /// Too many failures.
    #[error("too many failed attempts; try again in {seconds} s, or reset the password")]
    TooMany {
        /// In how many seconds it is worth trying again.
        seconds: u32,
    },
    /// Hashing failed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for GuessError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::TooMany { .. } => Class::Code(&codes::TOO_MANY_ATTEMPTS),
            Self::Hasher(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooMany { seconds } => Some(*seconds),
            Self::Hasher(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
        }
    }
}

/// A try that holds a slot. What became of it has to be [told](Identity::tell); a slot that is forgotten comes back after
/// five seconds.
pub(super) struct Guess {
    key: CounterKey,
    ladder: Ladder,
    slot: Slot,
    /// The counter as the try has left it.
    seen: (SignInCounter, Option<Uuid>),
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The secret was right.
    Right,
    /// It was wrong.
    Wrong,
    /// It was not looked at.
    Void,
}

impl Identity {
    /// Takes a slot of the counter `key` of passwords.
    pub(super) async fn guess(&self, context: &Context, key: CounterKey) -> Result<Guess, GuessError> {
        self.guess_on(context, key, Ladder::PASSWORD).await
    }

    /// Takes a slot of the counter `key`.
    pub(super) async fn guess_on(
        &self,
        context: &Context,
        key: CounterKey,
        ladder: Ladder,
    ) -> Result<Guess, GuessError> {
        let mut now = context.now;
        // Most identifiers have no counter: one statement, and no look before.
        let mut counter = SignInCounter::default();
        let mut before = None;
        for _look in 0..WRITES {
            let known = counter.clone();
            let entry = counter.enter(ladder, now);
            // Also without a slot: a lock may have been put right after the clock was.
            let saved = if counter == known { before } else { self.put(&key, before, &counter, context).await? };
            match entry {
                Entry::Admitted(slot) if saved.is_some() => {
                    return Ok(Guess { key, ladder, slot, seen: (counter, saved) });
                }
                Entry::Locked(until) if saved.is_some() => return Err(too_many((until - now).num_seconds())),
                Entry::Shut => return Err(too_many(SHUT_SECONDS)),
                Entry::Busy if now - context.now >= PATIENCE => break,
                Entry::Busy => now += self.wait_a_little().await,
                Entry::Admitted(_) | Entry::Locked(_) => {}
            }
            (counter, before) = self.look(&key).await?;
        }
        Err(too_many(1))
    }

    /// Verifies a password in the slot; gives it back if nobody can.
    pub(super) async fn look_at(
        &self,
        context: &Context,
        guess: &Guess,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, GuessError> {
        match self.0.ports.hasher.verify(password, hash).await {
            Ok(is_right) => Ok(is_right),
            Err(error) => {
                self.tell(context, guess, Verdict::Void).await?;
                Err(error.into())
            }
        }
    }

    /// Tells the counter what became of a try. Answers with the lock that follows, if one does.
    pub(super) async fn tell(
        &self,
        context: &Context,
        guess: &Guess,
        verdict: Verdict,
    ) -> Result<Option<Lock>, StoreError> {
        let (mut counter, mut before) = guess.seen.clone();
        for _try in 0..WRITES {
            let (told, lock) = match verdict {
                Verdict::Right => (counter.succeed(guess.slot), None),
                Verdict::Void => (counter.give_back(guess.slot), None),
                Verdict::Wrong => counter.fail(guess.slot, guess.ladder, context.now),
            };
            if self.put(&guess.key, before, &told, context).await?.is_some() {
                return Ok(lock);
            }
            (counter, before) = self.look(&guess.key).await?;
        }
        Err(StoreError::Contended("a counter of attempts is written all the time".into()))
    }

    /// Forgets the failures of strangers with an identifier.
    pub(super) async fn forgive(&self, key: CounterKey) -> Result<(), StoreError> {
        for _try in 0..WRITES {
            let Some(stored) = self.0.ports.counters.counter(&key).await? else {
                return Ok(());
            };
            let write = CounterWrite { key: key.clone(), before: Some(stored.stamp), after: None };
            if self.0.ports.counters.put_counter(write).await? {
                return Ok(());
            }
        }
        Err(StoreError::Contended("a counter of attempts is written all the time".into()))
    }

    /// Lifts the lock of strangers with an identifier, and forgets nothing else. No effect on one that only a reset or an
    /// administrator at home opens.
    pub(super) async fn relieve(&self, context: &Context, key: CounterKey) -> Result<(), StoreError> {
        for _try in 0..WRITES {
            let (counter, before) = self.look(&key).await?;
            let Some(relieved) = counter.relieve() else { return Ok(()) };
            if self.put(&key, before, &relieved, context).await?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Contended("a counter of attempts is written all the time".into()))
    }

    /// Whether only a reset or an administrator opens the door that is locked by this counter.
    pub(super) async fn is_shut(&self, key: &CounterKey) -> Result<bool, StoreError> {
        Ok(self.look(key).await?.0.is_shut())
    }

    /// Not all at once: those who wait together would look together.
    async fn wait_a_little(&self) -> TimeDelta {
        let [jitter] = self.0.ports.entropy.bytes();
        let millis = 20 + u64::from(jitter) / 4;
        self.0.ports.pause.pause(Duration::from_millis(millis)).await;
        TimeDelta::milliseconds(i64::try_from(millis).unwrap_or_default())
    }

    async fn look(&self, key: &CounterKey) -> Result<(SignInCounter, Option<Uuid>), StoreError> {
        let stored = self.0.ports.counters.counter(key).await?;
        Ok(stored.map_or_else(Default::default, |stored| (stored.counter, Some(stored.stamp))))
    }

    /// Answers with the stamp of the write; none if somebody was there before.
    async fn put(
        &self,
        key: &CounterKey,
        before: Option<Uuid>,
        counter: &SignInCounter,
        context: &Context,
    ) -> Result<Option<Uuid>, StoreError> {
        let keep_until = counter.keep_until(context.now);
        let stamp = self.0.ports.ids.next();
        let stored = || (StoredCounter { counter: counter.clone(), stamp }, keep_until);
        let after = (!counter.is_blank()).then(stored);
        let is_saved = self.0.ports.counters.put_counter(CounterWrite { key: key.clone(), before, after }).await?;
        Ok(is_saved.then_some(stamp))
    }
}

/// At least a second: no client should try again at once.
fn too_many(seconds: i64) -> GuessError {
    GuessError::TooMany { seconds: u32::try_from(seconds.max(1)).unwrap_or(u32::MAX) }
}
