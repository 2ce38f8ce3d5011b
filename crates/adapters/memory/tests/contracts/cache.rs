//! The cache.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_kernel::Cache;
use ashlar_memory::MemoryCache;

fn fresh() -> Ready<Option<Arc<dyn Cache>>> {
    ready(Some(Arc::new(MemoryCache::new())))
}

ashlar_kernel::cache_contract!(fresh);
