//! What happens to devices.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;

use super::DeviceId;
use crate::UserId;

/// A fact about a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum DeviceEvent {
    /// Somebody signed in on a device that was not known.
    Registered {
        /// Which.
        device: DeviceId,
        /// Whose.
        user: UserId,
        /// What it runs.
        platform: &'static str,
        /// Whether they have used no other lately, in whichever tenant.
        first: bool,
        /// Whether they use it in another tenant.
        elsewhere: bool,
    },
    /// Its owner calls it otherwise.
    Renamed {
        /// Which.
        device: DeviceId,
        /// Whose.
        user: UserId,
    },
    /// Another one took its place.
    Replaced {
        /// Which.
        device: DeviceId,
        /// Whose.
        user: UserId,
    },
    /// Its owner removed it.
    Removed {
        /// Which.
        device: DeviceId,
        /// Whose.
        user: UserId,
    },
    /// An administrator removed it.
    TakenAway {
        /// Which.
        device: DeviceId,
        /// Whose.
        user: UserId,
    },
}

const TARGETS: &[&str] = &["device", "user"];
const DEVICE: (&str, &str) = ("device", "Id of the device.");
const USER: (&str, &str) = ("user", "Id of the account.");

const REGISTERED: EventSpec = EventSpec {
    name: "identity.device.registered",
    schema_version: 1,
    summary: "Somebody signed in on a device that was not known in the tenant, or came with it from another one. Unless it is their first one or they use it elsewhere, its owner gets a letter.",
    targets: TARGETS,
    data: &[
        DEVICE,
        USER,
        ("platform", "What it runs, as it says: web, android, ios or other."),
        ("first", "Whether the person had no device in any tenant in the thirty days before."),
        ("elsewhere", "Whether the person uses it in another tenant."),
    ],
};
const RENAMED: EventSpec = EventSpec {
    name: "identity.device.renamed",
    schema_version: 1,
    summary: "A person calls a device otherwise.",
    targets: TARGETS,
    data: &[DEVICE, USER],
};
const REPLACED: EventSpec = EventSpec {
    name: "identity.device.replaced",
    schema_version: 1,
    summary: "A device had to make room for another one. Its sessions have ended.",
    targets: TARGETS,
    data: &[DEVICE, USER],
};
const REMOVED: EventSpec = EventSpec {
    name: "identity.device.removed",
    schema_version: 1,
    summary: "A person removed a device. Its sessions have ended.",
    targets: TARGETS,
    data: &[DEVICE, USER],
};

const TAKEN_AWAY: EventSpec = EventSpec {
    name: "identity.device.removed_by_admin",
    schema_version: 1,
    summary: "An administrator removed a device of somebody who has lost it. Its sessions have ended, and its owner gets a letter.",
    targets: TARGETS,
    data: &[DEVICE, USER],
};

impl DomainEvent for DeviceEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => REGISTERED.name,
            Self::Renamed { .. } => RENAMED.name,
            Self::Replaced { .. } => REPLACED.name,
            Self::Removed { .. } => REMOVED.name,
            Self::TakenAway { .. } => TAKEN_AWAY.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Registered { device, user, .. }
        | Self::Renamed { device, user }
        | Self::Replaced { device, user }
        | Self::Removed { device, user }
        | Self::TakenAway { device, user }) = self;
        vec![Target::new("device", device), Target::new("user", user)]
    }
}

/// The catalogue entries of [`DeviceEvent`].
pub(crate) const fn device_event_specs() -> &'static [EventSpec] {
    &[REGISTERED, RENAMED, REPLACED, REMOVED, TAKEN_AWAY]
}
