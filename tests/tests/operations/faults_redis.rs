//! A Redis that is killed, frozen and flushed while the product works: no request fails, no door opens, and it is used
//! again when it is back.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ashlar_tests::{Client, Database, OwnRedis, PASSWORD, Setup, TestApp, binary::eventually};
use tokio::task::JoinSet;

const CLIENTS: usize = 8;
/// From the moment Redis is back; the product looks for it once a second.
const BACK: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_redis_opens_no_door_and_fails_no_request() {
    let Some(mut outage) = Outage::begin().await else { return };
    outage.redis.kill();
    outage.insist_that_doors_stay_shut().await;
    outage.insist_that_it_says("failed").await;
    outage.redis.start_again();
    outage.insist_that_it_is_used_again().await;
    outage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_redis_opens_no_door_and_fails_no_request() {
    let Some(outage) = Outage::begin().await else { return };
    outage.redis.freeze();
    outage.insist_that_doors_stay_shut().await;
    outage.insist_that_it_says("failed").await;
    outage.redis.thaw();
    outage.redis.flush();
    outage.insist_that_it_is_used_again().await;
    outage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flushed_redis_opens_no_door_and_fails_no_request() {
    let Some(outage) = Outage::begin().await else { return };
    outage.redis.flush();
    outage.insist_that_doors_stay_shut().await;
    outage.insist_that_it_is_used_again().await;
    outage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn product_starts_without_its_redis_and_finds_it_later() {
    let Some(mut redis) = OwnRedis::start() else { return };
    redis.kill();
    let app = product(&redis).await;
    app.register("ada").await.expect(201);
    redis.start_again();
    assert!(is_used_again(&app, &redis).await, "Redis is not used");
}

/// The product under load, its limit for sign-ins of `ada` spent.
struct Outage {
    app: TestApp,
    redis: OwnRedis,
    over: Arc<AtomicBool>,
    load: JoinSet<BTreeMap<u16, usize>>,
}

async fn product(redis: &OwnRedis) -> TestApp {
    let setup = Setup::on(Database::Sqlite).set("ASHLAR_RATE_LIMIT_AUTH", "5/1m").set("ASHLAR_REDIS_URL", &redis.url());
    setup.start().await
}

impl Outage {
    async fn begin() -> Option<Self> {
        let redis = OwnRedis::start()?;
        let app = product(&redis).await;
        app.register("ada").await.expect(201);
        let token = app.sign_up("bob").await.access;
        for _ in 0..5 {
            app.try_log_in("ada@example.org", "wrong-horse-battery").await.expect(401);
        }
        assert!(redis.keys() >= 4, "Redis counts: strangers, two registrations, two accounts, a user");
        let over = Arc::new(AtomicBool::new(false));
        let read = |_| read_until(app.client.clone(), token.clone(), Arc::clone(&over));
        let load = (0..CLIENTS).map(read).collect();
        Some(Self { app, redis, over, load })
    }

    /// The product says what it lacks, and that it works all the same.
    async fn insist_that_it_says(&self, outcome: &str) {
        let says = eventually(BACK, async || {
            let ready = self.app.client.get("/health/ready").send().await.expect(200).json();
            ready["redis"] == outcome && ready["status"] == "ready"
        });
        assert!(says.await, "/health/ready does not say that Redis is {outcome}");
    }

    async fn insist_that_doors_stay_shut(&self) {
        for _ in 0..30 {
            self.app.try_log_in("ada@example.org", PASSWORD).await.refused(429, "rate_limited");
        }
    }

    async fn insist_that_it_is_used_again(&self) {
        assert!(is_used_again(&self.app, &self.redis).await, "Redis is not used again");
        self.insist_that_it_says("ok").await;
        self.insist_that_doors_stay_shut().await;
    }

    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        let answers = self.load.join_all().await;
        for statuses in &answers {
            assert_eq!(statuses.keys().collect::<Vec<_>>(), [&200], "{answers:?}");
        }
    }
}

/// The load asks for a user's sake; a stranger makes sure that somebody asks.
async fn is_used_again(app: &TestApp, redis: &OwnRedis) -> bool {
    eventually(BACK, async || {
        app.client.get("/api/v1/me").send().await.expect(401);
        redis.keys() > 0
    })
    .await
}

async fn read_until(client: Client, token: String, over: Arc<AtomicBool>) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    while !over.load(Ordering::SeqCst) {
        let status = client.get("/api/v1/me").bearer(&token).send().await.status;
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}
