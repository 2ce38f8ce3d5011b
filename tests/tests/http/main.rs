//! What holds for the whole API, whatever the domain.
//!
//! One program for all of them: each one on its own would link the whole server once more.

mod bola;
mod errors_http;
mod hostile_strings;
mod idempotency;
mod journeys_flow;
mod openapi_answers;
mod rate_limits;
mod route_coverage;
mod statement_counts;
mod tenant_cache;
