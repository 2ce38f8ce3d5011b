//! A clock, dice, a worker and shortcuts for the laws.

#![expect(clippy::unwrap_used, reason = "a law reports by panicking")]

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

pub(super) use ashlar_kernel::contract::scene::{elsewhere, noon};
use ashlar_kernel::{
    Actor, Clock, Context, Entropy, EventRecord, MacKey, PermissionSet, Principal, RequestId, TenantId, Timestamp,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use uuid::Uuid;

use super::Fixture;
use crate::{
    CatchUp, Desk, Failure, Handler, Handlers, Idempotence, Job, JobId, NewJob, Relay, Schedule, Subscriber,
    Subscribers, Worker, WorkerPorts, WorkerSettings,
    desk::{DeskPorts, permission},
    port::{Claim, JobQuery, JobStore, Outbox, Sleep},
};

pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);

/// A clock moved by hand. It is also who waits, if told how much time passes then.
pub(super) struct Hand {
    now: Mutex<Timestamp>,
    nap: Option<TimeDelta>,
}

impl Hand {
    pub(super) fn advance(&self, step: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += step;
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Sleep for Hand {
    async fn sleep(&self, _duration: Duration) {
        match self.nap {
            Some(nap) => {
                self.advance(nap);
                let_others_work().await;
            }
            None => futures::future::pending().await,
        }
    }
}

/// Gives everybody else a turn, on any runtime.
pub(super) async fn let_others_work() {
    let mut is_first = true;
    futures::future::poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// Dice that anybody can predict.
#[derive(Default)]
struct Dice(AtomicU64);

impl Entropy for Dice {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let throw = self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.iter_mut().zip(throw.to_le_bytes()).for_each(|(place, byte)| *place = byte);
        }
    }
}

/// What a handler was asked to do, and what came of it in a world that knows jobs by their ids.
#[derive(Default)]
pub(super) struct World {
    /// Each attempt, in order.
    pub(super) attempts: Vec<Job>,
    /// What was said first under each id, in order.
    pub(super) effects: Vec<Job>,
}

pub(super) type Shared = Arc<Mutex<World>>;

pub(super) fn look(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// The other side of the handler: it drops what it was told before.
    pub(super) fn tell(&mut self, job: &Job) {
        self.attempts.push(job.clone());
        if !self.effects.iter().any(|known| known.id() == job.id()) {
            self.effects.push(job.clone());
        }
    }
}

/// Does what it is asked to, and knows version 1 only.
pub(super) struct Note(pub(super) Shared);

#[async_trait]
impl Handler for Note {
    const KIND: &'static str = "law.note";
    const IDEMPOTENCE: Idempotence = Idempotence::RemoteKey;
    type Payload = serde_json::Value;

    async fn handle(&self, _payload: serde_json::Value, job: &Job) -> Result<(), Failure> {
        look(&self.0).tell(job);
        Ok(())
    }
}

/// Wants every event to be noted.
pub(super) struct Everything(pub(super) &'static str);

impl Subscriber for Everything {
    fn name(&self) -> &'static str {
        self.0
    }

    fn wants(&self, _event: &str) -> bool {
        true
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        vec![NewJob::new(event.tenant, Note::KIND, 1, &event.id).unwrap()]
    }
}

/// A fixture in use.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) fixture: Fixture,
    pub(super) clock: Arc<Hand>,
    pub(super) world: Shared,
}

impl Scene {
    pub(super) fn new(fixture: Fixture) -> Self {
        Self::with_naps(fixture, None)
    }

