//! A password that was right is hashed again, when its hash is of another kind than new ones.

use ashlar_kernel::{Change, DomainEvent, EventSpec, Target};
use serde::Serialize;

use super::{HashClass, PasswordHash};
use crate::UserId;

/// The same password under a new hash. No edit of the account: its version stays, and so do sessions.
#[derive(Clone, PartialEq, Eq)]
pub struct Rehash {
    user: UserId,
    before: PasswordHash,
    after: PasswordHash,
}

impl Rehash {
    /// Replaces `before` by `after`, unless somebody else has replaced it meanwhile.
    pub fn replace(user: UserId, before: PasswordHash, after: PasswordHash) -> Change<Self, RehashEvent> {
        let (from, to) = (HashClass::of(&before).to_string(), HashClass::of(&after).to_string());
        Change::new(Self { user, before, after }, RehashEvent::Rehashed { user, from, to })
    }

    /// Whose password it is.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// The hash that the password was compared with.
    pub const fn before(&self) -> &PasswordHash {
        &self.before
    }
    /// The hash that takes its place.
    pub const fn after(&self) -> &PasswordHash {
        &self.after
    }
}

/// A fact about the hash of a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RehashEvent {
    /// A password was hashed again.
    Rehashed {
        /// Whose.
        user: UserId,
        /// What the hash was of.
        from: String,
        /// What it is of now.
        to: String,
    },
}

const REHASHED: EventSpec = EventSpec {
    name: "identity.password.rehashed",
    schema_version: 1,
    summary: "A person signed in whose password was hashed by other means or at another cost than new ones are; it was hashed again. The password is the same.",
    targets: &["user"],
    data: &[
        ("user", "Id of the account."),
        ("from", "Algorithm and parameters of the hash before, as in `pbkdf2_sha256$1000000`."),
        ("to", "Algorithm and parameters of the hash after, as in `$argon2id$v=19$m=19456,t=2,p=1`."),
    ],
};

impl DomainEvent for RehashEvent {
    fn name(&self) -> &'static str {
        let Self::Rehashed { .. } = self;
        REHASHED.name
    }

    fn targets(&self) -> Vec<Target> {
        let Self::Rehashed { user, .. } = self;
        vec![Target::new("user", user)]
    }
}

/// The catalogue entries of [`RehashEvent`].
pub(crate) const fn rehash_event_specs() -> &'static [EventSpec] {
    &[REHASHED]
}
