//! The identity domain's tables behind its ports.

mod administration_tx;
mod directory;
pub(crate) mod entity;
mod mapping;
mod store;
mod tx;
