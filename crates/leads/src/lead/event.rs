//! What happens to leads.

use ashlar_kernel::{DiffEntry, DomainEvent, EventSpec, Target};
use serde::Serialize;
use uuid::Uuid;

use super::{LeadId, MergeId};
use crate::client::ClientId;

/// A fact about a lead.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LeadEvent {
    /// A lead came.
    Created {
        /// Which.
        lead: LeadId,
        /// How.
        source: &'static str,
        /// Who looks after it.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<Uuid>,
    },
    /// What is known of it was edited.
    Updated {
        /// Which.
        lead: LeadId,
        /// Which fields; goes into the envelope's diff.
        #[serde(skip)]
        changes: Vec<DiffEntry>,
    },
    /// Somebody else looks after it, or nobody.
    Assigned {
        /// Which.
        lead: LeadId,
        /// Who did.
        from: Option<Uuid>,
        /// Who does.
        to: Option<Uuid>,
    },
    /// It was moved along the pipeline.
    StatusChanged {
        /// Which.
        lead: LeadId,
        /// Where it stood.
        from: &'static str,
        /// Where it stands.
        to: &'static str,
        /// Why it was lost.
        #[serde(skip_serializing_if = "Option::is_none")]
        lost_reason: Option<&'static str>,
    },
    /// It became a client.
    Converted {
        /// Which.
        lead: LeadId,
        /// Which client it is now.
        client: ClientId,
    },
    /// Others became a part of it, and were put away.
    Merged {
        /// Which.
        lead: LeadId,
        /// By which merger.
        merge: MergeId,
        /// Which others.
        away: Vec<LeadId>,
        /// Which fields are different now; goes into the envelope's diff.
        #[serde(skip)]
        changes: Vec<DiffEntry>,
    },
    /// It was put away.
    Deleted {
        /// Which.
        lead: LeadId,
    },
    /// Rows that imports refused, and that were about it, were emptied because it is erased.
    RowsEmptied {
        /// Which.
        lead: LeadId,
        /// How many.
        rows: usize,
    },
    /// It was erased, with all that was noted about it.
    Purged {
        /// Which.
        lead: LeadId,
    },
}

impl DomainEvent for LeadEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => CREATED.name,
            Self::Updated { .. } => UPDATED.name,
            Self::Assigned { .. } => ASSIGNED.name,
            Self::StatusChanged { .. } => STATUS_CHANGED.name,
            Self::Converted { .. } => CONVERTED.name,
            Self::Merged { .. } => MERGED.name,
            Self::Deleted { .. } => DELETED.name,
            Self::RowsEmptied { .. } => ROWS_EMPTIED.name,
            Self::Purged { .. } => PURGED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Created { lead, .. }
        | Self::Updated { lead, .. }
        | Self::Assigned { lead, .. }
        | Self::StatusChanged { lead, .. }
        | Self::Converted { lead, .. }
        | Self::Merged { lead, .. }
        | Self::Deleted { lead }
        | Self::RowsEmptied { lead, .. }
        | Self::Purged { lead }) = self;
        let mut targets = vec![Target::new("lead", lead)];
        if let Self::Merged { away, .. } = self {
            targets.extend(away.iter().map(|other| Target::new("lead", other)));
        }
        targets
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::Updated { changes, .. } | Self::Merged { changes, .. } => changes.clone(),
            Self::StatusChanged { from, to, .. } => vec![DiffEntry::plain("/status", *from, *to)],
            _ => Vec::new(),
        }
    }
}

const LEAD: (&str, &str) = ("lead", "Id of the lead.");

const CREATED: EventSpec = EventSpec {
    name: "leads.lead.created",
    schema_version: 1,
    summary: "A lead came: somebody entered it, or a program did.",
    targets: &["lead"],
    data: &[LEAD, ("source", "How it came."), ("owner", "Who looks after it, if somebody does.")],
};
const UPDATED: EventSpec = EventSpec {
    name: "leads.lead.updated",
    schema_version: 1,
    summary: "What is known of a lead was edited. The diff names the fields; values of personal data are withheld.",
    targets: &["lead"],
    data: &[LEAD],
};
const ASSIGNED: EventSpec = EventSpec {
    name: "leads.lead.assigned",
    schema_version: 1,
    summary: "Somebody else looks after a lead from now on, or nobody.",
    targets: &["lead"],
    data: &[LEAD, ("from", "Who did; null if nobody."), ("to", "Who does; null if nobody.")],
};
const STATUS_CHANGED: EventSpec = EventSpec {
    name: "leads.lead.status_changed",
    schema_version: 1,
    summary: "A lead was moved along the pipeline.",
    targets: &["lead"],
    data: &[
        LEAD,
        ("from", "Where it stood."),
        ("to", "Where it stands."),
        ("lost_reason", "Why it was lost, if it was."),
    ],
};
const CONVERTED: EventSpec = EventSpec {
    name: "leads.lead.converted",
    schema_version: 1,
    summary: "A lead became a client.",
    targets: &["lead"],
    data: &[LEAD, ("client", "Id of the client.")],
};
const MERGED: EventSpec = EventSpec {
    name: "leads.lead.merged",
    schema_version: 1,
    summary: "Leads that were one person became one lead: what was noted about the others is noted about it, and they were put away. The diff names the fields; values of personal data are withheld.",
    targets: &["lead"],
    data: &[LEAD, ("merge", "Id of the merger."), ("away", "Ids of the leads that were put away.")],
};
const DELETED: EventSpec = EventSpec {
    name: "leads.lead.deleted",
    schema_version: 1,
    summary: "A lead was put away. Nobody sees it any more, and its address is free.",
    targets: &["lead"],
    data: &[LEAD],
};
const ROWS_EMPTIED: EventSpec = EventSpec {
    name: "leads.lead.rows_emptied",
    schema_version: 1,
    summary: "Rows that imports had refused, and that held the address or the number of a lead, were emptied because the lead is erased.",
    targets: &["lead"],
    data: &[LEAD, ("rows", "How many.")],
};
const PURGED: EventSpec = EventSpec {
    name: "leads.lead.purged",
    schema_version: 1,
    summary: "A lead was erased, with its history, everything that was noted about it, and the leads that became a part of it.",
    targets: &["lead"],
    data: &[LEAD],
};

/// The catalogue entries of [`LeadEvent`].
pub(crate) const fn lead_event_specs() -> &'static [EventSpec] {
    &[CREATED, UPDATED, ASSIGNED, STATUS_CHANGED, CONVERTED, MERGED, DELETED, ROWS_EMPTIED, PURGED]
}
