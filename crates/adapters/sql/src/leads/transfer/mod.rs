//! Imports, and many leads at once.

mod batch;
mod columns;
mod entity;
mod mapping;
mod purge;
mod store;
mod tx;

pub(super) use batch::insert_tags;
pub(super) use store::waiting_files;
