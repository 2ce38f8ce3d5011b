//! The cache.

use std::{sync::Arc, time::Duration};

use ashlar_kernel::{Cache, CacheKey, CacheTag, Entropy, Kept, Lifetime, NewEntry, TagVersions, TenantId, Timestamp};
use ashlar_redis::RedisCache;
use uuid::Uuid;

struct Random;

impl Entropy for Random {
    #[expect(clippy::disallowed_methods, reason = "versions that no other test run has")]
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(16) {
            let bytes = *Uuid::new_v4().as_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

async fn fresh() -> Option<Arc<dyn Cache>> {
    let (store, prefix) = super::redis().await?;
    Some(Arc::new(RedisCache::new(store, prefix, Arc::new(Random))))
}

ashlar_kernel::cache_contract!(fresh);

fn entry(milliseconds: u64, tags: TagVersions) -> NewEntry {
    let lifetime = Lifetime { fresh_for: Duration::from_millis(milliseconds), stale_for: Duration::ZERO };
    NewEntry { value: b"x"[..].into(), lifetime, tags }
}

/// Redis keeps nothing for longer than it is good, whatever the clocks of its users say.
#[tokio::test]
async fn redis_itself_forgets_what_has_run_out() {
    let Some(cache) = fresh().await else { return };
    let (key, now) = (CacheKey::new(TenantId::MAIN, "law", "a"), Timestamp::UNIX_EPOCH);
    assert_eq!(cache.put(&key, entry(60, TagVersions::default()), now).await.unwrap(), Kept::Stored);
    assert!(cache.get(&key, now).await.unwrap().is_some());
    // Real time, since Redis lives in it.
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(cache.get(&key, now).await.unwrap(), None);
}

/// A tag outlives the entries that carry it, and a new one begins where nobody ever was.
#[tokio::test]
async fn forgotten_tag_revives_nothing() {
    let Some((store, prefix)) = super::redis().await else { return };
    let cache = RedisCache::new(store, prefix, Arc::new(Random));
    let tag = [CacheTag::new(TenantId::MAIN, "t")];
    let before = cache.versions(&tag).await.unwrap();
    let (key, now) = (CacheKey::new(TenantId::MAIN, "law", "a"), Timestamp::UNIX_EPOCH);
    cache.put(&key, entry(60_000, before.clone()), now).await.unwrap();

    // What an eviction, a flush or an invalidation does: the three are one.
    cache.invalidate(&tag[0]).await.unwrap();
    let after = cache.versions(&tag).await.unwrap();

    assert_ne!(before, after);
    assert_eq!(cache.get(&key, now).await.unwrap(), None);
}
