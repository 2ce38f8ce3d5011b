//! Leads that come and go in files: over HTTP, and by processes that are killed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

mod attacks;
mod exports;
mod kill_nine;
mod killed_exports;
mod transfers;
