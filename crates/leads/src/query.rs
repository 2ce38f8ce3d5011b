//! What is read of leads without a unit of work.

mod clients;
mod contact;
mod duplicates;
mod list;
mod search;
mod stats;

use ashlar_kernel::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use clients::{ClientQuery, ContractQuery};
pub use contact::ContactQuery;
pub use duplicates::{DuplicatePair, DuplicatePosition, DuplicateQuery, DuplicateRows};
pub use list::{LeadFilter, LeadPosition, LeadQuery, LeadRows, LeadSort};
pub use search::{InvalidSearch, LeadSearch};
pub use stats::{StatsQuery, Tally, TallyKind};

use crate::LeadId;

/// The position of an entry in what is noted about a lead, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotePosition {
    /// When it was noted.
    pub at: Timestamp,
    /// Its id, for those that were noted at once.
    pub id: Uuid,
}

/// Which part of what is noted about a lead to read, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteQuery {
    /// Whose data it is about.
    pub tenant: TenantId,
    /// About which lead.
    pub lead: LeadId,
    /// Older than this one.
    pub after: Option<NotePosition>,
    /// How many rows at most.
    pub rows: u64,
}

impl NoteQuery {
    /// Whether it lets an entry at a position through. For stores without a query language.
    pub fn lets_through(&self, (tenant, lead): (TenantId, LeadId), position: NotePosition) -> bool {
        tenant == self.tenant && lead == self.lead && self.after.is_none_or(|after| position < after)
    }
}
