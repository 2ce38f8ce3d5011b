//! The laws of the house, read off the workspace itself.
//!
//! Every rule is a function from what it looks at to the list of its violations, and has a test that shows it one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

mod catalogue;
mod dependencies;
mod manifests;
mod repository;
mod rust_text;
mod sources;
mod workspace;

/// Fails with all violations, one a line.
#[track_caller]
fn insist_on_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
