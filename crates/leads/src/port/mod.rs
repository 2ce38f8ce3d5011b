//! What this domain needs from the outside.

mod batch;
mod contact;
mod stats;
mod store;
mod team;

pub use batch::{BatchReads, BatchWrites, Newcomer};
pub use contact::{ContactReads, ContactWrites};
pub use stats::StatsReads;
pub use store::{LeadStore, LeadTx, SaveLeadError};
pub use team::Team;
