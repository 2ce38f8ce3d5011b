//! Jobs and schedules as people look after them.

mod error;
mod event;
pub mod permission;

use std::sync::Arc;

use ashlar_kernel::{Change, Context, CursorSigner, Limit, MacKey, NotFound, Page, StoreError, Timestamp, UnitOfWork};
use async_trait::async_trait;

pub use error::{DeskError, desk_codes};
pub use event::{JobEvent, Step, job_event_specs};

use crate::{
    Job, JobId, JobState, Schedule, Transition, WrongState,
    port::{Ack, Firing, JobQuery, JobStore, ScheduleStore},
};

/// Where what people do to jobs is saved together with the note that they did.
#[async_trait]
pub trait DeskStore: Send + Sync {
    /// Begins a unit of work.
    async fn begin(&self, context: &Context) -> Result<Box<dyn DeskTx>, StoreError>;
}

/// One unit of work of people.
#[async_trait]
pub trait DeskTx: UnitOfWork {
    /// Saves a step, if its guard holds. On any other answer than [`Ack::Saved`] the work can only be dropped.
    async fn settle(&mut self, change: Change<Transition, JobEvent>) -> Result<Ack, StoreError>;

    /// Notes a firing and enqueues its job; its id. None when that moment was fired before, or a live job has the dedupe
    /// key: then the work can only be dropped.
    async fn fire(&mut self, change: Change<Firing, JobEvent>) -> Result<Option<JobId>, StoreError>;
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
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
}

/// A schedule, and when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleLine {
    /// Its name.
    pub name: String,
    /// When it is due, as cron writes it.
    pub cron: String,
    /// On whose clocks.
    pub zone: &'static str,
    /// When it was last fired, by the calendar or by hand.
    pub last_run: Option<Timestamp>,
    /// When it is due next.
    pub next_run: Option<Timestamp>,
}

/// What a [`Desk`] works with.
#[derive(Clone)]
pub struct DeskPorts {
    /// Where steps are saved.
    pub store: Arc<dyn DeskStore>,
    /// The jobs.
    pub jobs: Arc<dyn JobStore>,
    /// The firings.
    pub firings: Arc<dyn ScheduleStore>,
}

/// Jobs and schedules as people look after them. Jobs are those of the caller's tenant; what the installation does for
/// itself belongs to the tenant `main`. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    ports: DeskPorts,
    schedules: Arc<Vec<Schedule>>,
    cursors: CursorSigner,
}

/// A job that moves on each time it is looked at is looked at this often.
const LOOKS: u32 = 5;

impl Desk {
    /// On these ports; cursors are signed with a key derived from `root`.
    pub fn new(ports: DeskPorts, schedules: Vec<Schedule>, root: &MacKey) -> Self {
        Self { ports, schedules: Arc::new(schedules), cursors: CursorSigner::new(root) }
    }

    /// Jobs, the newest first.
    pub async fn jobs(
        &self,
        context: &Context,
        filter: JobFilter,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<Job>, DeskError> {
        context.authorize(permission::READ_JOBS)?;
        let tenant = context.tenant;
        // Everything that decides which rows there are.
        let list = format!("jobs {filter:?}");
        let after = cursor.map(|cursor| self.cursors.open::<JobId>(tenant, &list, cursor)).transpose()?;
        let JobFilter { state, queue, kind, from, to } = filter;
        let rows = u32::from(limit.get()) + 1;
        let query = JobQuery { tenant: Some(tenant), state, queue, kind, from, to, after, rows };
        let jobs = self.ports.jobs.list(query).await?;
        let seal = |job: &Job| self.cursors.seal(tenant, &list, &job.id());
        Ok(Page::try_cut(jobs, limit, seal).map_err(StoreError::internal)?)
    }

    /// One job.
    pub async fn job(&self, context: &Context, id: JobId) -> Result<Job, DeskError> {
        context.authorize(permission::READ_JOBS)?;
        self.found(context, id).await
    }

    /// Takes a job back. One that is running is stopped at its next heartbeat.
    pub async fn cancel(&self, context: &Context, id: JobId) -> Result<Job, DeskError> {
        self.change(context, id, |job| job.cancelled(context.now), JobEvent::Cancelled).await
    }

    /// Gives a dead, cancelled or parked job all its attempts again, at once.
    pub async fn retry(&self, context: &Context, id: JobId) -> Result<Job, DeskError> {
        self.change(context, id, |job| job.retried(context.now), JobEvent::Retried).await
    }

    /// Has a job that waits for its time take its turn now.
    pub async fn run_now(&self, context: &Context, id: JobId) -> Result<Job, DeskError> {
        self.change(context, id, |job| job.hurried(context.now), JobEvent::Hurried).await
    }

    /// What is done by the calendar, in the order in which it is due.
    pub async fn schedules(&self, context: &Context) -> Result<Vec<ScheduleLine>, DeskError> {
        context.authorize(permission::READ_SCHEDULES)?;
        let names: Vec<&str> = self.schedules.iter().map(Schedule::name).collect();
        let last = self.ports.firings.last_firings(&names).await?;
        let line = |schedule: &Schedule| {
            let (cron, zone) = schedule.calendar();
            let name = schedule.name().to_owned();
            ScheduleLine { last_run: last.get(&name).copied(), next_run: schedule.next(context.now), name, cron, zone }
        };
        let mut lines: Vec<_> = self.schedules.iter().map(line).collect();
        lines.sort_by(|one, other| (one.next_run, &one.name).cmp(&(other.next_run, &other.name)));
        Ok(lines)
    }

    /// Has done at once what a schedule does, besides what the calendar says; the job.
    pub async fn run_schedule(&self, context: &Context, name: &str) -> Result<JobId, DeskError> {
        context.authorize(permission::RUN_SCHEDULES)?;
        let schedule = self.schedules.iter().find(|schedule| schedule.name() == name).ok_or(NotFound)?;
        let now = context.now;
        let firing = Firing { schedule: name.to_owned(), due_at: now, job: schedule.job_at(now), now };
        let event = JobEvent::ScheduleRun { schedule: name.to_owned() };
        let mut tx = self.ports.store.begin(context).await?;
        let Some(id) = tx.fire(Change::new(firing, event)).await? else { return Err(DeskError::Duplicate) };
        tx.commit().await?;
        Ok(id)
    }

    async fn found(&self, context: &Context, id: JobId) -> Result<Job, DeskError> {
        Ok(self.ports.jobs.find(context.tenant, id).await?.ok_or(NotFound)?)
    }

    async fn change(
        &self,
        context: &Context,
        id: JobId,
        step: impl Fn(Job) -> Result<Transition, WrongState> + Send + Sync,
        told: fn(Step) -> JobEvent,
    ) -> Result<Job, DeskError> {
        context.authorize(permission::MANAGE_JOBS)?;
        for _look in 0..LOOKS {
            let job = self.found(context, id).await?;
            let found = job.clone();
            let step = step(job)?;
            let next = step.next().clone();
            let event = told(Step::of(&found, next.state()));
            let mut tx = self.ports.store.begin(context).await?;
            match tx.settle(Change::new(step, event)).await? {
                Ack::Saved => {
                    tx.commit().await?;
                    return Ok(next);
                }
                Ack::Duplicate => return Err(DeskError::Duplicate),
                // A worker was faster; perhaps it can be done to what the job is now.
                Ack::Lost => {}
            }
        }
        Err(StoreError::Stale.into())
    }
}
