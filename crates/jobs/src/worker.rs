//! Claims jobs, runs them, keeps their leases alive and says how they ended.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use ashlar_kernel::{Clock, Entropy, StoreError};
use chrono::TimeDelta;
use futures::{
    FutureExt,
    future::{self, Either},
};

use crate::{
    Backoff, Failure, Handlers, Job, JobState, Transition, WrongState,
    handler::AnyHandler,
    port::{Ack, CLAIM_MAX, Claim, Heartbeat, JobStore, Purge, Sleep},
};

/// What a worker works with.
#[derive(Clone)]
pub struct WorkerPorts {
    /// The jobs.
    pub store: Arc<dyn JobStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who waits between heartbeats.
    pub sleep: Arc<dyn Sleep>,
    /// Where the jitter comes from.
    pub entropy: Arc<dyn Entropy>,
}

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Its name, for operators: host and process.
    pub name: String,
    /// The queues it serves. One worker for each queue gives each queue its own concurrency.
    pub queues: Vec<String>,
    /// How many jobs [`Worker::step`] runs at once, at most [`CLAIM_MAX`].
    pub concurrency: u32,
    /// How long it may keep a job without a sign of life.
    pub lease: TimeDelta,
    /// How often it gives one; a third of the lease.
    pub heartbeat: TimeDelta,
}

impl WorkerSettings {
    /// A worker for `queues` with the standard lease of 60 s and a heartbeat every 20 s.
    pub fn new(name: &str, queues: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            concurrency: 10,
            lease: TimeDelta::seconds(60),
            heartbeat: TimeDelta::seconds(20),
        }
    }
}

/// How one attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// The job is now in this state: done, ready for another attempt, dead or parked.
    Settled(JobState),
    /// The job was no longer ours: cancelled, or its lease was over and somebody else has it.
    Lost,
}

/// What [`Worker::tend`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tended {
    /// Jobs taken from workers that did not come back.
    pub reaped: u64,
    /// Jobs that are understood now.
    pub unparked: u64,
    /// Jobs that were deleted because they ended long ago.
    pub purged: u64,
}

/// How long ended jobs are kept.
const DONE_KEPT: TimeDelta = TimeDelta::days(7);
const DEAD_KEPT: TimeDelta = TimeDelta::days(90);
/// How many rows one round of housekeeping touches.
const TEND_ROWS: u32 = 500;

/// A worker. It starts no task: whoever owns it decides what runs where. Clones share everything.
#[derive(Clone)]
pub struct Worker {
    ports: WorkerPorts,
    handlers: Arc<Handlers>,
    settings: Arc<WorkerSettings>,
}

impl Worker {
    /// A worker with these handlers.
    pub fn new(ports: WorkerPorts, handlers: Arc<Handlers>, settings: WorkerSettings) -> Self {
        Self { ports, handlers, settings: Arc::new(settings) }
    }

