//! Databases that fail, and processes that are killed, under the real program.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod kill_nine;
mod postgres;
mod sqlite;
