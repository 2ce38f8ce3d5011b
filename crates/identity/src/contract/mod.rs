//! The laws of the identity ports, for adapters to prove themselves by.

pub mod key_ring;
pub mod password_hasher;
pub mod revocations;
pub mod session_cache;
pub mod sign_in_counters;
pub mod store;
pub mod token_signer;
pub mod vault;
