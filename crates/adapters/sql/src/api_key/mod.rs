//! The tables of API keys behind their ports.

mod entity;
mod mapping;
mod store;
mod tx;
