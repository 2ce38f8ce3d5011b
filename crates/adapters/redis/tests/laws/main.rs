//! The laws, on a real Redis.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test reports by panicking, and says what it skips")]

mod brake;
mod cache;
mod rate_limiter;
mod revocations;

use std::time::Duration;

use ashlar_redis::RedisStore;
use uuid::Uuid;

/// A Redis, and a prefix that nobody else uses; none, visibly, where there is no Redis.
#[expect(
    clippy::disallowed_methods,
    reason = "tests find their servers in the environment, and need names of their own"
)]
async fn redis() -> Option<(RedisStore, String)> {
    let Ok(url) = std::env::var("ASHLAR_TEST_REDIS_URL") else {
        assert!(std::env::var("CI").is_err(), "ASHLAR_TEST_REDIS_URL is missing");
        eprintln!("skipped: ASHLAR_TEST_REDIS_URL is missing");
        return None;
    };
    let store = RedisStore::with_patience(&url, Duration::from_secs(10)).unwrap(); // neighbours keep this machine busy
    store.health().await.unwrap();
    Some((store, format!("test:{}:", Uuid::new_v4().simple())))
}
