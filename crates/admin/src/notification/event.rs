//! What happens to notifications.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;
use uuid::Uuid;

use super::{NotificationId, Severity};

/// What happens to notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum NotificationEvent {
    /// Something began to be the matter.
    Raised {
        /// Which notification.
        #[serde(skip)]
        notification: NotificationId,
        /// What is the matter.
        key: String,
        /// How much it matters.
        severity: Severity,
    },
    /// It was decided who gets a letter about it.
    Announced {
        /// Which notification.
        #[serde(skip)]
        notification: NotificationId,
        /// What is the matter.
        key: String,
        /// Which people.
        people: Vec<Uuid>,
        /// Whether the address of the installation does.
        address: bool,
    },
    /// Somebody looks after it.
    Acknowledged {
        /// Which notification.
        #[serde(skip)]
        notification: NotificationId,
        /// What is the matter.
        key: String,
    },
    /// It is the matter no more.
    Resolved {
        /// Which notification.
        #[serde(skip)]
        notification: NotificationId,
        /// What was the matter.
        key: String,
    },
}

const KEY: (&str, &str) = ("key", "What is the matter.");

const RAISED: EventSpec = EventSpec {
    name: "admin.notification.raised",
    schema_version: 1,
    summary: "Something began to need attention. That it still does is not told again.",
    targets: &["notification"],
    data: &[KEY, ("severity", "How much it matters: `info`, `warning` or `critical`.")],
};

const ANNOUNCED: EventSpec = EventSpec {
    name: "admin.notification.announced",
    schema_version: 1,
    summary: "It was decided who gets a letter about something critical: once for each notification, and nobody if the same \
              has come again and again within an hour.",
    targets: &["notification"],
    data: &[
        KEY,
        ("people", "The accounts that are written to."),
        ("address", "Whether the address of `notifications_mail` is written to."),
    ],
};

const ACKNOWLEDGED: EventSpec = EventSpec {
    name: "admin.notification.acknowledged",
    schema_version: 1,
    summary: "Somebody said that they look after it.",
    targets: &["notification"],
    data: &[KEY],
};

const RESOLVED: EventSpec = EventSpec {
    name: "admin.notification.resolved",
    schema_version: 1,
    summary: "What needed attention needs it no more.",
    targets: &["notification"],
    data: &[KEY],
};

impl DomainEvent for NotificationEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Raised { .. } => RAISED.name,
            Self::Announced { .. } => ANNOUNCED.name,
            Self::Acknowledged { .. } => ACKNOWLEDGED.name,
            Self::Resolved { .. } => RESOLVED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Raised { notification, .. }
            | Self::Announced { notification, .. }
            | Self::Acknowledged { notification, .. }
            | Self::Resolved { notification, .. } => vec![Target::new("notification", notification)],
        }
    }
}

/// The catalogue entries of [`NotificationEvent`].
pub(crate) const fn notification_event_specs() -> &'static [EventSpec] {
    &[RAISED, ANNOUNCED, ACKNOWLEDGED, RESOLVED]
}
