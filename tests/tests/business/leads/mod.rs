//! Leads: entered, found again, edited, moved along, and put away, also by processes that are killed.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod batches;
mod browsers;
mod clients;
mod contacts;
mod departures;
mod files;
mod forms;
mod kill_nine;
mod lists;
mod mergers;
mod pipeline;
mod records;
mod roles;
