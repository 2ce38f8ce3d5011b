//! The limiter.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_kernel::RateLimiter;
use ashlar_memory::MemoryRateLimiter;

fn fresh() -> Ready<Option<Arc<dyn RateLimiter>>> {
    ready(Some(Arc::new(MemoryRateLimiter::new())))
}

ashlar_kernel::rate_limiter_contract!(fresh);
