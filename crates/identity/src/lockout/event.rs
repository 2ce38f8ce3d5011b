//! What happens to counters that anybody should know about.

use ashlar_kernel::{DomainEvent, EventSpec, Outcome, Target};
use serde::Serialize;

use crate::{SessionId, UserId};

/// A fact about guessing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LockoutEvent {
    /// Too many failures: nobody may try for a while.
    Locked {
        /// Whose account, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// Pseudonym of the identifier.
        identifier_hmac: String,
        /// The how-manieth lock in a row.
        level: u32,
        /// For how many seconds.
        seconds: i64,
    },
    /// Too many wrong passwords from somebody who has signed in: nobody may prove in this session who they are for a while.
    ProofsLocked {
        /// Whose account.
        user: UserId,
        /// In which session.
        session: SessionId,
        /// The how-manieth lock in a row.
        level: u32,
        /// For how many seconds.
        seconds: i64,
    },
    /// An address has failed to sign in to many accounts.
    StuffingSuspected {
        /// The address, or its network.
        network: String,
    },
    /// An administrator lifted the lock of an account.
    Unlocked {
        /// Whose.
        user: UserId,
    },
}

const LOCKED: EventSpec = EventSpec {
    name: "identity.login.locked",
    schema_version: 1,
    summary: "After too many failures nobody may try to sign in with this identifier for a while, in whichever tenant. Devices that have signed in to the account before still may.",
    targets: &["user", "identifier"],
    data: &[
        ("user", "Id of the account, when the identifier belongs to one."),
        ("identifier_hmac", "Keyed pseudonym of the identifier, the same for every spelling within one tenant."),
        ("level", "The how-manieth lock in a row: 1, 2, …"),
        ("seconds", "How long it lasts."),
    ],
};
const PROOFS_LOCKED: EventSpec = EventSpec {
    name: "identity.reauth.locked",
    schema_version: 1,
    summary: "After too many wrong passwords in a session nobody may prove by password in it who they are for a while. Signing in is not concerned.",
    targets: &["user"],
    data: &[
        ("user", "Id of the account."),
        ("session", "Id of the session."),
        ("level", "The how-manieth lock in a row: 1, 2, …"),
        ("seconds", "How long it lasts."),
    ],
};
const UNLOCKED: EventSpec = EventSpec {
    name: "identity.login.unlocked",
    schema_version: 1,
    summary: "An administrator lifted the lock of an account. In the tenant where the account was opened, failed attempts are forgotten besides.",
    targets: &["user"],
    data: &[("user", "Id of the account.")],
};

const STUFFING: EventSpec = EventSpec {
    name: "identity.login.stuffing_suspected",
    schema_version: 1,
    summary: "An address has failed to sign in to twenty different accounts within ten minutes, as who tries a stolen list of passwords does. One attempt a minute is left to it for an hour.",
    targets: &["network"],
    data: &[("network", "The IPv4 address, or the /64 of an IPv6 address.")],
};

impl DomainEvent for LockoutEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Locked { .. } => LOCKED.name,
            Self::ProofsLocked { .. } => PROOFS_LOCKED.name,
            Self::Unlocked { .. } => UNLOCKED.name,
            Self::StuffingSuspected { .. } => STUFFING.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Locked { user: Some(user), .. } | Self::ProofsLocked { user, .. } | Self::Unlocked { user } => {
                vec![Target::new("user", user)]
            }
            Self::StuffingSuspected { network } => vec![Target::new("network", network)],
            Self::Locked { identifier_hmac, .. } => vec![Target::new("identifier", identifier_hmac)],
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Locked { .. } | Self::ProofsLocked { .. } | Self::StuffingSuspected { .. } => Outcome::Denied,
            Self::Unlocked { .. } => Outcome::Ok,
        }
    }
}

/// The catalogue entries of [`LockoutEvent`].
pub(crate) const fn lockout_event_specs() -> &'static [EventSpec] {
    &[LOCKED, PROOFS_LOCKED, UNLOCKED, STUFFING]
}
