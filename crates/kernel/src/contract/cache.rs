//! The laws every [`Cache`] obeys. [`cache_contract!`](crate::cache_contract) makes one test of each. They need a fresh
//! cache each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use chrono::TimeDelta;
use futures::future::{BoxFuture, join_all};
use uuid::Uuid;

use crate::{
    Cache, CacheKey, CacheTag, Freshness, Kept, Lifetime, MAX_CACHED_VALUE, NewEntry, TagVersions, TenantId, Timestamp,
};

/// What was put is returned byte for byte, whatever the bytes are, and the later of two replaces the earlier.
pub async fn what_was_put_is_returned(cache: Arc<dyn Cache>) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for value in [&b""[..], b"\0", b"one", &every_byte] {
        assert_eq!(put(&*cache, "a", value, &TagVersions::default()).await, Kept::Stored);
        assert_eq!(value_of(&*cache, "a").await.as_deref(), Some(value));
    }
}

/// What was not put is not there.
pub async fn unknown_keys_are_none(cache: Arc<dyn Cache>) {
    put(&*cache, "a", b"one", &TagVersions::default()).await;
    for name in ["", "b", "a:", "A"] {
        assert_eq!(value_of(&*cache, name).await, None, "{name:?}");
    }
}

/// Tenants and spaces are apart, also where one name continues as the other begins.
pub async fn tenants_and_spaces_are_apart(cache: Arc<dyn Cache>) {
    let keys = [
        CacheKey::new(TenantId::MAIN, "space", "a"),
        CacheKey::new(neighbour(), "space", "a"),
        CacheKey::new(TenantId::MAIN, "space:a", ""),
        CacheKey::new(TenantId::MAIN, "spac", "e:a"),
    ];
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(cache.get(key, moment(0)).await.unwrap(), None);
        let entry = entry(number.to_string().as_bytes(), &TagVersions::default());
        assert_eq!(cache.put(key, entry, moment(0)).await.unwrap(), Kept::Stored);
    }
    for (number, key) in keys.iter().enumerate() {
        let found = cache.get(key, moment(0)).await.unwrap().unwrap();
        assert_eq!(*found.value, *number.to_string().as_bytes());
    }
}

/// A value is fresh, then stale, then gone, to the millisecond; and gone for a clock that has stepped back.
pub async fn values_age(cache: Arc<dyn Cache>) {
    put(&*cache, "a", b"one", &TagVersions::default()).await;
    let at = async |milliseconds| {
        let found = cache.get(&key("a"), moment(milliseconds)).await.unwrap();
        found.map(|found| found.freshness)
    };
    assert_eq!(at(0).await, Some(Freshness::Fresh));
    assert_eq!(at(59_999).await, Some(Freshness::Fresh));
    assert_eq!(at(60_000).await, Some(Freshness::Stale));
    assert_eq!(at(179_999).await, Some(Freshness::Stale));
    assert_eq!(at(180_000).await, None);
    assert_eq!(at(-1).await, None);
}

/// One step forgets every entry of a tag, at once, and no other entry.
pub async fn invalidated_tag_forgets_all_its_entries(cache: Arc<dyn Cache>) {
    let (ours, both) = (versions(&*cache, &["t"]).await, versions(&*cache, &["u", "t"]).await);
    let other = versions(&*cache, &["u"]).await;
    for number in 0..50 {
        assert_eq!(put(&*cache, &format!("ours {number}"), b"x", &ours).await, Kept::Stored);
    }
    put(&*cache, "both", b"x", &both).await;
    put(&*cache, "other", b"x", &other).await;
    put(&*cache, "none", b"x", &TagVersions::default()).await;

    cache.invalidate(&tag("t")).await.unwrap();

    for number in 0..50 {
        assert_eq!(value_of(&*cache, &format!("ours {number}")).await, None);
    }
    assert_eq!(value_of(&*cache, "both").await, None);
    assert!(value_of(&*cache, "other").await.is_some());
    assert!(value_of(&*cache, "none").await.is_some());
    let fresh = versions(&*cache, &["t"]).await;
    assert_eq!(put(&*cache, "ours 0", b"y", &fresh).await, Kept::Stored);
    assert_eq!(value_of(&*cache, "ours 0").await.as_deref(), Some(&b"y"[..]));
    assert_eq!(value_of(&*cache, "ours 1").await, None, "an invalidation is not taken back");
}

/// A value that was asked for before an invalidation and arrives after it is not remembered, nor does it displace one
/// that was asked for after it. How many invalidations there were is the same.
pub async fn value_from_before_an_invalidation_is_outdated(cache: Arc<dyn Cache>) {
    for again in 1..4 {
        let before = versions(&*cache, &["t"]).await;
        for _ in 0..again {
            cache.invalidate(&tag("t")).await.unwrap();
        }
        assert_eq!(put(&*cache, "a", b"old", &before).await, Kept::Outdated);
        assert_eq!(value_of(&*cache, "a").await, None);

        let after = versions(&*cache, &["t"]).await;
        assert_eq!(put(&*cache, "a", b"new", &after).await, Kept::Stored);
        assert_eq!(put(&*cache, "a", b"old", &before).await, Kept::Outdated);
        assert_eq!(value_of(&*cache, "a").await.as_deref(), Some(&b"new"[..]));
    }
}

