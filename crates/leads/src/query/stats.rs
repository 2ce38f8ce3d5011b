//! How many leads there are of what kind.

use ashlar_kernel::TenantId;
use chrono::NaiveDate;

/// By what leads are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TallyKind {
    /// By where they stand.
    Status,
    /// By how they came.
    Source,
    /// By what they want; nothing if that is not known.
    Category,
    /// By the day on which they came, in UTC, as in `2026-01-31`.
    Day,
}

impl TallyKind {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Source => "source",
            Self::Category => "category",
            Self::Day => "day",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        [Self::Status, Self::Source, Self::Category, Self::Day].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A number of leads. There is none of nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tally {
    /// By what they are counted.
    pub kind: TallyKind,
    /// The value that they have in common.
    pub value: String,
    /// How many.
    pub leads: u64,
}

/// Which leads to count: those that were not put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsQuery {
    /// Whose.
    pub tenant: TenantId,
    /// That came on this day or later.
    pub from: NaiveDate,
    /// That came on this day or earlier.
    pub to: NaiveDate,
}
