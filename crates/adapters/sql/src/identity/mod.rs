//! The identity domain's tables behind its ports.

pub(crate) mod entity;
mod mapping;
mod store;
mod tx;

pub(crate) use mapping::HolderRow;
pub(crate) use store::with_holder;
