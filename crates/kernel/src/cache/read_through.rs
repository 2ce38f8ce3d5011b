//! Ask the cache first, and the source once.

use std::{
    collections::HashMap,
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Cache, CacheKey, CacheTag, Cached, Freshness, Lifetime, NewEntry, TagVersions};
use crate::{Clock, StoreError};

/// How a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheOutcome {
    /// By a fresh value.
    Hit,
    /// By a stale value, which is being replaced.
    Stale,
    /// By the source.
    Miss,
    /// By the source, because the cache did not answer.
    Unavailable,
}

impl CacheOutcome {
    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Miss => "miss",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Is told how each question was answered: the name of the cache, and the outcome.
pub type CacheWatch = Arc<dyn Fn(&'static str, CacheOutcome) + Send + Sync>;

/// Starts a task nobody waits for. The kernel knows no runtime.
pub type SpawnTask = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Under which key it is remembered.
    pub key: CacheKey,
    /// What it depends on.
    pub tags: Vec<CacheTag>,
}

type Outcome<T, E> = Result<T, Arc<E>>;
type Load<T, E> = Shared<BoxFuture<'static, Outcome<T, E>>>;

/// Answers from a cache, and asks the source for what the cache does not have.
///
/// * However many ask at once for what is missing, the source is asked once in this process, and all get its answer. It
///   goes on as long as one of them waits: whoever asked first may leave.
/// * A stale value is answered at once, while one task asks the source for the next.
/// * A failure of the source reaches everybody who waits for it, and is not remembered.
/// * A failure of the cache is a miss. Nothing that the cache does can fail a question.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use ashlar_kernel::{Cache, CacheKey, CacheTag, Lifetime, ReadThrough, StoreError, SystemClock, TenantId, Wanted};
/// # async fn example(cache: Arc<dyn Cache>) -> Result<(), Arc<StoreError>> {
/// let lifetime = Lifetime { fresh_for: Duration::from_secs(60), stale_for: Duration::from_secs(600) };
/// let spawn = Arc::new(|task| drop(task)); // `tokio::spawn`, in a server
/// let courses = ReadThrough::<Vec<String>, StoreError>::new("courses", cache, lifetime, Arc::new(SystemClock), spawn);
///
/// let tenant = TenantId::MAIN;
/// let wanted =
///     Wanted { key: CacheKey::new(tenant, "courses", "newest"), tags: vec![CacheTag::new(tenant, "courses")] };
/// let newest = courses.get(wanted, || Box::pin(async { Ok(vec!["Masonry".to_owned()]) })).await?;
///
/// // After the commit that changed a course:
/// courses.invalidate(&CacheTag::new(tenant, "courses")).await?;
/// # Ok(())
/// # }
/// ```
pub struct ReadThrough<T, E>(Arc<Inner<T, E>>);

impl<T, E> Clone for ReadThrough<T, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<T, E> {
    name: &'static str,
    cache: Arc<dyn Cache>,
    lifetime: Lifetime,
    clock: Arc<dyn Clock>,
    spawn: SpawnTask,
    watch: Option<CacheWatch>,
    flights: Mutex<HashMap<CacheKey, Flight<T, E>>>,
    next_flight: AtomicU64,
}

/// A question to the source that has not been answered yet.
struct Flight<T, E> {
    number: u64,
    tags: Vec<CacheTag>,
    load: WeakShared<BoxFuture<'static, Outcome<T, E>>>,
}

impl<T, E> ReadThrough<T, E>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    E: Error + Send + Sync + 'static,
{
    /// Asks `cache` first. `name` is what metrics call it; `spawn` runs refreshes behind the scenes.
    pub fn new(
        name: &'static str,
        cache: Arc<dyn Cache>,
        lifetime: Lifetime,
        clock: Arc<dyn Clock>,
        spawn: SpawnTask,
    ) -> Self {
        let (flights, next_flight) = (Mutex::default(), AtomicU64::default());
        Self(Arc::new(Inner { name, cache, lifetime, clock, spawn, watch: None, flights, next_flight }))
    }

    /// The same, telling `watch` how it does.
    #[must_use]
    pub fn watched_by(self, watch: CacheWatch) -> Self {
        let Inner { name, lifetime, .. } = *self.0;
        let (cache, clock, spawn) = (Arc::clone(&self.0.cache), Arc::clone(&self.0.clock), Arc::clone(&self.0.spawn));
        let (flights, next_flight) = (Mutex::default(), AtomicU64::default());
        Self(Arc::new(Inner { name, cache, lifetime, clock, spawn, watch: Some(watch), flights, next_flight }))
    }

