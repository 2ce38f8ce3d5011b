//! Redis 7 (or Valkey) behind Ashlar's ports.
//!
//! The crate promises that a limit holds over all processes that share a Redis, counted in one atomic step; and that a
//! Redis that is gone, frozen or slow costs a request at most 50 milliseconds once a second: every command has that
//! long, and after one that failed nobody asks for a second.
//!
//! It deliberately decides nothing about what to do then: it answers
//! [`Unavailable`](ashlar_kernel::StoreError::Unavailable), and whoever composes it has another limiter at hand. Nothing
//! that Redis alone knows is worth keeping: it may be flushed at any time.

mod brake;
mod cache;
mod connection;
mod rate_limiter;
mod revocations;

pub use brake::RedisBrake;
pub use cache::RedisCache;
pub use connection::{InvalidRedisUrl, RedisStore};
pub use rate_limiter::RedisRateLimiter;
pub use revocations::RedisRevocations;
