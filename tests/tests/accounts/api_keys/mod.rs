//! API keys over HTTP: made and ended by people, used by programs.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod hostile;
mod making;
mod processes;
mod publishable;
mod rotating;
mod using;
