//! Pairs of leads that may be one person.

use ashlar_kernel::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Lead, lead::Likeness};

/// Which pairs to look for. A pair stands where its newer lead stands, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuplicateQuery {
    /// Whose.
    pub tenant: TenantId,
    /// After this one.
    pub after: Option<DuplicatePosition>,
    /// How many pairs at most.
    pub pairs: u64,
    /// How many leads to look at, at most, whether or not they are like others.
    pub leads: u64,
}

impl DuplicateQuery {
    /// With how many a lead is paired at most for what it has in common with them: those that came last before it. Where
    /// hundreds share a number, everybody is still paired with somebody.
    pub const NEAREST: u64 = 20;
}

/// The position of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DuplicatePosition {
    /// When the newer lead came.
    pub at: Timestamp,
    /// The newer lead: its id, which is the greater.
    pub newer: Uuid,
    /// The older lead; nil if all pairs of the newer one are before.
    pub older: Uuid,
}

impl DuplicatePosition {
    /// Before all others.
    pub fn first() -> Self {
        // As late as both databases can say it in the same way.
        let at = Timestamp::from_timestamp(253_402_300_799, 0).unwrap_or(Timestamp::MAX_UTC);
        Self { at, newer: Uuid::max(), older: Uuid::max() }
    }

    /// Whether all pairs of the newer lead are before.
    pub const fn is_past_its_lead(&self) -> bool {
        self.older.is_nil()
    }
}

/// Two leads that may be one person.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicatePair {
    /// The one that came later.
    pub newer: Lead,
    /// The one that came before.
    pub older: Lead,
}

impl DuplicatePair {
    /// What they have in common.
    pub fn likenesses(&self) -> Vec<Likeness> {
        self.newer.likenesses(&self.older)
    }

    /// Where it stands.
    pub fn position(&self) -> DuplicatePosition {
        let (newer, older) = (&self.newer, &self.older);
        DuplicatePosition { at: newer.created_at(), newer: newer.id().as_uuid(), older: older.id().as_uuid() }
    }
}

/// A part of the pairs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DuplicateRows {
    /// The pairs.
    pub pairs: Vec<DuplicatePair>,
    /// The last lead that was looked at, if there may be more behind it.
    pub looked_up_to: Option<DuplicatePosition>,
}
