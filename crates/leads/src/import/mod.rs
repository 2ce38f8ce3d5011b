//! Leads that come in a file: how the file is read, and how far the work is.

mod batch;
mod decode;
mod event;
mod extras;
mod fields;
mod guard;
mod job;
mod options;
mod records;
mod row;
#[cfg(test)]
mod tests;

use ashlar_kernel::Id;

pub(crate) use batch::{Batch, Checked, Ground, fingerprint};
pub use batch::{LeadKeys, Outcome};
pub use decode::{Decoder, Undecodable};
pub use event::ImportEvent;
pub(crate) use event::import_event_specs;
pub use fields::{ImportField, Plan};
pub use guard::{guard, unguard};
pub(crate) use job::Progress;
pub use job::{ImportCounts, ImportJob, ImportJobRow, ImportState, NewImport};
pub use options::{ImportKey, ImportMode, ImportOptions, ImportOptionsInput, OnConflict};
pub use records::{Record, RecordFault, Records};
pub(crate) use row::{Wish, wish_input};

/// Identifies an [`ImportJob`].
pub type ImportId = Id<ImportJob>;

/// What is wrong with a row of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Counts what is wrong with the rows of a file, from 1.
    pub number: u64,
    /// Which row: the header, if there is one, is the first.
    pub row: u64,
    /// Which field; empty if it is the row.
    pub field: String,
    /// What it is called.
    pub code: String,
    /// What it is.
    pub message: String,
    /// The row as it came.
    pub cells: Vec<String>,
}

// Rows hold personal data.
impl std::fmt::Debug for RowFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowFault(row {}, {} {})", self.row, self.field, self.code)
    }
}
