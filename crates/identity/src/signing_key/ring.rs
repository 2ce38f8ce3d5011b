//! All keys together, and when each has its turn.

use ashlar_kernel::{Change, Timestamp};
use chrono::TimeDelta;

use super::{KeyState, SigningKey, SigningKeyEvent};
use crate::SessionPolicy;

/// How long keys are in each of their states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRotation {
    /// From one key that signs to the next.
    pub every: TimeDelta,
    /// For how long a key is published before it signs: far longer than anybody may remember the published set.
    pub lead: TimeDelta,
    /// For how long a key is believed after it has signed its last token.
    pub overlap: TimeDelta,
}

/// The published set may be remembered for five minutes, so a day of notice is plenty.
const EVERY: TimeDelta = TimeDelta::days(30);
const LEAD: TimeDelta = TimeDelta::hours(24);
/// Beyond the life of a token: for clocks, and for processes that learn late that another key signs.
const SPARE: TimeDelta = TimeDelta::seconds(10 * 60 + 5);

impl KeyRotation {
    /// The rotation that suits these sessions.
    pub fn for_sessions(policy: &SessionPolicy) -> Self {
        Self { every: EVERY, lead: LEAD, overlap: policy.access_ttl + SPARE }
    }
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A key has to be made and staged.
    Stage,
    /// The staged key takes over.
    Promote,
    /// A key that was replaced is removed.
    Remove,
}

/// The keys of an installation, as they were read.
#[derive(Clone)]
pub struct SigningKeyRing(Vec<SigningKey>);

impl SigningKeyRing {
    /// The ring of these keys; removed ones do not count.
    pub fn new(mut keys: Vec<SigningKey>) -> Self {
        keys.retain(|key| key.state() != KeyState::Removed);
        Self(keys)
    }

    /// The key that signs.
    pub fn active(&self) -> Option<&SigningKey> {
        self.first(KeyState::Active)
    }

    /// The key that will sign.
    pub fn staged(&self) -> Option<&SigningKey> {
        self.first(KeyState::Staged)
    }

    fn first(&self, state: KeyState) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.state() == state)
    }

    /// All of them.
    pub fn keys(&self) -> &[SigningKey] {
        &self.0
    }

    /// What is due at `now`, where new keys are to be of `algorithm`.
    pub fn due(&self, rotation: &KeyRotation, algorithm: &str, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        if self.0.iter().any(|key| has_run_out(key, rotation, now)) {
            due.push(Due::Remove);
        }
        match (self.active(), self.staged()) {
            (Some(_), Some(staged)) if staged.created_at() + rotation.lead <= now => due.push(Due::Promote),
            (Some(active), None) => {
                let since = active.activated_at().unwrap_or(active.created_at());
                if active.algorithm() != algorithm || since + rotation.every - rotation.lead <= now {
                    due.push(Due::Stage);
                }
            }
            _ => {}
        }
        due
    }

    /// The changes of what is due but for the staging, which needs a new key.
    pub fn turn(self, rotation: &KeyRotation, now: Timestamp) -> Vec<Change<SigningKey, SigningKeyEvent>> {
        let mut changes: Vec<_> = self
            .0
            .iter()
            .filter(|key| has_run_out(key, rotation, now))
            .filter_map(|key| key.clone().remove(false, now))
            .collect();
        let is_ripe = |key: &&SigningKey| key.created_at() + rotation.lead <= now;
        if let (Some(active), Some(staged)) = (self.active(), self.staged().filter(is_ripe)) {
            changes.extend(staged.clone().take_over(active.clone(), now).into_iter().flatten());
        }
        changes
    }

    /// The end of every key: one of them leaked, and who had that one may have had the others.
    pub fn clear(self, now: Timestamp) -> Vec<Change<SigningKey, SigningKeyEvent>> {
        self.0.into_iter().filter_map(|key| key.remove(true, now)).collect()
    }
}

fn has_run_out(key: &SigningKey, rotation: &KeyRotation, now: Timestamp) -> bool {
    key.state() == KeyState::Retiring && key.retired_at().is_some_and(|at| at + rotation.overlap <= now)
}
