//! The identity domain's tables behind its ports.

pub(crate) mod entity;
mod import;
mod mapping;
mod store;
mod tx;
