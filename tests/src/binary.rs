//! The real program, started and stopped as an operator does it.
//!
//! Everything here ends by panicking, as a test does, and waits for nothing without a limit.

mod api;
mod captured;
mod ledger;
mod postgres;
mod program;
mod python;
mod seed;
mod server;

use std::time::Duration;

pub use api::{Answer, Api};
pub use ledger::Ledger;
pub use postgres::PostgresDatabase;
pub use program::{Finished, Program};
pub use python::Python;
pub use seed::Seed;
pub use server::Server;

/// How long anything may take before the test gives up: far longer than it does on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A password that passes the rules.
pub const PASSWORD: &str = "tuba-mint-quarrel-9";

/// Says that a test did not run because this machine cannot run it.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub fn skipped(reason: &str) {
    eprintln!("skipped: {reason}");
}

/// Says that a test did not run because a tool is missing, which is a failure where `CI=true`.
#[expect(clippy::disallowed_methods, reason = "the contract of the test environment")]
pub fn skipped_for_want_of(tool: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{tool} is missing");
    skipped(&format!("{tool} is missing"));
}

/// Asks again and again until the answer is yes; whether it was, within `patience`.
pub async fn eventually<F: Future<Output = bool>>(patience: Duration, mut is_so: impl FnMut() -> F) -> bool {
    // A process tells nobody when it changes, so the only way to know is to look.
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(patience, looking).await.is_ok()
}
