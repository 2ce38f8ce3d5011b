//! What happens to exports.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;
use uuid::Uuid;

/// A fact about an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ExportEvent {
    /// Somebody takes leads along.
    Created {
        /// Which export.
        export: Uuid,
        /// In which form.
        format: &'static str,
        /// Which columns.
        columns: Vec<&'static str>,
        /// Whether a filter leaves some leads out.
        is_filtered: bool,
    },
    /// A process took it on.
    Started {
        /// Which export.
        export: Uuid,
        /// Who asked for it.
        requested_by: Uuid,
    },
    /// Its file is whole.
    Completed {
        /// Which export.
        export: Uuid,
        /// How many leads it has.
        leads: u64,
        /// How long it is.
        bytes: u64,
    },
    /// It cannot be done.
    Failed {
        /// Which export.
        export: Uuid,
        /// Why.
        error: &'static str,
    },
    /// Somebody has called it off.
    Cancelled {
        /// Which export.
        export: Uuid,
    },
    /// Its file was read.
    Read {
        /// Which export.
        export: Uuid,
        /// For whom the link was made.
        reader: Uuid,
    },
    /// Its file is gone, because its time was over.
    Expired {
        /// Which export.
        export: Uuid,
    },
}

impl DomainEvent for ExportEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => CREATED.name,
            Self::Started { .. } => STARTED.name,
            Self::Completed { .. } => COMPLETED.name,
            Self::Failed { .. } => FAILED.name,
            Self::Cancelled { .. } => CANCELLED.name,
            Self::Read { .. } => READ.name,
            Self::Expired { .. } => EXPIRED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Created { export, .. }
        | Self::Started { export, .. }
        | Self::Completed { export, .. }
        | Self::Failed { export, .. }
        | Self::Cancelled { export }
        | Self::Read { export, .. }
        | Self::Expired { export }) = self;
        vec![Target::new("lead_export", export)]
    }
}

const EXPORT: (&str, &str) = ("export", "Id of the export.");

const CREATED: EventSpec = EventSpec {
    name: "leads.export.created",
    schema_version: 1,
    summary: "Somebody takes leads along as a file. It is noted before the first of them is sent, or before a worker begins to write the file.",
    targets: &["lead_export"],
    data: &[
        EXPORT,
        ("format", "Its form: csv or jsonl."),
        ("columns", "Which columns it has."),
        ("is_filtered", "Whether a filter leaves some leads out."),
    ],
};
const STARTED: EventSpec = EventSpec {
    name: "leads.export.started",
    schema_version: 1,
    summary: "A process took an export on, from its beginning, also where another broke off.",
    targets: &["lead_export"],
    data: &[EXPORT, ("requested_by", "Who asked for it.")],
};
const COMPLETED: EventSpec = EventSpec {
    name: "leads.export.completed",
    schema_version: 1,
    summary: "The file of an export is whole. It can be had for 24 hours.",
    targets: &["lead_export"],
    data: &[EXPORT, ("leads", "How many leads it has."), ("bytes", "How long it is.")],
};
const FAILED: EventSpec = EventSpec {
    name: "leads.export.failed",
    schema_version: 1,
    summary: "An export cannot be done, and leaves no file.",
    targets: &["lead_export"],
    data: &[EXPORT, ("error", "Why: permission_lost or too_large.")],
};
const CANCELLED: EventSpec = EventSpec {
    name: "leads.export.cancelled",
    schema_version: 1,
    summary: "Somebody has called their export off. It leaves no file.",
    targets: &["lead_export"],
    data: &[EXPORT],
};
const READ: EventSpec = EventSpec {
    name: "leads.export.read",
    schema_version: 1,
    summary: "Somebody followed a link to the file of an export.",
    targets: &["lead_export"],
    data: &[EXPORT, ("reader", "Id of the account the link was made for.")],
};
const EXPIRED: EventSpec = EventSpec {
    name: "leads.export.expired",
    schema_version: 1,
    summary: "The file of an export was deleted, because its 24 hours were over.",
    targets: &["lead_export"],
    data: &[EXPORT],
};

/// The catalogue entries of [`ExportEvent`].
pub(crate) const fn export_event_specs() -> &'static [EventSpec] {
    &[CREATED, STARTED, COMPLETED, FAILED, CANCELLED, READ, EXPIRED]
}
