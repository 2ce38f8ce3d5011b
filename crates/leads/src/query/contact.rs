//! Lists of messages.

use ashlar_kernel::TenantId;

use super::NotePosition;
use crate::{ContactMessage, ContactStatus};

/// Which part of the messages of a tenant to read, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Those that have come as far as one of these; all of them if none.
    pub status: Vec<ContactStatus>,
    /// Older than this one.
    pub after: Option<NotePosition>,
    /// How many rows at most.
    pub rows: u64,
}

impl ContactQuery {
    /// Whether it lets a message through. For stores without a query language.
    pub fn lets_through(&self, message: &ContactMessage) -> bool {
        let position = NotePosition::of_contact(message);
        message.tenant() == self.tenant
            && (self.status.is_empty() || self.status.contains(&message.status()))
            && self.after.is_none_or(|after| position < after)
    }
}

impl NotePosition {
    /// Where a message stands in a list.
    pub fn of_contact(message: &ContactMessage) -> Self {
        Self { at: message.created_at(), id: message.id().as_uuid() }
    }
}
