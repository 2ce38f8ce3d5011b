//! What this domain needs from the outside.

mod batch;
mod clients;
mod contact;
mod export;
mod files;
mod merge;
mod purge;
mod stats;
mod store;
mod team;
mod transfer;

pub use batch::{BatchWrites, Newcomer};
pub use clients::{ClientStore, ClientTx, InsertClientError};
pub use contact::{ContactReads, ContactWrites};
pub use export::{ExportStore, ExportTx};
pub use files::{
    FileBytes, FileError, FileKey, FileKeys, Files, NewFile, Sha256Sum, StoredFile, WriteFileError, file_codes,
};
pub use merge::{DuplicateReads, MergeWrites};
pub use purge::{BETWEEN_DIGITS, PurgeWrites, RefusedRow, Traces};
pub use stats::StatsReads;
pub use store::{LeadStore, LeadTx, SaveLeadError};
pub use team::Team;
pub use transfer::{LeadBatch, TransferStore, TransferTx};
