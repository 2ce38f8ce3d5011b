//! Imports, and many leads at once.

mod batch;
mod columns;
mod entity;
mod mapping;
mod store;
mod tx;
