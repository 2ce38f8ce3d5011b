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
    /// The profile was edited.
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
    /// The account can be used again.
    Enabled {
        /// Whose.
        user: UserId,
    },
    /// An administrator opened an account for somebody.
    CreatedByAdmin {
        /// Whose.
        user: UserId,
    },
    /// A person became an operator of the installation.
    OperatorGranted {
        /// Whose account.
        user: UserId,
    },
    /// A person is no operator any more.
    OperatorRevoked {
        /// Whose account.
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
            Self::Enabled { .. } => ENABLED.name,
            Self::CreatedByAdmin { .. } => CREATED_BY_ADMIN.name,
            Self::OperatorGranted { .. } => OPERATOR_GRANTED.name,
            Self::OperatorRevoked { .. } => OPERATOR_REVOKED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Registered { user }
        | Self::BootstrapAdminClaimed { user }
        | Self::ProfileUpdated { user, .. }
        | Self::Disabled { user }
        | Self::Enabled { user }
        | Self::CreatedByAdmin { user }
        | Self::OperatorGranted { user }
        | Self::OperatorRevoked { user }) = self;
        vec![Target::new("user", user)]
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::ProfileUpdated { changes, .. } => changes.clone(),
            _ => Vec::new(),
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
    summary: "The owner or an administrator edited the profile. The diff names the fields; values of personal data are withheld.",
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
const ENABLED: EventSpec = EventSpec {
    name: "identity.user.enabled",
    schema_version: 1,
    summary: "The account was opened again after it had been shut. Its old sessions stay dead.",
    targets: &["user"],
    data: &[USER],
};
const CREATED_BY_ADMIN: EventSpec = EventSpec {
    name: "identity.user.created_by_admin",
    schema_version: 1,
    summary: "An administrator opened an account for somebody.",
    targets: &["user"],
    data: &[USER],
};
const OPERATOR_GRANTED: EventSpec = EventSpec {
    name: "identity.user.operator_granted",
    schema_version: 1,
    summary: "A person became an operator of the installation, by the command line.",
    targets: &["user"],
    data: &[USER],
};
const OPERATOR_REVOKED: EventSpec = EventSpec {
    name: "identity.user.operator_revoked",
    schema_version: 1,
    summary: "A person is no operator of the installation any more.",
    targets: &["user"],
    data: &[USER],
};

/// The catalogue entries of [`UserEvent`].
pub(crate) const fn user_event_specs() -> &'static [EventSpec] {
    &[
        REGISTERED,
        BOOTSTRAP_ADMIN_CLAIMED,
        PROFILE_UPDATED,
        DISABLED,
        ENABLED,
        CREATED_BY_ADMIN,
        OPERATOR_GRANTED,
        OPERATOR_REVOKED,
    ]
}
