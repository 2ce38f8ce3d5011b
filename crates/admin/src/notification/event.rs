//! What happens to notifications.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;

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
            Self::Acknowledged { .. } => ACKNOWLEDGED.name,
            Self::Resolved { .. } => RESOLVED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Raised { notification, .. }
            | Self::Acknowledged { notification, .. }
            | Self::Resolved { notification, .. } => vec![Target::new("notification", notification)],
        }
    }
}

/// The catalogue entries of [`NotificationEvent`].
pub(crate) const fn notification_event_specs() -> &'static [EventSpec] {
    &[RAISED, ACKNOWLEDGED, RESOLVED]
}
