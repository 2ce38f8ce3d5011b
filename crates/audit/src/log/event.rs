//! What happens to the log itself.

use ashlar_kernel::{DomainEvent, EventSpec, Target, TenantId, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::Digest32;

/// What happens to the log itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AuditEvent {
    /// Somebody looked events up, once or several times within a minute.
    LogRead {
        /// Of which tenant.
        #[serde(skip)]
        tenant: TenantId,
        /// The names of the filters that were used; not what for, which may be about people.
        filters: Vec<&'static str>,
        /// How often.
        count: u32,
    },
    /// Somebody takes events along.
    LogExported {
        /// Of which tenant.
        #[serde(skip)]
        tenant: TenantId,
        /// In which form.
        format: &'static str,
        /// The names of the filters that were used.
        filters: Vec<&'static str>,
    },
    /// Somebody asks for the erasure of what is kept beside the log about a person.
    ErasureRequested {
        /// Whom it is about.
        subject: Uuid,
    },
    /// What was kept beside the log about a person is erased.
    Erased {
        /// The person's pseudonym: the log knows them by id, and this need not.
        subject: String,
        /// How many values there were.
        values: u64,
    },
    /// The bodies of events have been kept for long enough, and are about to be deleted.
    RetentionApplied {
        /// Of which tenant.
        #[serde(skip)]
        tenant: TenantId,
        /// What sort of events.
        class: &'static str,
        /// They happened before then.
        before: Timestamp,
        /// The number of the first of them in the trail.
        from_seq: u64,
        /// The number of the last of them.
        to_seq: u64,
        /// How many they are: between the two there may be others, which stay.
        count: u64,
        /// The root over their leaves, in the order of their numbers (RFC 6962).
        root: Digest32,
    },
}

const LOG_READ: EventSpec = EventSpec {
    name: "audit.log.read",
    schema_version: 1,
    summary: "Somebody looked up events of the tenant. The first time is told at once, those of the minute after it together.",
    targets: &["tenant"],
    data: &[("filters", "The names of the filters that were used."), ("count", "How many requests it stands for.")],
};

const LOG_EXPORTED: EventSpec = EventSpec {
    name: "audit.log.exported",
    schema_version: 1,
    summary: "Somebody took events of the tenant along. Written before the first of them is sent.",
    targets: &["tenant"],
    data: &[("format", "In which form."), ("filters", "The names of the filters that were used.")],
};

const ERASURE_REQUESTED: EventSpec = EventSpec {
    name: "audit.pii.erasure_requested",
    schema_version: 1,
    summary: "Somebody asked that the addresses and programs are erased that are kept beside the log about a person.",
    targets: &["subject"],
    data: &[("subject", "Whom they are about.")],
};

const ERASED: EventSpec = EventSpec {
    name: "audit.pii.erased",
    schema_version: 1,
    summary: "What was kept beside the log about a person is erased. The events it was about stay as they were sealed.",
    targets: &["subject"],
    data: &[("subject", "The person's pseudonym."), ("values", "How many values there were.")],
};

const RETENTION_APPLIED: EventSpec = EventSpec {
    name: "audit.retention.applied",
    schema_version: 1,
    summary: "The bodies of events have been kept for long enough, and are deleted as soon as this is sealed and signed. Their \
              links stay.",
    targets: &["tenant"],
    data: &[
        ("class", "What sort of events: `security`, `billing`, `content` or `other`."),
        ("before", "They happened before then."),
        ("from_seq", "The number of the first of them in the trail."),
        ("to_seq", "The number of the last of them."),
        ("count", "How many they are: between the two there may be others, which stay."),
        ("root", "The root over their leaves, in the order of their numbers (RFC 6962, section 2.1)."),
    ],
};

impl DomainEvent for AuditEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::LogRead { .. } => LOG_READ.name,
            Self::LogExported { .. } => LOG_EXPORTED.name,
            Self::ErasureRequested { .. } => ERASURE_REQUESTED.name,
            Self::Erased { .. } => ERASED.name,
            Self::RetentionApplied { .. } => RETENTION_APPLIED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::LogRead { tenant, .. } | Self::LogExported { tenant, .. } | Self::RetentionApplied { tenant, .. } => {
                vec![Target::new("tenant", tenant)]
            }
            Self::ErasureRequested { subject } => vec![Target::new("subject", subject)],
            Self::Erased { subject, .. } => vec![Target::new("subject", subject)],
        }
    }
}

/// The catalogue entries of [`AuditEvent`].
pub const fn audit_event_specs() -> &'static [EventSpec] {
    &[LOG_READ, LOG_EXPORTED, ERASURE_REQUESTED, ERASED, RETENTION_APPLIED]
}
