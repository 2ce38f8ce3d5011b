//! What the tasks of a worker do with jobs, by a handler that does what it is told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ashlar_jobs::{
    Failure, Handler, Handlers, Idempotence, Job, JobId, JobState, NewJob,
    port::{JobQuery, JobStore as _},
};
use ashlar_kernel::{Clock as _, SystemClock, TenantId};
use ashlar_server::{
    telemetry::metrics::Metrics,
    work::{Roles, Working},
};
use ashlar_sql::SqlStore;
use ashlar_tests::{
    laws_of_databases,
    stores::{open, prepare},
};
use async_trait::async_trait;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{eventually, work};

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Order {
    /// Ends at once.
    Finish,
    /// Ends when there is a permit.
    Wait,
    Panic,
}

/// Where attempts report.
#[derive(Default)]
struct Floor {
    at_work: AtomicUsize,
    most_at_work: AtomicUsize,
}

struct Obey {
    floor: Arc<Floor>,
    permits: Arc<Semaphore>,
}

#[async_trait]
impl Handler for Obey {
    const KIND: &'static str = "test.obey";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Order;

    async fn handle(&self, order: Order, _job: &Job) -> Result<(), Failure> {
        let at_work = self.floor.at_work.fetch_add(1, Ordering::SeqCst) + 1;
        self.floor.most_at_work.fetch_max(at_work, Ordering::SeqCst);
        match order {
            Order::Finish => {}
            Order::Wait => drop(self.permits.acquire().await),
            Order::Panic => panic!("as told"),
        }
        self.floor.at_work.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

struct Scene {
    store: SqlStore,
    working: Working,
    metrics: Metrics,
    floor: Arc<Floor>,
    permits: Arc<Semaphore>,
}

impl Scene {
    async fn on(url: &str) -> Self {
        prepare(url).await;
        let store = open(url, 1).await;
        let (floor, permits) = (Arc::new(Floor::default()), Arc::new(Semaphore::new(0)));
        let obey = Obey { floor: Arc::clone(&floor), permits: Arc::clone(&permits) };
        let metrics = Metrics::default();
        let work = work(&store, TimeDelta::zero(), Handlers::new().with(obey));
        let working = work.start(Roles::ALL, "test:1", &metrics);
        Self { store, working, metrics, floor, permits }
    }

    async fn order(&self, order: Order) -> JobId {
        let job = NewJob::new(TenantId::MAIN, Obey::KIND, 1, &order).unwrap().attempts(1).unwrap();
        self.store.enqueue(vec![job], SystemClock.now()).await.unwrap()[0].id
    }

    async fn job(&self, id: JobId) -> Job {
        self.store.find(TenantId::MAIN, id).await.unwrap().unwrap()
    }

    async fn until(&self, id: JobId, state: JobState) {
        eventually(&format!("{id} {state:?}"), async || self.job(id).await.state() == state).await;
    }

    async fn until_at_work(&self, jobs: usize) {
        eventually("at work", async || self.floor.at_work.load(Ordering::SeqCst) == jobs).await;
    }

    /// Stops it; the store, to look at what it left.
    async fn stop(self, patience: Duration) -> SqlStore {
        self.working.stopper().stop(patience);
        tokio::time::timeout(super::PATIENCE, self.working.stopped()).await.expect("it does not stop");
        self.store
    }
}

async fn jobs_run_side_by_side_and_no_more_than_so_many(url: &str) {
    let scene = Scene::on(url).await;
    for _ in 0..12 {
        scene.order(Order::Wait).await;
    }

    scene.until_at_work(4).await;
    scene.permits.add_permits(12);
    let done = async || {
        let query = JobQuery { state: Some(JobState::Done), rows: 100, ..JobQuery::default() };
        scene.store.list(query).await.unwrap().len() == 12
    };
    eventually("all done", done).await;

    assert_eq!(scene.floor.most_at_work.load(Ordering::SeqCst), 4);
    // What is done is counted a moment later.
    let counted = r#"jobs_total{kind="test.obey",outcome="done"} 12"#;
    eventually(counted, async || scene.metrics.render().unwrap().contains(counted)).await;
    scene.stop(super::PATIENCE).await;
}

async fn panic_in_a_handler_costs_its_job_only(url: &str) {
    let scene = Scene::on(url).await;
    let bad = scene.order(Order::Panic).await;
    scene.until(bad, JobState::Dead).await;

    let good = scene.order(Order::Finish).await;
    scene.until(good, JobState::Done).await;

    assert_eq!(scene.job(bad).await.last_error(), Some("the handler panicked: as told"));
    scene.stop(super::PATIENCE).await;
}

async fn stopping_waits_for_what_is_about_to_end(url: &str) {
    let scene = Scene::on(url).await;
    let mut job = scene.order(Order::Wait).await;
    for _ in 1..4 {
        job = scene.order(Order::Wait).await;
    }
    // Nobody is free, so that no claim is under way.
    scene.until_at_work(4).await;
    let (permits, stopper) = (Arc::clone(&scene.permits), scene.working.stopper());
    stopper.stop(super::PATIENCE);
    let late = scene.order(Order::Finish).await;
    permits.add_permits(4);

    let store = scene.stop(super::PATIENCE).await;

    let state = async |id| store.find(TenantId::MAIN, id).await.unwrap().unwrap().state();
    assert_eq!(state(job).await, JobState::Done);
    assert_eq!(state(late).await, JobState::Ready, "nothing new is taken on");
}

async fn stopping_returns_what_does_not_end_in_time(url: &str) {
    let scene = Scene::on(url).await;
    let job = scene.order(Order::Wait).await;
    scene.until_at_work(1).await;

    let store = scene.stop(Duration::from_millis(1)).await;

    let job = store.find(TenantId::MAIN, job).await.unwrap().unwrap();
    assert_eq!((job.state(), job.attempts()), (JobState::Ready, 0), "as if nobody had taken it");
}

laws_of_databases!(
    jobs_run_side_by_side_and_no_more_than_so_many,
    panic_in_a_handler_costs_its_job_only,
    stopping_waits_for_what_is_about_to_end,
    stopping_returns_what_does_not_end_in_time,
);
