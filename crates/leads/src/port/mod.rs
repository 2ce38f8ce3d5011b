//! What this domain needs from the outside.

mod contact;
mod store;
mod team;

pub use contact::{ContactReads, ContactWrites};
pub use store::{LeadStore, LeadTx, SaveLeadError};
pub use team::Team;
