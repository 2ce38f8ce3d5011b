//! Jobs as clients see them.

use ashlar_jobs::{FailedAttempt, Job as Stored, JobId};
use ashlar_kernel::Page;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::job_payload::shown;
use crate::http::page::{PageInfo, moment};

/// Where a job stands.
#[derive(Serialize, ToSchema)]
#[schema(as = JobState, example = "dead")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum JobStateName {
    /// Waits for its time and a worker.
    Ready,
    /// A worker has it.
    Running,
    /// It succeeded.
    Done,
    /// It was given up.
    Dead,
    /// Somebody took it back.
    Cancelled,
    /// No worker knew what to do. A newer version takes it up again.
    Parked,
}

/// An attempt that failed.
#[derive(Serialize, ToSchema)]
struct JobFailure {
    /// Which, counted from 1; anew after each retry by hand.
    #[schema(minimum = 1, example = 3)]
    number: u32,
    /// When it ended.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    at: String,
    /// Why. Addresses of people and what looks like a secret are left out.
    #[schema(example = "421 try later")]
    note: String,
}

/// What a job was told: ids, moments and numbers. Of any other text, `{"withheld":true}` says that it is there.
#[derive(ToSchema)]
#[schema(value_type = Object, example = json!({ "event": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b" }))]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
struct JobPayload(Map<String, Value>);

/// A piece of work that is done behind the scenes.
#[derive(Serialize, ToSchema)]
pub(super) struct Job {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: JobId,
    /// The queue it waits in.
    #[schema(example = "default")]
    queue: String,
    /// What is to be done.
    #[schema(example = "mail.send")]
    kind: String,
    /// Where it stands.
    #[schema(value_type = JobStateName)]
    state: &'static str,
    /// Smaller goes first.
    #[schema(example = 0)]
    priority: i16,
    /// How many attempts have ended.
    #[schema(minimum = 0, example = 3)]
    attempts: u32,
    /// How many may fail.
    #[schema(minimum = 1, example = 10)]
    max_attempts: u32,
    /// When it is attempted next, at the earliest; null unless it is ready.
    #[schema(required, format = DateTime, example = "2026-01-31T09:31:00.000Z")]
    next_run: Option<String>,
    /// Which worker has it.
    #[schema(required, example = "host:4711")]
    worker: Option<String>,
    /// Until when, unless it gives a sign of life.
    #[schema(required, format = DateTime, example = "2026-01-31T09:31:00.000Z")]
    lease_until: Option<String>,
    /// Why the last attempt failed; null after one that went well.
    #[schema(required, example = "421 try later")]
    last_error: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it changed last.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
    /// When it came to its end.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    finished_at: Option<String>,
}

/// A job with all that is known of it.
#[derive(Serialize, ToSchema)]
pub(super) struct JobDetails {
    #[serde(flatten)]
    job: Job,
    /// The shape of the payload.
    #[schema(minimum = 1, example = 1)]
    payload_version: u16,
    /// What it was told.
    #[schema(value_type = JobPayload)]
    payload: Value,
    /// The attempts that failed, the last ten of them, oldest first.
    failures: Vec<JobFailure>,
    /// In which distributed trace it was asked for.
    #[schema(required, example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: Option<String>,
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub(super) struct JobPage {
    /// The jobs, newest first.
    data: Vec<Job>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<&Stored> for Job {
    fn from(job: &Stored) -> Self {
        let lease = job.lease();
        let is_ready = matches!(job.status(), ashlar_jobs::Status::Ready);
        Self {
            id: job.id(),
            queue: job.queue().to_owned(),
            kind: job.kind().to_owned(),
            state: job.state().as_str(),
            priority: job.priority(),
            attempts: job.attempts(),
            max_attempts: job.max_attempts(),
            next_run: is_ready.then(|| moment(job.run_at())),
            worker: lease.map(|lease| lease.worker.clone()),
            lease_until: lease.map(|lease| moment(lease.until)),
            last_error: job.last_error().map(str::to_owned),
            created_at: moment(job.created_at()),
            updated_at: moment(job.updated_at()),
            finished_at: job.finished_at().map(moment),
        }
    }
}

impl From<&Stored> for JobDetails {
    fn from(job: &Stored) -> Self {
        let failure = |failed: &FailedAttempt| JobFailure {
            number: failed.number,
            at: moment(failed.at),
            note: failed.note.clone(),
        };
        Self {
            job: Job::from(job),
            payload_version: job.version(),
            payload: shown(job.payload()),
            failures: job.failures().iter().map(failure).collect(),
            trace_id: job.trace_context().and_then(|trace| trace.get(3..35)).map(str::to_owned),
        }
    }
}

impl From<Page<Stored>> for JobPage {
    fn from(page: Page<Stored>) -> Self {
        Self { data: page.data.iter().map(Job::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}
