//! The doubles obey the laws of the ports they stand in for.

mod admin;
mod audit;
mod brake;
mod cache;
mod export_store;
mod files;
mod identity_store;
mod jobs;
mod kernel;
mod lead_store;
mod mailer;
mod newsletter;
mod password_hasher;
mod rate_limiter;
mod request_ledger;
mod revocations;
mod session_cache;
mod sign_in_counters;
mod token_signer;
mod transfer_store;
