//! What this domain needs from the outside.

mod store;
mod team;

pub use store::{LeadStore, LeadTx, SaveLeadError};
pub use team::Team;
