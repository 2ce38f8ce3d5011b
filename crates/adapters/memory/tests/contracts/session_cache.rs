//! The cache.

ashlar_identity::session_cache_contract!(ashlar_memory::MemorySessionCache::new);
