//! The tables of leads behind their ports.

mod client_entity;
mod client_mapping;
mod clients;
mod contact;
mod entity;
mod list;
mod mapping;
mod store;
mod transfer;
mod tx;
