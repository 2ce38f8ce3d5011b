//! The laws of places for files, on a folder and on a bucket; and what happens when they fail.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod bucket;
mod folder;
