//! What happens to accounts.

use ashlar_kernel::{DiffEntry, DomainEvent, EventSpec, Target};
use serde::Serialize;

use crate::UserId;

/// A fact about an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum UserEvent {
    /// An account was opened.
    Registered {
        /// Whose.
        user: UserId,
    },
    /// The first account of an embedded installation became its administrator.
    BootstrapAdminClaimed {
        /// Whose.
        user: UserId,
    },
    /// The owner edited the profile.
    ProfileUpdated {
        /// Whose.
        user: UserId,
        /// Which fields; goes into the envelope's diff.
        #[serde(skip)]
        changes: Vec<DiffEntry>,
    },
    /// The account was shut.
    Disabled {
        /// Whose.
        user: UserId,
    },
}

impl DomainEvent for UserEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => REGISTERED.name,
            Self::BootstrapAdminClaimed { .. } => BOOTSTRAP_ADMIN_CLAIMED.name,
            Self::ProfileUpdated { .. } => PROFILE_UPDATED.name,
            Self::Disabled { .. } => DISABLED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Registered { user }
        | Self::BootstrapAdminClaimed { user }
        | Self::ProfileUpdated { user, .. }
        | Self::Disabled { user }) = self;
        vec![Target::new("user", user)]
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::ProfileUpdated { changes, .. } => changes.clone(),
            Self::Registered { .. } | Self::BootstrapAdminClaimed { .. } | Self::Disabled { .. } => Vec::new(),
        }
    }
}

const USER: (&str, &str) = ("user", "Id of the account.");

const REGISTERED: EventSpec = EventSpec {
    name: "identity.user.registered",
    schema_version: 1,
    summary: "An account was opened.",
    targets: &["user"],
    data: &[USER],
};
const BOOTSTRAP_ADMIN_CLAIMED: EventSpec = EventSpec {
    name: "identity.user.bootstrap_admin_claimed",
    schema_version: 1,
    summary: "The first account of an embedded installation became its administrator. Happens once in the life of a database.",
    targets: &["user"],
    data: &[USER],
};
const PROFILE_UPDATED: EventSpec = EventSpec {
    name: "identity.user.profile_updated",
    schema_version: 1,
    summary: "The owner edited the profile. The diff names the fields; values of personal data are withheld.",
    targets: &["user"],
    data: &[USER],
};
const DISABLED: EventSpec = EventSpec {
    name: "identity.user.disabled",
    schema_version: 1,
    summary: "The account was shut. It can no longer sign in and its sessions are dead.",
    targets: &["user"],
    data: &[USER],
};

/// The catalogue entries of [`UserEvent`].
pub(crate) const fn user_event_specs() -> &'static [EventSpec] {
    &[REGISTERED, BOOTSTRAP_ADMIN_CLAIMED, PROFILE_UPDATED, DISABLED]
}
