//! The law of all this: every event is handled at least once and has its effect once, wherever a worker stops.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use ashlar_kernel::{LogReader, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use futures::future::{AbortHandle, Abortable, pending};
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Everything, LEASE, Scene, Shared, look},
};
use crate::{
    Failure, Handler, Handlers, Idempotence, Job, JobId, JobState, NewJob, Subscribers, Transition,
    port::{Ack, Backlog, Claim, Enqueued, Heartbeat, JobQuery, JobStore, Outbox, Plan, Purge, QueueStats},
};

/// A process that stops at one of the gates it passes, as if the power went.
struct Process {
    passed: AtomicUsize,
    stops_at: usize,
    power: AbortHandle,
}

impl Process {
    async fn gate(&self) {
        if self.passed.fetch_add(1, Ordering::SeqCst) == self.stops_at {
            self.power.abort();
            pending::<()>().await;
        }
    }
}

/// The stores, with a gate before and after every call: a call that was not made, and one whose answer was not heard.
struct Gated {
    fixture: Fixture,
    process: Arc<Process>,
}

impl Gated {
    async fn through<T>(&self, call: impl Future<Output = T> + Send) -> T {
        self.process.gate().await;
        let answer = call.await;
        self.process.gate().await;
        answer
    }
}

#[async_trait]
impl JobStore for Gated {
    async fn enqueue(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Enqueued>, StoreError> {
        self.through(self.fixture.jobs.enqueue(jobs, now)).await
    }
    async fn claim(&self, claim: Claim<'_>) -> Result<Vec<Job>, StoreError> {
        self.through(self.fixture.jobs.claim(claim)).await
    }
    async fn heartbeat(&self, beat: Heartbeat) -> Result<Ack, StoreError> {
        self.through(self.fixture.jobs.heartbeat(beat)).await
    }
    async fn settle(&self, step: Transition) -> Result<Ack, StoreError> {
        self.through(self.fixture.jobs.settle(step)).await
    }
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.through(self.fixture.jobs.expired(now, limit)).await
    }
    async fn unpark(&self, kind: &str, versions: RangeInclusive<u16>, now: Timestamp) -> Result<u64, StoreError> {
        self.through(self.fixture.jobs.unpark(kind, versions, now)).await
    }
    async fn find(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, StoreError> {
        self.through(self.fixture.jobs.find(tenant, id)).await
    }
    async fn list(&self, query: JobQuery) -> Result<Vec<Job>, StoreError> {
        self.through(self.fixture.jobs.list(query)).await
    }
    async fn stats(&self, now: Timestamp) -> Result<Vec<QueueStats>, StoreError> {
        self.through(self.fixture.jobs.stats(now)).await
    }
    async fn purge(&self, purge: Purge) -> Result<u64, StoreError> {
        self.through(self.fixture.jobs.purge(purge)).await
    }
}

#[async_trait]
impl Outbox for Gated {
    async fn relay(&self, batch: u32, now: Timestamp, plan: Plan<'_>) -> Result<u32, StoreError> {
        self.through(self.fixture.outbox.relay(batch, now, plan)).await
    }
    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.through(self.fixture.outbox.backlog()).await
    }
}

/// Notes, with a gate before and after the effect.
struct GatedNote {
    world: Shared,
    process: Option<Arc<Process>>,
}

#[async_trait]
impl Handler for GatedNote {
    const KIND: &'static str = "law.note";
    const IDEMPOTENCE: Idempotence = Idempotence::RemoteKey;
    type Payload = Uuid;

    async fn handle(&self, _event: Uuid, job: &Job) -> Result<(), Failure> {
        if let Some(process) = &self.process {
            process.gate().await;
        }
        look(&self.world).tell(job);
        if let Some(process) = &self.process {
            process.gate().await;
        }
        Ok(())
    }
}

/// One round of everything a process does.
async fn work(scene: &Scene, jobs: Arc<dyn JobStore>, outbox: Arc<dyn Outbox>, process: Option<Arc<Process>>) {
    let world = Arc::clone(&scene.world);
    let worker = scene.worker_on(jobs, Handlers::new().with(GatedNote { world, process }));
    scene.relay_on(outbox, Subscribers::new().with(Everything("one"))).step().await.unwrap();
    for _turn in 0..EVENTS {
        worker.step().await.unwrap();
    }
    worker.tend().await.unwrap();
}

