//! Tenants are remembered. And a Redis that remembers them is killed, frozen and flushed under load: every answer stays
//! right, and it is used again when it is back.

#![expect(clippy::expect_used, reason = "a test reports by panicking")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ashlar_server::telemetry::metrics::Metrics;
use ashlar_tests::{Client, Database, OwnRedis, PASSWORD, Setup, TENANT, TestApp, binary::eventually, journeys};
use chrono::TimeDelta;
use serde_json::json;
use tokio::task::JoinSet;

journeys!(tenant_is_asked_for_once, tenant_that_does_not_exist_is_not_remembered);

const CLIENTS: usize = 8;
/// From the moment Redis is back.
const BACK: Duration = Duration::from_secs(2);
/// How long the load goes on while Redis is away.
const AWAY: Duration = Duration::from_secs(2);

/// The product, how often it asked the database for a tenant, and what it counts.
struct House {
    app: TestApp,
    lookups: Arc<AtomicUsize>,
    metrics: Metrics,
}

impl House {
    async fn on(database: Database, redis: Option<&OwnRedis>) -> Self {
        let lookups = Arc::new(AtomicUsize::new(0));
        let metrics = Arc::new(OnceLock::new());
        let (counted, told) = (Arc::clone(&lookups), Arc::clone(&metrics));
        let note: ashlar_sql::Observer = Arc::new(move |statement| {
            if statement.sql.contains(r#"WHERE "tenant"."slug" ="#) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let setup = Setup::on(database).watched_by(note);
        let setup = setup.change(move |state| drop(told.set(state.metrics.clone())));
        let setup = match redis {
            Some(redis) => setup.set("ASHLAR_REDIS_URL", &redis.url()),
            None => setup,
        };
        let app = setup.start().await;
        let metrics = metrics.get().expect("metrics").clone();
        Self { app, lookups, metrics }
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }

    /// How often the cache has given this kind of answer.
    fn answered(&self, result: &str) -> u64 {
        let text = self.metrics.render().expect("metrics");
        let line = format!(r#"cache_requests_total{{cache="tenants",result="{result}"}} "#);
        let found = text.lines().find_map(|known| known.strip_prefix(&line));
        found.map_or(0, |number| number.parse().expect("a number"))
    }

    async fn names(&self, token: &str, tenant: &str) -> (u16, String) {
        let answer = self.app.client.get("/api/v1/me").bearer(token).header(TENANT, tenant).send().await;
        if answer.status == 200 { (200, String::new()) } else { answer.problem() }
    }
}

async fn tenant_is_asked_for_once(database: Database) {
    let house = House::on(database, None).await;
    let ada = house.app.sign_up("ada").await.access;
    assert_eq!(house.lookups(), 0, "nobody named one");

    for _ in 0..10 {
        assert_eq!(house.names(&ada, "main").await.0, 200);
    }
    assert_eq!(house.lookups(), 1);
    assert_eq!((house.answered("miss"), house.answered("hit")), (1, 9));

    house.app.advance(TimeDelta::seconds(61));
    let again = house.app.sign_up("bob").await.access;
    assert_eq!(house.names(&again, "main").await.0, 200);
    assert_eq!(house.lookups(), 2, "a minute later it is asked for again");
}

async fn tenant_that_does_not_exist_is_not_remembered(database: Database) {
    let house = House::on(database, None).await;
    let ada = house.app.sign_up("ada").await.access;
    for _ in 0..3 {
        assert_eq!(house.names(&ada, "acme").await, (404, "not_found".to_owned()));
    }

    house.app.add_tenant(7, "acme").await;

    assert_eq!(house.names(&ada, "acme").await, (403, "tenant_mismatch".to_owned()), "known at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_redis_fails_no_question_and_is_used_again() {
    let Some(mut outage) = Outage::begin().await else { return };
    outage.redis.kill();
    outage.insist_that_the_database_answers().await;
    outage.redis.start_again();
    outage.insist_that_it_is_used_again().await;
    outage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_redis_fails_no_question_and_is_used_again() {
    let Some(outage) = Outage::begin().await else { return };
    outage.redis.freeze();
    outage.insist_that_the_database_answers().await;
    outage.redis.thaw();
    outage.insist_that_it_is_used_again().await;
    outage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flushed_redis_fails_no_question_and_is_filled_again() {
    let Some(outage) = Outage::begin().await else { return };
    for _ in 0..20 {
        let before = outage.house.lookups();
        outage.redis.flush();
        let asked = eventually(BACK, async || outage.house.lookups() > before).await;
        assert!(asked, "what was flushed is asked for again");
    }
    outage.insist_that_it_is_used_again().await;
    outage.end().await;
}

/// The product under load, each request of which names a tenant.
struct Outage {
    house: House,
    redis: OwnRedis,
    over: Arc<AtomicBool>,
    load: JoinSet<Answers>,
}

/// Wrong answers, and how many there were of any kind.
#[derive(Default, Debug)]
struct Answers {
    wrong: BTreeMap<(usize, u16, String), usize>,
    total: usize,
    slowest: Duration,
}

impl Outage {
    async fn begin() -> Option<Self> {
        let redis = OwnRedis::start()?;
        let house = House::on(Database::Sqlite, Some(&redis)).await;
        let ada = house.app.sign_up("ada").await.access;
        house.app.add_tenant(7, "acme").await;
        for _ in 0..20 {
            house.names(&ada, "main").await;
        }
        assert_eq!(house.lookups(), 1, "Redis remembers");
        assert!(redis.holds("ashlar:cache:"), "under a name of ours");
        let over = Arc::new(AtomicBool::new(false));
        let ask = |number| ask_until(number, house.app.client.clone(), ada.clone(), Arc::clone(&over));
        let load = (0..CLIENTS).map(ask).collect();
        Some(Self { house, redis, over, load })
    }

    /// The product says that its cache is away; meanwhile the load goes on.
    async fn insist_that_the_database_answers(&self) {
        let (began, before) = (Instant::now(), self.house.lookups());
        let away = eventually(Duration::from_secs(20), async || self.house.answered("unavailable") > 100).await;
        assert!(away, "nobody noticed");
        assert!(self.house.lookups() > before, "the database answers");
        tokio::time::sleep(AWAY.saturating_sub(began.elapsed())).await;
    }

    /// Redis answers the most asked questions within two seconds, and the database no longer.
    async fn insist_that_it_is_used_again(&self) {
        let before = self.house.answered("hit");
        let used = eventually(BACK, async || self.house.answered("hit") > before + 10).await;
        assert!(used, "not within {BACK:?}");
    }

    /// Every question was answered, and rightly.
    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for answers in self.load.join_all().await {
            assert!(answers.wrong.is_empty(), "{answers:?}");
            assert!(answers.total > 0 && answers.slowest < Duration::from_secs(5), "{answers:?}");
        }
    }
}

/// One question after the other: one's own tenant, another's, none that exists, and a sign-in in a foreign one.
async fn ask_until(number: usize, client: Client, token: String, over: Arc<AtomicBool>) -> Answers {
    let mut answers = Answers::default();
    let read = async |tenant: &str| client.get("/api/v1/me").bearer(&token).header(TENANT, tenant).send().await;
    while !over.load(Ordering::SeqCst) {
        let kind = answers.total % 16;
        let began = Instant::now();
        let (answer, wanted) = match kind {
            1 | 5 => (read("acme").await, (403, "tenant_mismatch")),
            9 => (read("nobody").await, (404, "not_found")),
            13 => {
                // Another name each time: one that fails again and again is locked.
                let identifier = format!("nobody-{number}-{}", answers.total);
                let form = json!({ "identifier": identifier, "password": PASSWORD });
                let login = client.post("/api/v1/auth/login").header(TENANT, "acme").json(&form);
                (login.send().await, (401, "invalid_credentials"))
            }
            _ => (read("main").await, (200, "")),
        };
        answers.slowest = answers.slowest.max(began.elapsed());
        let found = if answer.status == 200 { (200, String::new()) } else { answer.problem() };
        if (found.0, found.1.as_str()) != wanted {
            *answers.wrong.entry((kind, found.0, found.1)).or_default() += 1;
        }
        answers.total += 1;
    }
    answers
}
