//! The product as its clients see it: journeys over HTTP, races, faults, and the rules of the house.
//!
//! [`TestApp`] runs the whole product in process, on a database of its own and a clock that is moved by hand. Its
//! [`Client`] compares every answer with the description of the API, so that each test is also a test of that.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test reports by panicking")]
#![expect(clippy::missing_panics_doc, reason = "every function here may panic: that is how a test fails")]

pub mod answer;
pub mod app;
pub mod authenticator;
pub mod balancer;
pub mod binary;
pub mod client;
pub mod contract;
pub mod database;
pub mod jobs;
pub mod journeys;
pub mod keys;
pub mod leads;
pub mod leaks;
pub mod links;
pub mod mortal;
mod newsletter;
pub mod past;
pub mod people;
pub mod raw;
pub mod redis;
pub mod statistics;
pub mod stores;
pub mod tenancy;

pub use answer::Answer;
pub use app::{Setup, TestApp};
pub use authenticator::Authenticator;
pub use client::{Call, Client};
pub use database::Database;
pub use keys::Key;
pub use past::Past;
pub use people::{PASSWORD, SignedIn, TENANT};
pub use redis::OwnRedis;

#[cfg(doctest)]
mod documentation;
