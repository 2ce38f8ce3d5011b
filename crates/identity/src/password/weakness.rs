//! A password that was right, and that everybody tries first.

use ashlar_kernel::{Change, DomainEvent, EventSpec, Target};
use serde::Serialize;

use crate::UserId;

/// A password that a person has signed in with is on the list of common ones. It still is good: its owner is asked to choose
/// another one. No edit of the account: its version stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeakPassword {
    user: UserId,
    credential_version: u32,
}

impl WeakPassword {
    /// The password of this state of the account's credentials.
    pub fn found(user: UserId, credential_version: u32) -> Change<Self, WeakPasswordEvent> {
        Change::new(Self { user, credential_version }, WeakPasswordEvent::Found { user })
    }

    /// Whose.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// Which state of password and address it is of.
    pub const fn credential_version(&self) -> u32 {
        self.credential_version
    }
}

/// A fact about a weak password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WeakPasswordEvent {
    /// It was found on the list.
    Found {
        /// Whose.
        user: UserId,
    },
}

const FOUND: EventSpec = EventSpec {
    name: "identity.password.found_weak",
    schema_version: 1,
    summary: "A person signed in with a password that is on the list of common ones, from before there was the list or from another system. They are asked to choose another.",
    targets: &["user"],
    data: &[("user", "Id of the account.")],
};

impl DomainEvent for WeakPasswordEvent {
    fn name(&self) -> &'static str {
        let Self::Found { .. } = self;
        FOUND.name
    }

    fn targets(&self) -> Vec<Target> {
        let Self::Found { user } = self;
        vec![Target::new("user", user)]
    }
}

/// The catalogue entries of [`WeakPasswordEvent`].
pub(crate) const fn weak_password_event_specs() -> &'static [EventSpec] {
    &[FOUND]
}
