//! Whatever is wrong with a request, the answer is a problem document; and what is on every answer.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod bodies;
mod browsers;
mod limits;
mod pages;
mod routing;
mod tokens;
