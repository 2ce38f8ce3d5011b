//! What the SQL adapter promises, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

mod admin;
mod audit;
mod connecting;
mod constraints;
mod contract;
mod event_log;
mod faults;
mod jobs;
mod leads;
mod newsletter;
mod request_ledger;
mod schema;
mod sign_in_counters;
mod statements;
#[cfg(test)]
mod support;