/// Events of one aggregate in each trial.
const EVENTS: usize = 3;
/// More trials than there are places to stop at.
const TRIALS: usize = 400;
/// More rounds than it takes to recover.
const ROUNDS: usize = 30;

/// Stops at every gate in turn, until a round passes with none to stop at.
pub async fn effects_are_once_wherever_the_worker_stops(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for stops_at in 0..TRIALS {
        let events = emit(&scene, stops_at).await;
        let (power, registration) = AbortHandle::new_pair();
        let process = Arc::new(Process { passed: AtomicUsize::new(0), stops_at, power });
        let gated = Arc::new(Gated { fixture: scene.fixture.clone(), process: Arc::clone(&process) });
        let round = work(&scene, Arc::clone(&gated) as Arc<_>, gated, Some(process));
        let outcome = Abortable::new(Box::pin(round), registration).await;

        recover(&scene, &events).await;
        insist(&scene, &events, stops_at).await;
        if outcome.is_ok() {
            assert!(stops_at > 20, "only {stops_at} places to stop at");
            return;
        }
    }
    assert_eq!(TRIALS, 0, "there is always another place to stop at");
}

/// Is dropped after one, two, three polls, in the middle of whatever it waits for, until a round passes as a whole.
pub async fn effects_are_once_whenever_the_worker_is_dropped(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for polls in 1..=TRIALS {
        let events = emit(&scene, polls).await;
        let (jobs, outbox) = (Arc::clone(&scene.fixture.jobs), Arc::clone(&scene.fixture.outbox));
        let outcome = Polls { left: polls, inner: Box::pin(work(&scene, jobs, outbox, None)) }.await;

        recover(&scene, &events).await;
        insist(&scene, &events, polls).await;
        if outcome.is_some() {
            return;
        }
    }
    assert_eq!(TRIALS, 0, "the work never ends");
}

/// A future that is polled so many times and then given up.
struct Polls<F> {
    left: usize,
    inner: Pin<Box<F>>,
}

impl<F: Future> Future for Polls<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        let polled = self.inner.as_mut().poll(context);
        if polled.is_pending() && self.left == 0 {
            return Poll::Ready(None);
        }
        polled.map(Some)
    }
}

/// The events of one trial, in order.
async fn emit(scene: &Scene, trial: usize) -> Vec<Uuid> {
    let aggregate = Uuid::from_u128(u128::try_from(trial).unwrap() + 1);
    for _event in 0..EVENTS {
        (scene.fixture.emit)(aggregate).await;
    }
    let waiting = scene.fixture.log.pending(LogReader::Dispatch, 1_000).await.unwrap();
    waiting.iter().map(|event| event.id).collect()
}

/// Another process goes on, after the lease of the one that stopped and the wait for another attempt.
async fn recover(scene: &Scene, events: &[Uuid]) {
    for _round in 0..ROUNDS {
        scene.clock.advance(LEASE);
        work(scene, Arc::clone(&scene.fixture.jobs), Arc::clone(&scene.fixture.outbox), None).await;
        if look(&scene.world).effects.len() >= events.len() && all_done(scene).await {
            return;
        }
    }
}

async fn all_done(scene: &Scene) -> bool {
    let stats = scene.fixture.jobs.stats(scene.now()).await.unwrap();
    stats.iter().all(|queue| queue.ready + queue.running + queue.parked == 0)
}

/// Each event was handled, in order; had its effect once; and led to one job, which is done.
async fn insist(scene: &Scene, events: &[Uuid], trial: usize) {
    assert_eq!(events.len(), EVENTS, "trial {trial}: the ones before left something on the list");
    let event_of = |job: &Job| serde_json::from_value::<Uuid>(job.payload().clone()).unwrap();
    let world = std::mem::take(&mut *look(&scene.world));
    let effects: Vec<Uuid> = world.effects.iter().map(event_of).collect();
    assert_eq!(effects, events, "trial {trial}: each once and in order");
    assert!(world.attempts.len() >= EVENTS, "trial {trial}");

    let mut jobs: BTreeMap<Uuid, Vec<JobState>> = BTreeMap::new();
    for job in scene.fixture.jobs.list(JobQuery { rows: 100_000, ..JobQuery::default() }).await.unwrap() {
        jobs.entry(event_of(&job)).or_default().push(job.state());
    }
    for event in events {
        assert_eq!(jobs[event], [JobState::Done], "trial {trial}");
    }
}
