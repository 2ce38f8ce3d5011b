//! The limiter.

use std::sync::Arc;

use ashlar_kernel::RateLimiter;
use ashlar_redis::RedisRateLimiter;

async fn fresh() -> Option<Arc<dyn RateLimiter>> {
    let (store, prefix) = super::redis().await?;
    Some(Arc::new(RedisRateLimiter::new(store, prefix)))
}

ashlar_kernel::rate_limiter_contract!(fresh);
