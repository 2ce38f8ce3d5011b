//! What this process remembers for a while.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ashlar_kernel::{
    Cache, CacheKey, CacheTag, Cached, Kept, Lifetime, MAX_CACHED_VALUE, NewEntry, StoreError, TagVersion, TagVersions,
    Timestamp,
};
use async_trait::async_trait;
use moka::policy::EvictionPolicy;

const DEFAULT_BYTES: u64 = 64 * 1024 * 1024;
/// Tags that are remembered at once. To forget one is to invalidate it.
const MAX_TAGS: u64 = 100_000;
/// What an entry takes besides its key and value, about.
const OVERHEAD: usize = 200;

/// Remembers in this process, in at most so many bytes; who was not asked for longest makes room.
///
/// Also the server's own cache where there is no Redis.
pub struct MemoryCache {
    entries: moka::sync::Cache<String, Entry>,
    tags: moka::sync::Cache<String, TagVersion>,
    next_version: AtomicU64,
}

#[derive(Clone)]
struct Entry {
    value: Arc<[u8]>,
    lifetime: Lifetime,
    stored: Timestamp,
    tags: Vec<(String, TagVersion)>,
}

impl MemoryCache {
    /// At most 64 MiB.
    pub fn new() -> Self {
        Self::of_bytes(DEFAULT_BYTES)
    }

    /// At most `bytes`, as far as they can be told.
    pub fn of_bytes(bytes: u64) -> Self {
        let weigh = |key: &String, entry: &Entry| {
            let tags: usize = entry.tags.iter().map(|(name, _)| name.len() + size_of::<TagVersion>()).sum();
            u32::try_from(OVERHEAD + key.len() + entry.value.len() + tags).unwrap_or(u32::MAX)
        };
        let entries = moka::sync::Cache::builder().max_capacity(bytes).weigher(weigh);
        let entries = entries.eviction_policy(EvictionPolicy::lru()).build();
        Self { entries, tags: moka::sync::Cache::new(MAX_TAGS), next_version: AtomicU64::new(1) }
    }

    fn are_current(&self, tags: &[(String, TagVersion)]) -> bool {
        tags.iter().all(|(name, version)| self.tags.get(name) == Some(*version))
    }

    /// A version that no tag ever had.
    fn new_version(&self) -> TagVersion {
        TagVersion(self.next_version.fetch_add(1, Ordering::Relaxed).into())
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &CacheKey, now: Timestamp) -> Result<Option<Cached>, StoreError> {
        let found = self.entries.get(&key.as_text()).filter(|entry| self.are_current(&entry.tags));
        Ok(found.and_then(|Entry { value, lifetime, stored, .. }| {
            lifetime.freshness(stored, now).map(|freshness| Cached { value, freshness })
        }))
    }

    async fn versions(&self, tags: &[CacheTag]) -> Result<TagVersions, StoreError> {
        let version = |tag: &CacheTag| self.tags.get_with(tag.as_text(), || self.new_version());
        Ok(TagVersions(tags.iter().map(|tag| (tag.clone(), version(tag))).collect()))
    }

    async fn put(&self, key: &CacheKey, entry: NewEntry, now: Timestamp) -> Result<Kept, StoreError> {
        let NewEntry { value, lifetime, tags: TagVersions(tags) } = entry;
        if value.len() > MAX_CACHED_VALUE {
            return Ok(Kept::TooLarge);
        }
        let tags: Vec<_> = tags.into_iter().map(|(tag, version)| (tag.as_text(), version)).collect();
        // Whoever invalidates between this question and the next line is obeyed by who reads: versions are compared
        // there too.
        if !self.are_current(&tags) {
            return Ok(Kept::Outdated);
        }
        self.entries.insert(key.as_text(), Entry { value, lifetime, stored: now, tags });
        Ok(Kept::Stored)
    }

    async fn invalidate(&self, tag: &CacheTag) -> Result<(), StoreError> {
        // A tag without a version matches no entry.
        self.tags.invalidate(&tag.as_text());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ashlar_kernel::TenantId;
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn a_flood_of_values_stays_within_the_bytes() {
        let cache = MemoryCache::of_bytes(1_000_000);
        let lifetime = Lifetime { fresh_for: Duration::from_hours(1), stale_for: Duration::ZERO };
        for number in 0..10_000 {
            let key = CacheKey::new(TenantId::MAIN, "flood", number.to_string());
            let entry = NewEntry { value: vec![0; 1_000].into(), lifetime, tags: TagVersions::default() };
            block_on(cache.put(&key, entry, Timestamp::UNIX_EPOCH)).unwrap();
        }
        cache.entries.run_pending_tasks();
        assert!(cache.entries.weighted_size() <= 1_000_000, "{}", cache.entries.weighted_size());
        assert!(cache.entries.entry_count() > 500);
    }
}
