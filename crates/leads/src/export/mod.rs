//! Leads that go in a file: what of them, in which form, and how far a large file is.

mod column;
mod event;
mod job;
#[cfg(test)]
mod tests;
mod wish;

use ashlar_kernel::Id;

pub use column::{ExportColumn, ExportFormat};
pub use event::ExportEvent;
pub(crate) use event::export_event_specs;
pub use job::{ExportJob, ExportJobRow, ExportState};
pub use wish::ExportLeads;

/// Identifies an [`ExportJob`].
pub type ExportId = Id<ExportJob>;
