//! The table of signing keys behind its ports.

mod entity;
mod mapping;
mod store;
mod tx;
