//! A job: one piece of work that survives the process it was asked for in.

mod backoff;
mod failure;
mod history;
mod new_job;
mod row;
mod transition;

pub use backoff::Backoff;
pub use failure::{Failure, NOTE_MAX, scrub};
pub use history::{FAILURES_KEPT, FailedAttempt};
pub use new_job::{DEFAULT_ATTEMPTS, DEFAULT_QUEUE, InvalidJob, KEY_MAX, NAME_MAX, NewJob, PAYLOAD_MAX};
pub use row::JobRow;
pub use transition::{Guard, Transition, WrongState};

use ashlar_kernel::{Id, TenantId, Timestamp};
use serde_json::Value;

/// Identifies a [`Job`]. The same through all attempts, so that an outside party can tell a repetition.
pub type JobId = Id<Job>;

/// One piece of work and how far it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    id: JobId,
    what: NewJob,
    run_at: Timestamp,
    attempts: u32,
    status: Status,
    token: i64,
    last_error: Option<String>,
    failures: Vec<FailedAttempt>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Where a job stands, with what belongs to it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Waits for its time and a worker.
    Ready,
    /// A worker has it.
    Running(Lease),
    /// It succeeded.
    Done {
        /// When.
        at: Timestamp,
    },
    /// It was given up.
    Dead {
        /// When.
        at: Timestamp,
    },
    /// Somebody took it back.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// No worker knew its kind or version. A newer one takes it up again.
    Parked,
}

/// A worker's right to a job, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Whose it is.
    pub worker: String,
    /// Until when.
    pub until: Timestamp,
}

/// [`Status`] by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// See [`Status::Ready`].
    Ready,
    /// See [`Status::Running`].
    Running,
    /// See [`Status::Done`].
    Done,
    /// See [`Status::Dead`].
    Dead,
    /// See [`Status::Cancelled`].
    Cancelled,
    /// See [`Status::Parked`].
    Parked,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 6] = [Self::Ready, Self::Running, Self::Done, Self::Dead, Self::Cancelled, Self::Parked];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Parked => "parked",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether such a job may still run by itself. Live jobs hold their dedupe key and their place in turn.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Ready | Self::Running | Self::Parked)
    }
}

impl Job {
    /// A job that was just enqueued.
    pub fn enqueued(id: JobId, what: NewJob, now: Timestamp) -> Self {
        let run_at = what.run_at.unwrap_or(now);
        Self {
            id,
            what,
            run_at,
            attempts: 0,
            status: Status::Ready,
            token: 0,
            last_error: None,
            failures: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Its identifier.
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// Whose data it works on.
    pub const fn tenant(&self) -> TenantId {
        self.what.tenant
    }

    /// The queue it waits in.
    pub fn queue(&self) -> &str {
        &self.what.queue
    }

    /// Which handler it is for.
    pub fn kind(&self) -> &str {
        &self.what.kind
    }

    /// The shape of the payload.
    pub const fn version(&self) -> u16 {
        self.what.version
    }

    /// What the handler needs to know.
    pub const fn payload(&self) -> &Value {
        &self.what.payload
    }

    /// Smaller goes first.
    pub const fn priority(&self) -> i16 {
        self.what.priority
    }

    /// Not before.
    pub const fn run_at(&self) -> Timestamp {
        self.run_at
    }

    /// How many attempts have ended.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How many may fail.
    pub const fn max_attempts(&self) -> u32 {
        self.what.max_attempts
    }

    /// Where it stands.
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// Where it stands, by name.
    pub const fn state(&self) -> JobState {
        match self.status {
            Status::Ready => JobState::Ready,
            Status::Running(_) => JobState::Running,
            Status::Done { .. } => JobState::Done,
            Status::Dead { .. } => JobState::Dead,
            Status::Cancelled { .. } => JobState::Cancelled,
            Status::Parked => JobState::Parked,
        }
    }

    /// The lease, while a worker has it.
    pub const fn lease(&self) -> Option<&Lease> {
        match &self.status {
            Status::Running(lease) => Some(lease),
            _ => None,
        }
    }

    /// The fencing token: each claim raises it, and only who knows the last may say how the attempt ended.
    pub const fn token(&self) -> i64 {
        self.token
    }

    /// Of live jobs of the tenant and kind, one has this key.
    pub fn dedupe_key(&self) -> Option<&str> {
        self.what.dedupe_key.as_deref()
    }

    /// Jobs of the tenant with this key run one at a time.
    pub fn serial_key(&self) -> Option<&str> {
        self.what.serial_key.as_deref()
    }

    /// The W3C `traceparent` of whoever asked for it.
    pub fn trace_context(&self) -> Option<&str> {
        self.what.trace_context.as_deref()
    }

    /// Why the last attempt failed, scrubbed.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// The attempts that failed, the last [`FAILURES_KEPT`] of them, oldest first. A second chance does not forget them.
    pub fn failures(&self) -> &[FailedAttempt] {
        &self.failures
    }

    /// When it was enqueued.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it changed last.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// When it came to its end.
    pub const fn finished_at(&self) -> Option<Timestamp> {
        match self.status {
            Status::Done { at } | Status::Dead { at } | Status::Cancelled { at } => Some(at),
            Status::Ready | Status::Running(_) | Status::Parked => None,
        }
    }
}

#[cfg(test)]
mod tests;
