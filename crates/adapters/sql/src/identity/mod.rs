//! The identity domain's tables behind its ports.

mod administration_tx;
mod bootstrap;
mod counters;
mod directory;
pub(crate) mod entity;
mod erasure;
mod import;
mod links;
mod login_history;
mod mapping;
mod second_factor;
mod store;
mod tx;

pub(crate) use mapping::HolderRow;
pub(crate) use store::with_holder;