    /// The kind of a job, of those that this worker knows; for figures, whose labels must be a closed set.
    pub fn kind_of(&self, job: &Job) -> Option<&'static str> {
        self.handlers.cards().map(|card| card.kind).find(|kind| *kind == job.kind())
    }

    /// Takes at most `limit` jobs. Each is to be given to [`run`](Self::run) or [`release`](Self::release).
    pub async fn claim(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let now = self.ports.clock.now();
        let claim = Claim {
            worker: &self.settings.name,
            queues: &self.settings.queues,
            limit: limit.min(CLAIM_MAX),
            lease_until: now + self.settings.lease,
            now,
        };
        self.ports.store.claim(claim).await
    }

    /// Makes an attempt at a claimed job and says how it ended. On an error nothing was said: the lease will run out,
    /// and the job is attempted again.
    pub async fn run(&self, job: Job) -> Result<Ran, StoreError> {
        let Some(handler) = self.handlers.of(&job) else {
            let now = self.ports.clock.now();
            return self.say(job.parked(now)).await;
        };
        let Some(outcome) = self.attend(handler, &job).await else { return Ok(Ran::Lost) };
        let now = self.ports.clock.now();
        let step = match outcome {
            Ok(()) => job.succeeded(now),
            Err(failure) => {
                let backoff = self.backoff(&job);
                job.failed(&failure, backoff, &*self.ports.entropy, now)
            }
        };
        self.say(step).await
    }

    /// Gives a claimed job back unfinished, when the worker is to stop.
    pub async fn release(&self, job: Job) -> Result<Ran, StoreError> {
        let now = self.ports.clock.now();
        self.say(job.released(now)).await
    }

    /// Claims jobs and runs them side by side to their end. Empty when there was nothing to do.
    pub async fn step(&self) -> Result<Vec<Ran>, StoreError> {
        let jobs = self.claim(self.settings.concurrency).await?;
        future::join_all(jobs.into_iter().map(|job| self.run(job))).await.into_iter().collect()
    }

    /// Housekeeping, to be done every few seconds by any number of workers: takes jobs from workers that did not come
    /// back, takes up parked jobs that its handlers understand, deletes what ended long ago.
    pub async fn tend(&self) -> Result<Tended, StoreError> {
        let (store, now) = (&self.ports.store, self.ports.clock.now());
        let mut tended = Tended { reaped: self.reap().await?, ..Tended::default() };
        for card in self.handlers.cards() {
            tended.unparked += store.unpark(card.kind, card.versions, now).await?;
        }
        let purge = Purge { done_before: now - DONE_KEPT, dead_before: now - DEAD_KEPT, limit: TEND_ROWS };
        tended.purged = store.purge(purge).await?;
        Ok(tended)
    }

    /// Takes jobs from workers that did not come back, and counts them.
    pub async fn reap(&self) -> Result<u64, StoreError> {
        let now = self.ports.clock.now();
        let mut reaped = 0;
        for job in self.ports.store.expired(now, TEND_ROWS).await? {
            let backoff = self.backoff(&job);
            let step = job.lease_expired(backoff, &*self.ports.entropy, now);
            reaped += u64::from(self.say(step).await? != Ran::Lost);
        }
        Ok(reaped)
    }

    /// Runs the handler while the lease is alive. None when the job was lost on the way.
    async fn attend(&self, handler: &dyn AnyHandler, job: &Job) -> Option<Result<(), Failure>> {
        let attempt = AssertUnwindSafe(handler.attempt(job)).catch_unwind();
        let lost = self.keep_alive(job).boxed();
        match future::select(attempt.boxed(), lost).await {
            Either::Left((outcome, _)) => Some(outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))),
            Either::Right(((), _)) => None,
        }
    }

    /// Gives signs of life until the job is no longer ours.
    async fn keep_alive(&self, job: &Job) {
        let Some(mut lease_until) = job.lease().map(|lease| lease.until) else { return };
        let pause = self.settings.heartbeat.to_std().unwrap_or_default();
        loop {
            self.ports.sleep.sleep(pause).await;
            let now = self.ports.clock.now();
            let next = now + self.settings.lease;
            let beat = Heartbeat { id: job.id(), token: job.token(), lease_until: next, now };
            match self.ports.store.heartbeat(beat).await {
                Ok(Ack::Saved) => lease_until = next,
                Ok(Ack::Lost | Ack::Duplicate) => return,
                // The store may be back for the next beat, as long as there is a lease to keep.
                Err(_unreachable) if now < lease_until => {}
                Err(_unreachable) => return,
            }
        }
    }

    fn backoff(&self, job: &Job) -> Backoff {
        self.handlers.backoff(job.kind())
    }

    async fn say(&self, step: Result<Transition, WrongState>) -> Result<Ran, StoreError> {
        let step = step.map_err(StoreError::internal)?;
        let state = step.next().state();
        match self.ports.store.settle(step).await? {
            Ack::Saved => Ok(Ran::Settled(state)),
            Ack::Lost | Ack::Duplicate => Ok(Ran::Lost),
        }
    }
}

/// A handler with a defect must not take the worker's other jobs with it.
fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::Transient(format!("the handler panicked: {}", text.unwrap_or("without a message")))
}
