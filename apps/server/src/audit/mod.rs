//! The audit trail for operators and auditors: checkpoints in a folder, verification, export.

mod archive;
mod export;
mod verify;

pub use archive::CheckpointFolder;
pub use export::{ExportError, FORMAT, export};
pub use verify::{Evidence, Findings, TOLERATED_LAG, verify};
