//! Reading through a cache: one question to the source, stale answers at once, and failures.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ashlar_kernel::{
    Cache, CacheKey, CacheOutcome, CacheTag, Cached, Clock, Kept, Lifetime, NewEntry, ReadThrough, StoreError,
    TagVersions, TenantId, Timestamp, Wanted,
};
use ashlar_memory::{ManualClock, MemoryCache};
use async_trait::async_trait;
use chrono::TimeDelta;
use futures::{
    FutureExt,
    channel::oneshot,
    executor::block_on,
    future::{BoxFuture, join_all},
};

/// A cache that can go away.
#[derive(Default)]
struct Fickle {
    cache: MemoryCache,
    is_gone: AtomicBool,
}

impl Fickle {
    fn there(&self) -> Result<&MemoryCache, StoreError> {
        if self.is_gone.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("gone".into()));
        }
        Ok(&self.cache)
    }
}

#[async_trait]
impl Cache for Fickle {
    async fn get(&self, key: &CacheKey, now: Timestamp) -> Result<Option<Cached>, StoreError> {
        self.there()?.get(key, now).await
    }

    async fn versions(&self, tags: &[CacheTag]) -> Result<TagVersions, StoreError> {
        self.there()?.versions(tags).await
    }

    async fn put(&self, key: &CacheKey, entry: NewEntry, now: Timestamp) -> Result<Kept, StoreError> {
        self.there()?.put(key, entry, now).await
    }

    async fn invalidate(&self, tag: &CacheTag) -> Result<(), StoreError> {
        self.there()?.invalidate(tag).await
    }
}

struct Desk {
    cache: Arc<Fickle>,
    clock: Arc<ManualClock>,
    reading: ReadThrough<String, StoreError>,
    /// What is to be done behind the scenes.
    tasks: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
    outcomes: Arc<Mutex<Vec<CacheOutcome>>>,
    asked: Arc<AtomicUsize>,
}

