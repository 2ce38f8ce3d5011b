//! What happens to registrations that wait.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;

use super::RegistrationId;
use crate::UserId;

/// A fact about an attempt to open an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RegistrationEvent {
    /// Somebody asked for an account.
    Requested {
        /// The attempt.
        registration: RegistrationId,
    },
    /// The address was verified; the attempt became an account.
    Accepted {
        /// The attempt.
        registration: RegistrationId,
        /// The account.
        user: UserId,
    },
    /// The address had an account already; its owner is told.
    Duplicate {
        /// The attempt.
        registration: RegistrationId,
        /// The account that has the address.
        user: UserId,
    },
}

const REGISTRATION: (&str, &str) = ("registration", "Id of the attempt.");
const USER: (&str, &str) = ("user", "Id of the account.");

const REQUESTED: EventSpec = EventSpec {
    name: "identity.registration.requested",
    schema_version: 1,
    summary: "Somebody asked for an account; a letter to the address follows.",
    targets: &["registration"],
    data: &[REGISTRATION],
};
const ACCEPTED: EventSpec = EventSpec {
    name: "identity.registration.accepted",
    schema_version: 1,
    summary: "The address was verified and the attempt became an account. All other attempts for the address are gone.",
    targets: &["registration", "user"],
    data: &[REGISTRATION, USER],
};
const DUPLICATE: EventSpec = EventSpec {
    name: "identity.user.registration_duplicate",
    schema_version: 1,
    summary: "Somebody asked for an account with an address that has one. Nothing changed; its owner is told by mail.",
    targets: &["registration", "user"],
    data: &[REGISTRATION, USER],
};

impl DomainEvent for RegistrationEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => REQUESTED.name,
            Self::Accepted { .. } => ACCEPTED.name,
            Self::Duplicate { .. } => DUPLICATE.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Requested { registration } => vec![Target::new("registration", registration)],
            Self::Accepted { registration, user } | Self::Duplicate { registration, user } => {
                vec![Target::new("registration", registration), Target::new("user", user)]
            }
        }
    }
}

/// The catalogue entries of [`RegistrationEvent`].
pub(crate) const fn registration_event_specs() -> &'static [EventSpec] {
    &[REQUESTED, ACCEPTED, DUPLICATE]
}
