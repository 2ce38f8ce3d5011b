//! The table of devices behind its ports.

mod entity;
mod mapping;
mod store;
mod tx;