fn desk() -> Desk {
    let (cache, clock) = (Arc::new(Fickle::default()), Arc::new(ManualClock::at("2030-01-01T12:00:00Z")));
    let (tasks, outcomes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let lifetime = Lifetime { fresh_for: Duration::from_mins(1), stale_for: Duration::from_mins(2) };
    let (later, noted) = (Arc::clone(&tasks), Arc::clone(&outcomes));
    let reading = ReadThrough::new(
        "test",
        Arc::clone(&cache) as Arc<dyn Cache>,
        lifetime,
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::new(move |task| later.lock().unwrap().push(task)),
    );
    let reading = reading.watched_by(Arc::new(move |name, outcome| {
        assert_eq!(name, "test");
        noted.lock().unwrap().push(outcome);
    }));
    Desk { cache, clock, reading, tasks, outcomes, asked: Arc::default() }
}

fn wanted() -> Wanted {
    Wanted { key: CacheKey::new(TenantId::MAIN, "test", "a"), tags: vec![tag()] }
}

fn tag() -> CacheTag {
    CacheTag::new(TenantId::MAIN, "t")
}

impl Desk {
    /// Asks; the source answers `answer` at once.
    async fn get(&self, answer: &str) -> String {
        let answer = answer.to_owned();
        self.ask(async move { Ok(answer) }.boxed()).await.unwrap()
    }

    async fn ask(&self, source: BoxFuture<'static, Result<String, StoreError>>) -> Result<String, Arc<StoreError>> {
        let asked = Arc::clone(&self.asked);
        let load = move || {
            async move {
                asked.fetch_add(1, Ordering::SeqCst);
                source.await
            }
            .boxed()
        };
        self.reading.get(wanted(), load).await
    }

    fn run_tasks(&self) -> usize {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        let count = tasks.len();
        block_on(join_all(tasks));
        count
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn outcomes(&self) -> Vec<CacheOutcome> {
        std::mem::take(&mut *self.outcomes.lock().unwrap())
    }
}

/// A source that answers when it is told to.
fn slow() -> (oneshot::Sender<&'static str>, BoxFuture<'static, Result<String, StoreError>>) {
    let (answer, answered) = oneshot::channel::<&'static str>();
    let source = async { answered.await.map(str::to_owned).map_err(|gone| StoreError::Unavailable(gone.into())) };
    (answer, source.boxed())
}

/// A source that nobody may ask.
fn never() -> BoxFuture<'static, Result<String, StoreError>> {
    async { Err(StoreError::internal("the source was asked twice")) }.boxed()
}

#[test]
fn what_was_asked_for_once_is_remembered() {
    let desk = desk();
    assert_eq!(block_on(desk.get("one")), "one");
    assert_eq!(block_on(desk.get("two")), "one");
    assert_eq!(desk.asked(), 1);
    assert_eq!(desk.outcomes(), [CacheOutcome::Miss, CacheOutcome::Hit]);
}

#[test]
fn however_many_ask_the_source_is_asked_once() {
    let desk = desk();
    let (answer, source) = slow();
    let first = desk.ask(source);
    let others = (0..100).map(|_| desk.ask(never()));
    let all = join_all(std::iter::once(first.boxed()).chain(others.map(FutureExt::boxed)));
    let answers = block_on(async {
        let mut all = std::pin::pin!(all);
        assert!(futures::poll!(all.as_mut()).is_pending());
        answer.send("one").unwrap();
        all.await
    });
    assert_eq!(answers.len(), 101);
    assert!(answers.into_iter().all(|answer| answer.unwrap() == "one"));
    assert_eq!(desk.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn race_of_many_threads_asks_the_source_once_each_round() {
    let desk = Arc::new(desk());
    for round in 1..=100 {
        desk.reading.invalidate(&tag()).await.unwrap();
        let runners = (0..16).map(|_| tokio::spawn(get_alone(Arc::clone(&desk), round.to_string())));
        for answer in join_all(runners).await {
            assert_eq!(answer.unwrap(), round.to_string());
        }
        assert_eq!(desk.asked(), round);
    }
}

async fn get_alone(desk: Arc<Desk>, answer: String) -> String {
    desk.get(&answer).await
}

#[test]
fn who_asked_first_may_leave() {
    let desk = desk();
    let (answer, source) = slow();
    block_on(async {
        let mut first = Box::pin(desk.ask(source));
        assert!(futures::poll!(first.as_mut()).is_pending());
        let mut second = Box::pin(desk.ask(never()));
        assert!(futures::poll!(second.as_mut()).is_pending());
        drop(first);
        answer.send("one").unwrap();
        assert_eq!(second.await.unwrap(), "one");
        // And when all leave, the next one asks anew.
        desk.reading.invalidate(&tag()).await.unwrap();
        let (_kept, source) = slow();
        let mut third = Box::pin(desk.ask(source));
        assert!(futures::poll!(third.as_mut()).is_pending());
        drop(third);
        assert_eq!(desk.get("two").await, "two");
    });
}

#[test]
fn stale_value_is_answered_at_once_and_replaced_once() {
    let desk = desk();
    block_on(desk.get("one"));
    desk.clock.advance(TimeDelta::seconds(61));
    for _ in 0..5 {
        assert_eq!(block_on(desk.get("two")), "one");
    }
    assert_eq!(desk.asked(), 1, "nobody waits");
    assert_eq!(desk.run_tasks(), 1);
    assert_eq!(desk.asked(), 2);
    assert_eq!(block_on(desk.get("three")), "two");
    assert_eq!(desk.outcomes()[1..6], [CacheOutcome::Stale; 5]);
}

#[test]
fn value_that_is_gone_is_waited_for() {
    let desk = desk();
    block_on(desk.get("one"));
    desk.clock.advance(TimeDelta::seconds(180));
    assert_eq!(block_on(desk.get("two")), "two");
}

#[test]
fn failure_reaches_all_who_wait_and_is_not_remembered() {
    let desk = desk();
    let (answer, source) = slow();
    block_on(async {
        let mut both = Box::pin(futures::future::join(desk.ask(source), desk.ask(never())));
        assert!(futures::poll!(both.as_mut()).is_pending());
        drop(answer);
        let (first, second) = both.await;
        assert!(matches!(*first.unwrap_err(), StoreError::Unavailable(_)));
        assert!(matches!(*second.unwrap_err(), StoreError::Unavailable(_)), "the same failure, not another");
        assert_eq!(desk.get("two").await, "two");
    });
    assert_eq!(desk.asked(), 2);
}

#[test]
fn failed_refresh_leaves_the_stale_value() {
    let desk = desk();
    block_on(desk.get("one"));
    desk.clock.advance(TimeDelta::seconds(61));
    assert_eq!(block_on(desk.ask(never())).unwrap(), "one");
    assert_eq!(desk.run_tasks(), 1);
    assert_eq!(block_on(desk.get("two")), "one");
    assert_eq!(desk.run_tasks(), 1, "the next one tries again");
    assert_eq!(block_on(desk.get("three")), "two");
}

#[test]
fn who_asks_after_an_invalidation_gets_nothing_from_before() {
    let desk = desk();
    let (answer, source) = slow();
    block_on(async {
        let mut before = Box::pin(desk.ask(source));
        assert!(futures::poll!(before.as_mut()).is_pending());
        desk.reading.invalidate(&tag()).await.unwrap();
        assert_eq!(desk.get("new").await, "new");
        answer.send("old").unwrap();
        assert_eq!(before.await.unwrap(), "old", "it was asked for before");
        assert_eq!(desk.get("newer").await, "new", "what arrived late is not remembered");
    });
}

#[test]
fn cache_that_is_gone_fails_nobody() {
    let desk = desk();
    desk.cache.is_gone.store(true, Ordering::SeqCst);
    assert_eq!(block_on(desk.get("one")), "one");
    assert_eq!(block_on(desk.get("two")), "two");
    assert_eq!(desk.outcomes(), [CacheOutcome::Unavailable; 2]);
    assert!(block_on(desk.reading.invalidate(&tag())).is_err(), "this is for the caller to know");

    desk.cache.is_gone.store(false, Ordering::SeqCst);
    assert_eq!(block_on(desk.get("three")), "three");
    assert_eq!(block_on(desk.get("four")), "three");
}

#[test]
fn source_is_asked_once_also_without_the_cache() {
    let desk = desk();
    desk.cache.is_gone.store(true, Ordering::SeqCst);
    let (answer, source) = slow();
    block_on(async {
        let mut both = Box::pin(futures::future::join(desk.ask(source), desk.ask(never())));
        assert!(futures::poll!(both.as_mut()).is_pending());
        answer.send("one").unwrap();
        let (first, second) = both.await;
        assert_eq!((first.unwrap(), second.unwrap()), ("one".to_owned(), "one".to_owned()));
    });
}

#[test]
fn value_of_another_form_is_a_miss() {
    let desk = desk();
    let lifetime = Lifetime { fresh_for: Duration::from_mins(1), stale_for: Duration::ZERO };
    let entry = NewEntry { value: b"{not json"[..].into(), lifetime, tags: TagVersions::default() };
    block_on(desk.cache.put(&wanted().key, entry, desk.clock.now())).unwrap();
    assert_eq!(block_on(desk.get("one")), "one");
}
