//! What happens to messages.

use ashlar_kernel::{DiffEntry, DomainEvent, EventSpec, Target};
use serde::Serialize;

use super::ContactId;
use crate::LeadId;

/// A fact about a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ContactEvent {
    /// It came.
    Received {
        /// Which.
        contact: ContactId,
    },
    /// It has come further.
    StatusChanged {
        /// Which.
        contact: ContactId,
        /// How far it had come.
        from: &'static str,
        /// How far it has.
        to: &'static str,
    },
    /// Its sender is a lead now.
    Linked {
        /// Which.
        contact: ContactId,
        /// Which lead.
        lead: LeadId,
    },
    /// It was erased.
    Erased {
        /// Which.
        contact: ContactId,
    },
}

impl DomainEvent for ContactEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Received { .. } => RECEIVED.name,
            Self::StatusChanged { .. } => STATUS_CHANGED.name,
            Self::Linked { .. } => LINKED.name,
            Self::Erased { .. } => ERASED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Received { contact } | Self::StatusChanged { contact, .. } | Self::Erased { contact } => {
                vec![Target::new("contact", contact)]
            }
            Self::Linked { contact, lead } => vec![Target::new("contact", contact), Target::new("lead", lead)],
        }
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::StatusChanged { from, to, .. } => vec![DiffEntry::plain("/status", *from, *to)],
            _ => Vec::new(),
        }
    }
}

const CONTACT: (&str, &str) = ("contact", "Id of the message.");

const RECEIVED: EventSpec = EventSpec {
    name: "leads.contact.received",
    schema_version: 1,
    summary: "Somebody wrote on a page for contact. What they wrote is not in the log.",
    targets: &["contact"],
    data: &[CONTACT],
};
const STATUS_CHANGED: EventSpec = EventSpec {
    name: "leads.contact.status_changed",
    schema_version: 1,
    summary: "A message was read, answered, closed, or found to be spam.",
    targets: &["contact"],
    data: &[CONTACT, ("from", "How far it had come."), ("to", "How far it has.")],
};
const LINKED: EventSpec = EventSpec {
    name: "leads.contact.linked",
    schema_version: 1,
    summary: "The sender of a message was made a lead, or found to be one.",
    targets: &["contact", "lead"],
    data: &[CONTACT, ("lead", "Id of the lead.")],
};
const ERASED: EventSpec = EventSpec {
    name: "leads.contact.erased",
    schema_version: 1,
    summary: "A message was erased.",
    targets: &["contact"],
    data: &[CONTACT],
};

/// The catalogue entries of [`ContactEvent`].
pub(crate) const fn contact_event_specs() -> &'static [EventSpec] {
    &[RECEIVED, STATUS_CHANGED, LINKED, ERASED]
}
