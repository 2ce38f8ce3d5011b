//! The tables of leads behind their ports.

mod contact;
mod client_entity;
mod client_mapping;
mod clients;
mod entity;
mod list;
mod mapping;
mod store;
mod transfer;
mod tx;
