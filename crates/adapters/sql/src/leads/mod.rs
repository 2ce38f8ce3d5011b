//! The tables of leads behind their ports.

mod arms;
mod batch;
mod client_entity;
mod client_mapping;
mod clients;
mod contact;
mod duplicates;
mod entity;
mod export;
mod fragments;
mod gathering;
mod list;
mod mapping;
mod merge;
mod purge;
mod store;
mod tally;
mod transfer;
mod tx;
mod ways;

pub(crate) use self::gathering::Gathering;
