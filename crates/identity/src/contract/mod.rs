//! The laws of the identity ports, for adapters to prove themselves by.

pub mod session_cache;
pub mod store;
