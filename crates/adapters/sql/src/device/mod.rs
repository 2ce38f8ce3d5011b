//! The table of devices behind its ports.

pub(crate) mod entity;
pub(crate) mod mapping;
mod store;
mod tx;