    /// Whenever somebody waits, `nap` passes at once.
    pub(super) fn with_naps(fixture: Fixture, nap: Option<TimeDelta>) -> Self {
        Self { fixture, clock: Arc::new(Hand { now: Mutex::new(noon()), nap }), world: Shared::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) async fn enqueue(&self, job: NewJob) -> JobId {
        self.fixture.jobs.enqueue(vec![job], self.now()).await.unwrap()[0].id
    }

    pub(super) async fn claim(&self, worker: &str, limit: u32) -> Vec<Job> {
        let (now, queues) = (self.now(), ["default".to_owned()]);
        let claim = Claim { worker, queues: &queues, limit, lease_until: now + LEASE, now };
        self.fixture.jobs.claim(claim).await.unwrap()
    }

    /// Claims the one job there is to claim.
    pub(super) async fn claim_one(&self, worker: &str) -> Job {
        let mut claimed = self.claim(worker, 10).await;
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        claimed.remove(0)
    }

    pub(super) async fn stored(&self, id: JobId) -> Job {
        self.fixture.jobs.find(TenantId::MAIN, id).await.unwrap().unwrap()
    }

    pub(super) async fn all(&self) -> Vec<Job> {
        self.fixture.jobs.list(JobQuery { rows: 10_000, ..JobQuery::default() }).await.unwrap()
    }

    /// A worker that notes.
    pub(super) fn worker(&self) -> Worker {
        self.worker_with(Handlers::new().with(Note(Arc::clone(&self.world))))
    }

    pub(super) fn worker_with(&self, handlers: Handlers) -> Worker {
        self.worker_on(Arc::clone(&self.fixture.jobs), handlers)
    }

    pub(super) fn worker_on(&self, store: Arc<dyn JobStore>, handlers: Handlers) -> Worker {
        let ports = WorkerPorts {
            store,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            sleep: Arc::clone(&self.clock) as Arc<dyn Sleep>,
            entropy: Arc::new(Dice::default()),
        };
        Worker::new(ports, Arc::new(handlers), WorkerSettings::new("law", &["default"]))
    }

    pub(super) fn relay_on(&self, outbox: Arc<dyn Outbox>, subscribers: Subscribers) -> Relay {
        Relay::new(outbox, Arc::new(subscribers), Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    /// People at their desk, with one schedule, `hourly`.
    pub(super) fn desk(&self) -> Desk {
        let ports = DeskPorts {
            store: Arc::clone(&self.fixture.desk),
            jobs: Arc::clone(&self.fixture.jobs),
            firings: Arc::clone(&self.fixture.schedules),
        };
        let job = |_: Timestamp| note(9).once_per("schedule").unwrap();
        let hourly = Schedule::new("hourly", "0 * * * *", "Europe/Berlin", CatchUp::Once, job).unwrap();
        Desk::new(ports, vec![hourly], &MacKey::from_bytes([7; 32]))
    }

    /// Somebody who may do everything in `main`.
    pub(super) fn boss(&self) -> Context {
        self.boss_of(TenantId::MAIN)
    }

    /// Somebody who may do everything there.
    pub(super) fn boss_of(&self, tenant: TenantId) -> Context {
        self.somebody(tenant, permission::ALL.iter().map(|(permission, _)| *permission).collect())
    }

    /// Somebody who may do nothing.
    pub(super) fn nobody(&self) -> Context {
        self.somebody(TenantId::MAIN, PermissionSet::default())
    }

    fn somebody(&self, tenant: TenantId, permissions: PermissionSet) -> Context {
        let principal = Principal {
            user: Uuid::from_u128(7),
            session: Uuid::from_u128(8),
            authenticated_at: self.now(),
            permissions,
            withheld: PermissionSet::default(),
        };
        let context = Context::system("law", tenant, RequestId::parse("law").unwrap(), self.now());
        Context { actor: Actor::User(principal), ..context }
    }

    pub(super) fn relay(&self, subscribers: Subscribers) -> Relay {
        self.relay_on(Arc::clone(&self.fixture.outbox), subscribers)
    }
}

/// A job that is noted.
pub(super) fn note(number: u32) -> NewJob {
    NewJob::new(TenantId::MAIN, Note::KIND, 1, &number).unwrap()
}

/// What the notes say.
pub(super) fn numbers(jobs: &[Job]) -> Vec<u64> {
    jobs.iter().map(|job| job.payload().as_u64().unwrap()).collect()
}
