//! What the engine needs from outside: where jobs are kept, the way out of the event log, and somebody who waits.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use ashlar_kernel::{EventRecord, StoreError, TenantId, Timestamp};
use async_trait::async_trait;

use crate::{Job, JobId, JobState, NewJob, Transition};

/// The most jobs one claim takes.
pub const CLAIM_MAX: u32 = 20;

/// A job that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    /// The job: the new one, or the live one that has the dedupe key.
    pub id: JobId,
    /// Whether it is new.
    pub is_new: bool,
}

/// A worker asks for work.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'c> {
    /// Who asks.
    pub worker: &'c str,
    /// From which queues.
    pub queues: &'c [String],
    /// At most this many, and at most [`CLAIM_MAX`].
    pub limit: u32,
    /// Until when the worker may keep them without a sign of life.
    pub lease_until: Timestamp,
    /// The present moment.
    pub now: Timestamp,
}

/// A worker's sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// The job it works on.
    pub id: JobId,
    /// The token it was given with the job.
    pub token: i64,
    /// Until when it wants to keep it.
    pub lease_until: Timestamp,
    /// The present moment.
    pub now: Timestamp,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// It is saved.
    Saved,
    /// Nothing is saved: the job has moved on since it was seen, or is somebody else's.
    Lost,
    /// Nothing is saved: another live job has the dedupe key.
    Duplicate,
}

/// Which jobs an operator asks for.
#[derive(Debug, Clone, Default)]
pub struct JobQuery {
    /// Of one tenant, or of all.
    pub tenant: Option<TenantId>,
    /// In one state, or in any.
    pub state: Option<JobState>,
    /// In one queue, or in any.
    pub queue: Option<String>,
    /// Of one kind, or of any.
    pub kind: Option<String>,
    /// Enqueued then or later.
    pub from: Option<Timestamp>,
    /// Enqueued before then.
    pub to: Option<Timestamp>,
    /// Older than this one.
    pub after: Option<JobId>,
    /// At most this many.
    pub rows: u32,
}

/// How a queue is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Which.
    pub queue: String,
    /// Jobs that wait, for a worker or for their time.
    pub ready: u64,
    /// Jobs a worker has.
    pub running: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Jobs no worker understood.
    pub parked: u64,
    /// For how many seconds the job whose time came first has waited; 0 when none waits.
    pub oldest_seconds: u64,
}

/// Which jobs are no longer worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purge {
    /// Done and cancelled ones that ended before.
    pub done_before: Timestamp,
    /// Dead ones that ended before.
    pub dead_before: Timestamp,
    /// At most this many at a time.
    pub limit: u32,
}

/// Where jobs are kept. What two workers could break between them is kept by the store.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Adds jobs, all or none, and answers in their order. One whose dedupe key a live job has is not added; the answer
    /// names the live one.
    async fn enqueue(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Enqueued>, StoreError>;

    /// Takes jobs whose time has come, by priority, time and id; no two workers get the same one. Of jobs with one
    /// serial key, only the first live one, and only while none of them runs.
    async fn claim(&self, claim: Claim<'_>) -> Result<Vec<Job>, StoreError>;

    /// Lengthens a lease. [`Ack::Lost`] unless the job still runs with this token.
    async fn heartbeat(&self, beat: Heartbeat) -> Result<Ack, StoreError>;

    /// Saves a step, if its guard holds.
    async fn settle(&self, step: Transition) -> Result<Ack, StoreError>;

    /// Running jobs whose lease was over at `now`, at most `limit`.
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError>;

    /// Makes parked jobs of a kind ready whose version is among `versions`, and counts them.
    async fn unpark(&self, kind: &str, versions: RangeInclusive<u16>, now: Timestamp) -> Result<u64, StoreError>;

    /// A job of a tenant.
    async fn find(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, StoreError>;

    /// Jobs, newest first.
    async fn list(&self, query: JobQuery) -> Result<Vec<Job>, StoreError>;

    /// How each queue is doing that has jobs which are not done, by name.
    async fn stats(&self, now: Timestamp) -> Result<Vec<QueueStats>, StoreError>;

    /// Deletes jobs that came to their end long ago, and counts them.
    async fn purge(&self, purge: Purge) -> Result<u64, StoreError>;
}

/// Turns an event into the jobs it asks for. Always the same for the same event.
pub type Plan<'p> = &'p (dyn Fn(&EventRecord) -> Vec<NewJob> + Send + Sync);

/// What waits on the way from the log to the jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Events that wait.
    pub events: u64,
    /// When the first of them happened.
    pub oldest: Option<Timestamp>,
}

/// The way from the event log to the jobs.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Turns at most `batch` events off the dispatch list into jobs, in the order of the log: the jobs are there and
    /// the events are off the list, or neither. Answers how many events those were; 0 as well while another relay is at
    /// it.
    async fn relay(&self, batch: u32, now: Timestamp, plan: Plan<'_>) -> Result<u32, StoreError>;

    /// What waits.
    async fn backlog(&self) -> Result<Backlog, StoreError>;
}

/// One firing of a schedule.
#[derive(Debug, Clone)]
pub struct Firing {
    /// The schedule's name.
    pub schedule: String,
    /// The moment of its calendar.
    pub due_at: Timestamp,
    /// What to do.
    pub job: NewJob,
    /// The present moment.
    pub now: Timestamp,
}

/// Which schedules have fired for which moments.
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// The last moment a schedule fired for or, before it ever did, the moment it was first asked about.
    async fn since(&self, schedule: &str, now: Timestamp) -> Result<Timestamp, StoreError>;

    /// Notes the firing and enqueues its job, both or neither. False, with nothing saved, when that moment was fired
    /// before, by whomever. A job whose dedupe key a live job has is left out.
    async fn fire(&self, firing: Firing) -> Result<bool, StoreError>;

    /// When each of these schedules was last fired, of those that ever were. A firing by hand counts.
    async fn last_firings(&self, schedules: &[&str]) -> Result<BTreeMap<String, Timestamp>, StoreError>;

    /// Forgets firings for moments before `before`, but never a schedule's last, and counts them.
    async fn forget_firings(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// What there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Events for the relay.
    Events,
    /// Jobs for a worker.
    Jobs,
}

/// Says when there may be something to do, so that nobody has to ask all the time. A ring may be lost on the way between
/// processes: whoever listens also looks from time to time.
#[async_trait]
pub trait Bell: Send + Sync {
    /// Returns how often it has rung for such news, as soon as that is another number than `heard`. Rings that came
    /// before the call count: who heard 0 rings asks with 0.
    async fn rung(&self, of: News, heard: u64) -> u64;
}

/// Somebody who waits in real time: the one thing the engine cannot do without a runtime.
#[async_trait]
pub trait Sleep: Send + Sync {
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}