    /// The value: the remembered one, or the one that `load` gets from the source.
    pub async fn get(
        &self,
        wanted: Wanted,
        load: impl FnOnce() -> BoxFuture<'static, Result<T, E>> + Send,
    ) -> Result<T, Arc<E>> {
        let inner = &self.0;
        let remembered = inner.cache.get(&wanted.key, inner.clock.now()).await;
        let outcome = match remembered.map(|found| found.as_ref().and_then(decoded)) {
            Ok(Some((value, Freshness::Fresh))) => {
                inner.note(CacheOutcome::Hit);
                return Ok(value);
            }
            Ok(Some((value, Freshness::Stale))) => {
                inner.note(CacheOutcome::Stale);
                if let (flight, true) = self.join(wanted, load) {
                    (inner.spawn)(flight.map(drop).boxed());
                }
                return Ok(value);
            }
            Ok(None) => CacheOutcome::Miss,
            Err(_gone) => CacheOutcome::Unavailable,
        };
        inner.note(outcome);
        self.join(wanted, load).0.await
    }

    /// Forgets every value that depends on `tag`. Who asks after this has returned gets nothing that was read before it
    /// was called, also from a question to the source that is under way in this process.
    ///
    /// An error means that other processes, and this one too, may answer the old values until they are gone by
    /// themselves.
    pub async fn invalidate(&self, tag: &CacheTag) -> Result<(), StoreError> {
        let invalidated = self.0.cache.invalidate(tag).await;
        self.0.flights().retain(|_, flight| !flight.tags.contains(tag));
        invalidated
    }

    /// The question that is under way or, true, a new one.
    fn join(&self, wanted: Wanted, load: impl FnOnce() -> BoxFuture<'static, Result<T, E>>) -> (Load<T, E>, bool) {
        let mut flights = self.0.flights();
        if let Some(under_way) = flights.get(&wanted.key).and_then(|flight| flight.load.upgrade()) {
            return (under_way, false);
        }
        let number = self.0.next_flight.fetch_add(1, Ordering::Relaxed);
        let (key, tags) = (wanted.key.clone(), wanted.tags.clone());
        let landing = Landing { inner: Arc::clone(&self.0), key: key.clone(), number };
        let flight = landing.fly(wanted, load()).boxed().shared();
        if let Some(load) = flight.downgrade() {
            flights.insert(key, Flight { number, tags, load });
        }
        (flight, true)
    }
}

impl<T, E> Inner<T, E> {
    fn flights(&self) -> std::sync::MutexGuard<'_, HashMap<CacheKey, Flight<T, E>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, outcome: CacheOutcome) {
        if let Some(watch) = &self.watch {
            watch(self.name, outcome);
        }
    }
}

/// Takes a question off the list when it is answered, and also when nobody waits for it any more.
struct Landing<T, E> {
    inner: Arc<Inner<T, E>>,
    key: CacheKey,
    number: u64,
}

impl<T, E> Drop for Landing<T, E> {
    fn drop(&mut self) {
        let mut flights = self.inner.flights();
        if flights.get(&self.key).is_some_and(|flight| flight.number == self.number) {
            flights.remove(&self.key);
        }
    }
}

impl<T, E> Landing<T, E>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    async fn fly(self, wanted: Wanted, load: BoxFuture<'static, Result<T, E>>) -> Outcome<T, E> {
        let cache = &self.inner.cache;
        // Before the source is asked: what is invalidated from now on makes the answer outdated.
        let versions = cache.versions(&wanted.tags).await;
        if versions.is_ok()
            && let Some(value) = self.landed().await
        {
            return Ok(value);
        }
        let value = load.await.map_err(Arc::new)?;
        if let Ok(tags) = versions {
            self.keep(&value, tags).await;
        }
        Ok(value)
    }

    /// What another question has brought between this one's look into the cache and its beginning.
    async fn landed(&self) -> Option<T> {
        let found = self.inner.cache.get(&self.key, self.inner.clock.now()).await.ok()??;
        decoded(&found).filter(|(_, freshness)| *freshness == Freshness::Fresh).map(|(value, _)| value)
    }

    /// A value that cannot be kept is as good an answer as one that can.
    async fn keep(&self, value: &T, tags: TagVersions) {
        let Ok(bytes) = serde_json::to_vec(value) else { return };
        let entry = NewEntry { value: bytes.into(), lifetime: self.inner.lifetime, tags };
        let _kept = self.inner.cache.put(&self.key, entry, self.inner.clock.now()).await;
    }
}

/// Nothing, if another version of the program has written it in another form.
fn decoded<T: DeserializeOwned>(cached: &Cached) -> Option<(T, Freshness)> {
    serde_json::from_slice(&cached.value).ok().map(|value| (value, cached.freshness))
}
