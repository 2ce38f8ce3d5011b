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
    /// The first administrator of the installation came.
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
    /// The owner proved that the address is theirs.
    EmailVerified {
        /// Whose.
        user: UserId,
    },
    /// The account has another address.
    EmailChanged {
        /// Whose.
        user: UserId,
    },
    /// The account has the address of before again.
    EmailChangeUndone {
        /// Whose.
        user: UserId,
    },
    /// The owner chose another password.
    PasswordChanged {
        /// Whose.
        user: UserId,
    },
    /// Whoever reads the owner's mail chose another password.
    PasswordReset {
        /// Whose.
        user: UserId,
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
    /// The account was deleted.
    Deleted {
        /// Whose.
        user: UserId,
    },
    /// Address and handle of a deleted account were forgotten.
    IdentifiersReleased {
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
            Self::EmailVerified { .. } => EMAIL_VERIFIED.name,
            Self::EmailChanged { .. } => EMAIL_CHANGED.name,
            Self::EmailChangeUndone { .. } => EMAIL_CHANGE_UNDONE.name,
            Self::PasswordChanged { .. } => PASSWORD_CHANGED.name,
            Self::PasswordReset { .. } => PASSWORD_RESET.name,
            Self::Disabled { .. } => DISABLED.name,
            Self::Enabled { .. } => ENABLED.name,
            Self::Deleted { .. } => DELETED.name,
            Self::IdentifiersReleased { .. } => RELEASED.name,
            Self::CreatedByAdmin { .. } => CREATED_BY_ADMIN.name,
            Self::OperatorGranted { .. } => OPERATOR_GRANTED.name,
            Self::OperatorRevoked { .. } => OPERATOR_REVOKED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Registered { user }
        | Self::BootstrapAdminClaimed { user }
        | Self::ProfileUpdated { user, .. }
        | Self::EmailVerified { user }
        | Self::EmailChanged { user }
        | Self::EmailChangeUndone { user }
        | Self::PasswordChanged { user }
        | Self::PasswordReset { user }
        | Self::Disabled { user }
        | Self::Enabled { user }
        | Self::Deleted { user }
        | Self::IdentifiersReleased { user }
        | Self::CreatedByAdmin { user }
        | Self::OperatorGranted { user }
        | Self::OperatorRevoked { user }) = self;
        vec![Target::new("user", user)]
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::ProfileUpdated { changes, .. } => changes.clone(),
            Self::EmailChanged { .. } | Self::EmailChangeUndone { .. } => {
                vec![DiffEntry::personal("/email", true, true)]
            }
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
    summary: "The first administrator of the installation came: the first account of an embedded one, or whoever had the token in production. Happens once in the life of a database.",
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
const EMAIL_VERIFIED: EventSpec = EventSpec {
    name: "identity.email.verified",
    schema_version: 1,
    summary: "The owner proved that the account's address is theirs.",
    targets: &["user"],
    data: &[USER],
};
const EMAIL_CHANGED: EventSpec = EventSpec {
    name: "identity.email.changed",
    schema_version: 1,
    summary: "The account has another address, which its owner proved to be theirs. Links mailed before are worthless.",
    targets: &["user"],
    data: &[USER],
};
const EMAIL_CHANGE_UNDONE: EventSpec = EventSpec {
    name: "identity.email.change_undone",
    schema_version: 1,
    summary: "Whoever reads the mail of the address of before took its change back. All sessions ended.",
    targets: &["user"],
    data: &[USER],
};
const PASSWORD_CHANGED: EventSpec = EventSpec {
    name: "identity.password.changed",
    schema_version: 1,
    summary: "The owner chose another password. Links mailed before are worthless.",
    targets: &["user"],
    data: &[USER],
};
const PASSWORD_RESET: EventSpec = EventSpec {
    name: "identity.password.reset_completed",
    schema_version: 1,
    summary: "Whoever reads the owner's mail chose another password, by a link. All sessions ended.",
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
const DELETED: EventSpec = EventSpec {
    name: "identity.user.deleted",
    schema_version: 1,
    summary: "The account was deleted, by its owner or by an administrator, with its sessions, API keys, second factor, memberships and attempts to sign in. Address and handle are kept for thirty days, for nobody else to have them.",
    targets: &["user"],
    data: &[USER],
};
const RELEASED: EventSpec = EventSpec {
    name: "identity.user.identifiers_released",
    schema_version: 1,
    summary: "Address and handle of an account that was deleted thirty days ago were forgotten. Anybody may have them.",
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
        EMAIL_VERIFIED,
        EMAIL_CHANGED,
        EMAIL_CHANGE_UNDONE,
        PASSWORD_CHANGED,
        PASSWORD_RESET,
        DISABLED,
        ENABLED,
        DELETED,
        RELEASED,
        CREATED_BY_ADMIN,
        OPERATOR_GRANTED,
        OPERATOR_REVOKED,
    ]
}
