//! The `ashlar` server: composition, HTTP, configuration and command line.
//!
//! Handlers turn requests into commands and outcomes into answers; rules live in the domain crates, SQL in
//! `ashlar-sql`. [`compose`] is the only module that names adapters.

pub mod admin;
pub mod audit;
pub mod cli;
pub mod command;
pub mod compose;
pub mod config;
pub mod demo;
pub mod denials;
pub mod http;
pub mod import;
pub mod limits;
pub mod mail;
pub mod readings;
pub mod revocations;
pub mod signing_keys;
pub mod telemetry;
pub mod tenants;
#[cfg(test)]
mod testing;
pub mod work;
