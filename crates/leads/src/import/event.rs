//! What happens to imports.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;
use uuid::Uuid;

use super::{ImportId, job::ImportCounts};

/// What became of the rows, as events say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Rows that were read.
    pub rows_read: u64,
    /// Rows that became leads.
    pub created: u64,
    /// Rows that changed leads.
    pub updated: u64,
    /// Rows that had nothing to do.
    pub skipped: u64,
    /// Rows that repeat one before them.
    pub duplicates: u64,
    /// Rows that something is wrong with.
    pub failed: u64,
}

impl From<&ImportCounts> for Counted {
    fn from(counts: &ImportCounts) -> Self {
        let ImportCounts { rows_read, created, updated, skipped, duplicates, failed } = *counts;
        Self { rows_read, created, updated, skipped, duplicates, failed }
    }
}

/// A fact about an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ImportEvent {
    /// Somebody asked for it.
    Requested {
        /// Which.
        import: ImportId,
        /// What becomes of the rows.
        mode: &'static str,
        /// Whether nothing is written.
        #[serde(rename = "dry_run")]
        is_rehearsal: bool,
        /// The length of the file.
        bytes: u64,
    },
    /// A process took it on.
    Started {
        /// Which.
        import: ImportId,
        /// Who asked for it, if it was no operator.
        #[serde(skip_serializing_if = "Option::is_none")]
        requested_by: Option<Uuid>,
        /// How many rows were read before.
        from_row: u64,
    },
    /// Some of its rows were taken in, in one transaction.
    Batch {
        /// Which.
        import: ImportId,
        /// How many leads came.
        created: u64,
        /// How many leads were changed.
        updated: u64,
        /// The least id of those that came.
        #[serde(skip_serializing_if = "Option::is_none")]
        first_lead: Option<Uuid>,
        /// The greatest id of those that came.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_lead: Option<Uuid>,
    },
    /// The process that had it has stopped.
    Paused {
        /// Which.
        import: ImportId,
    },
    /// It is done.
    Completed {
        /// Which.
        import: ImportId,
        /// What became of the rows.
        #[serde(flatten)]
        counts: Counted,
    },
    /// It cannot be done.
    Failed {
        /// Which.
        import: ImportId,
        /// Why.
        error: &'static str,
    },
    /// Somebody has called it off.
    Cancelled {
        /// Which.
        import: ImportId,
    },
}

impl DomainEvent for ImportEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => REQUESTED.name,
            Self::Started { .. } => STARTED.name,
            Self::Batch { .. } => BATCH.name,
            Self::Paused { .. } => PAUSED.name,
            Self::Completed { .. } => COMPLETED.name,
            Self::Failed { .. } => FAILED.name,
            Self::Cancelled { .. } => CANCELLED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Requested { import, .. }
        | Self::Started { import, .. }
        | Self::Batch { import, .. }
        | Self::Paused { import }
        | Self::Completed { import, .. }
        | Self::Failed { import, .. }
        | Self::Cancelled { import }) = self;
        vec![Target::new("lead_import", import)]
    }
}

const IMPORT: (&str, &str) = ("import", "Id of the import.");

const REQUESTED: EventSpec = EventSpec {
    name: "leads.import.requested",
    schema_version: 1,
    summary: "Somebody asked for a file of leads to be imported.",
    targets: &["lead_import"],
    data: &[
        IMPORT,
        ("mode", "What becomes of the rows: create, upsert or update."),
        ("dry_run", "Whether the rows are only counted."),
        ("bytes", "The length of the file."),
    ],
};
const STARTED: EventSpec = EventSpec {
    name: "leads.import.started",
    schema_version: 1,
    summary: "A process took an import on, or went on with it where another broke off.",
    targets: &["lead_import"],
    data: &[
        IMPORT,
        ("requested_by", "Who asked for it, if it was no operator."),
        ("from_row", "How many rows had been read before."),
    ],
};
const BATCH: EventSpec = EventSpec {
    name: "leads.import.batch_committed",
    schema_version: 1,
    summary: "Some rows of an import were taken in, in one transaction. It stands for the events of each lead.",
    targets: &["lead_import"],
    data: &[
        IMPORT,
        ("created", "How many leads came."),
        ("updated", "How many leads were changed."),
        ("first_lead", "The least id of those that came, if some did."),
        ("last_lead", "The greatest id of those that came, if some did."),
    ],
};
const PAUSED: EventSpec = EventSpec {
    name: "leads.import.paused",
    schema_version: 1,
    summary: "The process that worked at an import has stopped; another goes on.",
    targets: &["lead_import"],
    data: &[IMPORT],
};
const COMPLETED: EventSpec = EventSpec {
    name: "leads.import.completed",
    schema_version: 1,
    summary: "An import is done.",
    targets: &["lead_import"],
    data: &[
        IMPORT,
        ("rows_read", "How many rows there were: the sum of the following."),
        ("created", "Rows that became leads."),
        ("updated", "Rows that changed leads."),
        ("skipped", "Rows that had nothing to do."),
        ("duplicates", "Rows that repeat one before them."),
        ("failed", "Rows that something is wrong with."),
    ],
};
const FAILED: EventSpec = EventSpec {
    name: "leads.import.failed",
    schema_version: 1,
    summary: "An import cannot be done. What was taken in before stays.",
    targets: &["lead_import"],
    data: &[
        IMPORT,
        ("error", "Why: bad_mapping, damaged_file, unpacks_too_large, file_gone, interrupted or permission_lost."),
    ],
};
const CANCELLED: EventSpec = EventSpec {
    name: "leads.import.cancelled",
    schema_version: 1,
    summary: "Somebody has called an import off. What was taken in before stays.",
    targets: &["lead_import"],
    data: &[IMPORT],
};
/// The catalogue entries of [`ImportEvent`].
pub(crate) const fn import_event_specs() -> &'static [EventSpec] {
    &[REQUESTED, STARTED, BATCH, PAUSED, COMPLETED, FAILED, CANCELLED]
}
