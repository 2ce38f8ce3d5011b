//! The tables of leads behind their ports.

mod batch;
mod contact;
mod entity;
mod list;
mod mapping;
mod store;
mod tally;
mod tx;
