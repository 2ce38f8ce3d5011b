//! The tables of leads behind their ports.

mod contact;
mod entity;
mod list;
mod mapping;
mod store;
mod transfer;
mod tx;
