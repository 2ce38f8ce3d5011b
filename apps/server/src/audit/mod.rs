//! The audit trail for operators and auditors: checkpoints in a folder, verification, export.

mod archive;
mod export;
pub mod table;
mod verify;

pub use archive::CheckpointFolder;
pub use export::{ExportError, ExportStyle, FORMAT, export};
pub use table::ExportFormat;
pub use verify::{Evidence, Findings, KeptNote, TOLERATED_LAG, verify};
