//! What this domain needs from the outside.

mod clients;
mod contact;
mod files;
mod store;
mod team;
mod transfer;

pub use clients::{ClientStore, ClientTx, InsertClientError};
pub use contact::{ContactReads, ContactWrites};
pub use files::{FileBytes, FileError, FileKey, Files, NewFile, Sha256Sum, StoredFile, WriteFileError, file_codes};
pub use store::{LeadStore, LeadTx, SaveLeadError};
pub use team::Team;
pub use transfer::{LeadBatch, TransferStore, TransferTx};
