//! The laws, on a real Redis.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test reports by panicking, and says what it skips")]

use std::sync::Arc;

use ashlar_kernel::RateLimiter;
use ashlar_redis::{RedisRateLimiter, RedisStore};
use uuid::Uuid;

#[expect(
    clippy::disallowed_methods,
    reason = "tests find their servers in the environment, and need names of their own"
)]
async fn fresh() -> Option<Arc<dyn RateLimiter>> {
    let Ok(url) = std::env::var("ASHLAR_TEST_REDIS_URL") else {
        assert!(std::env::var("CI").is_err(), "ASHLAR_TEST_REDIS_URL is missing");
        eprintln!("skipped: ASHLAR_TEST_REDIS_URL is missing");
        return None;
    };
    let store = RedisStore::new(&url).unwrap();
    store.health().await.unwrap();
    Some(Arc::new(RedisRateLimiter::new(store, format!("test:{}:", Uuid::new_v4().simple()))))
}

ashlar_kernel::rate_limiter_contract!(fresh);
