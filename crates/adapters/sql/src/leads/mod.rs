//! The tables of leads behind their ports.

mod batch;
mod client_entity;
mod client_mapping;
mod clients;
mod contact;
mod entity;
mod list;
mod mapping;
mod store;
mod tally;
mod transfer;
mod tx;
