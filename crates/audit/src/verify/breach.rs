//! What is wrong with a trail.

use std::fmt;

use ashlar_kernel::TenantId;
use serde::Serialize;
use uuid::Uuid;

/// What was done to a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tampering {
    /// An event, its link or the end of the chain does not say what it said when it was sealed.
    Modified,
    /// An event or its link is gone.
    Deleted,
    /// Something was put in that was never sealed here.
    Inserted,
    /// It is all there, in another order.
    Reordered,
    /// The chain is whole, but another one than the checkpoints are about: it was computed anew.
    Forked,
    /// The chain ends before it should.
    Truncated,
    /// A checkpoint is not signed by the key.
    Forged,
}

impl Tampering {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
            Self::Forked => "forked",
            Self::Truncated => "truncated",
            Self::Forged => "forged",
        }
    }
}

/// The first thing that is wrong with the trail of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Whose trail.
    pub tenant: TenantId,
    /// What was done to it.
    pub kind: Tampering,
    /// The number of the first link that is wrong; none for what never had one.
    pub seq: Option<u64>,
    /// The last link that may be meant, where checkpoints say no more than that it is one of several.
    pub until: Option<u64>,
    /// The event, where there is one to name.
    pub event: Option<Uuid>,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the trail of tenant {}", self.kind.as_str(), self.tenant.as_uuid())?;
        match (self.seq, self.until) {
            (Some(seq), Some(until)) if until != seq => write!(f, ", one of the links {seq} to {until}")?,
            (Some(seq), _) => write!(f, ", link {seq}")?,
            (None, _) => {}
        }
        self.event.map_or(Ok(()), |event| write!(f, ", event {event}"))
    }
}