/// A tag of one tenant is no tag of another.
pub async fn tags_of_tenants_are_apart(cache: Arc<dyn Cache>) {
    let ours = versions(&*cache, &["t"]).await;
    put(&*cache, "a", b"x", &ours).await;
    cache.invalidate(&CacheTag::new(neighbour(), "t")).await.unwrap();
    assert!(value_of(&*cache, "a").await.is_some());
}

/// What has no end in size is not taken, what is just small enough is.
pub async fn too_large_values_are_not_taken(cache: Arc<dyn Cache>) {
    let mut value = vec![7; MAX_CACHED_VALUE];
    assert_eq!(put(&*cache, "a", &value, &TagVersions::default()).await, Kept::Stored);
    assert_eq!(value_of(&*cache, "a").await.unwrap().len(), value.len());
    value.push(7);
    assert_eq!(put(&*cache, "b", &value, &TagVersions::default()).await, Kept::TooLarge);
    assert_eq!(value_of(&*cache, "b").await, None);
}

/// Runs a task beside others.
pub type Spawn = fn(BoxFuture<'static, ()>) -> BoxFuture<'static, ()>;

/// Readers fill the cache from a source that a writer changes and invalidates; whoever asks after an invalidation gets
/// nothing older than it. A cache that checks versions and stores in two steps, or counts versions from zero after it has
/// forgotten them, loses some of these rounds.
pub async fn no_race_brings_an_old_value_back(cache: Arc<dyn Cache>, spawn: Spawn) {
    let source = Arc::new(AtomicU64::new(0));
    let mut runners = Vec::new();
    for _ in 0..FILLERS {
        runners.push(spawn(Box::pin(fill(Arc::clone(&cache), Arc::clone(&source)))));
    }
    runners.push(spawn(Box::pin(change(Arc::clone(&cache), source))));
    join_all(runners).await;
}

const FILLERS: usize = 6;
const ROUNDS: u64 = 300;
/// Ends the race also when the writer has failed.
const MOST_FILLINGS: u32 = 100_000;

/// Lets other tasks run: a cache in memory never waits by itself.
async fn give_way() {
    let mut has_given_way = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_given_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn fill(cache: Arc<dyn Cache>, source: Arc<AtomicU64>) {
    for _ in 0..MOST_FILLINGS {
        if source.load(Ordering::SeqCst) >= ROUNDS {
            return;
        }
        give_way().await;
        let tags = versions(&*cache, &["t"]).await;
        let value = source.load(Ordering::SeqCst);
        put(&*cache, "a", &value.to_be_bytes(), &tags).await;
    }
}

async fn change(cache: Arc<dyn Cache>, source: Arc<AtomicU64>) {
    for round in 1..=ROUNDS {
        source.store(round, Ordering::SeqCst);
        cache.invalidate(&tag("t")).await.unwrap();
        for _ in 0..3 {
            if let Some(found) = value_of(&*cache, "a").await {
                let found = u64::from_be_bytes(found.try_into().unwrap());
                assert_eq!(found, round, "an old value is back");
            }
        }
    }
}

async fn put(cache: &dyn Cache, name: &str, value: &[u8], tags: &TagVersions) -> Kept {
    cache.put(&key(name), entry(value, tags), moment(0)).await.unwrap()
}

async fn value_of(cache: &dyn Cache, name: &str) -> Option<Vec<u8>> {
    cache.get(&key(name), moment(0)).await.unwrap().map(|found| found.value.to_vec())
}

async fn versions(cache: &dyn Cache, tags: &[&str]) -> TagVersions {
    let tags: Vec<_> = tags.iter().map(|name| tag(name)).collect();
    let versions = cache.versions(&tags).await.unwrap();
    let named: Vec<_> = versions.0.iter().map(|(tag, _)| tag.clone()).collect();
    assert_eq!(named, tags);
    versions
}

fn entry(value: &[u8], tags: &TagVersions) -> NewEntry {
    let lifetime = Lifetime { fresh_for: Duration::from_mins(1), stale_for: Duration::from_mins(2) };
    NewEntry { value: value.into(), lifetime, tags: tags.clone() }
}

fn key(name: &str) -> CacheKey {
    CacheKey::new(TenantId::MAIN, "law", name)
}

fn tag(name: &str) -> CacheTag {
    CacheTag::new(TenantId::MAIN, name)
}

fn neighbour() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(2))
}

fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::milliseconds(1_893_499_200_000 + milliseconds)
}

/// Makes one test of each law, under `#[tokio::test]`. The argument is the name of an async function without arguments
/// that answers a fresh cache as `Option<Arc<dyn Cache>>`, none where it cannot be had.
#[macro_export]
macro_rules! cache_contract {
    ($fresh:path) => {
        $crate::cache_contract!(@laws $fresh,
            what_was_put_is_returned,
            unknown_keys_are_none,
            tenants_and_spaces_are_apart,
            values_age,
            invalidated_tag_forgets_all_its_entries,
            value_from_before_an_invalidation_is_outdated,
            tags_of_tenants_are_apart,
            too_large_values_are_not_taken,
        );

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn no_race_brings_an_old_value_back() {
            if let Some(cache) = $fresh().await {
                let spawn: $crate::contract::cache::Spawn =
                    |task| Box::pin(async { tokio::spawn(task).await.expect("a task that does not panic") });
                $crate::contract::cache::no_race_brings_an_old_value_back(cache, spawn).await;
            }
        }
    };
    (@laws $fresh:path, $($law:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $law() {
            if let Some(cache) = $fresh().await {
                $crate::contract::cache::$law(cache).await;
            }
        }
    )+};
}
