//! Whatever is wrong with a request, the answer is a problem document; and what is on every answer.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

#[path = "errors_http/bodies.rs"]
mod bodies;
#[path = "errors_http/browsers.rs"]
mod browsers;
#[path = "errors_http/limits.rs"]
mod limits;
#[path = "errors_http/pages.rs"]
mod pages;
#[path = "errors_http/routing.rs"]
mod routing;
#[path = "errors_http/tokens.rs"]
mod tokens;
