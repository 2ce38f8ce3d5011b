//! Large exports.

mod entity;
mod mapping;
mod store;
mod tx;

pub(super) use store::exported_files;
