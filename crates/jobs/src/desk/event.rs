//! What people do to jobs.

use ashlar_kernel::{DiffEntry, DomainEvent, EventSpec, Target};
use serde::Serialize;

use crate::{Job, JobId, JobState};

/// What people do to jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum JobEvent {
    /// A job was taken back.
    Cancelled(Step),
    /// A job was given another chance.
    Retried(Step),
    /// A job was told not to wait for its time.
    Hurried(Step),
    /// A schedule was fired by hand.
    ScheduleRun {
        /// Which.
        schedule: String,
    },
}

/// Which job, and in which state it was found and left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    #[serde(skip)]
    job: JobId,
    #[serde(skip)]
    states: (JobState, JobState),
    kind: String,
    attempts: u32,
}

impl Step {
    /// From the job as it was found to the state it is left in.
    pub fn of(found: &Job, left: JobState) -> Self {
        Self {
            job: found.id(),
            states: (found.state(), left),
            kind: found.kind().to_owned(),
            attempts: found.attempts(),
        }
    }
}

const KIND: (&str, &str) = ("kind", "Which handler it is for.");
const ATTEMPTS: (&str, &str) = ("attempts", "How many attempts had ended by then.");

const CANCELLED: EventSpec = EventSpec {
    name: "jobs.job.cancelled",
    schema_version: 1,
    summary: "Somebody took a job back.",
    targets: &["job"],
    data: &[KIND, ATTEMPTS],
};

const RETRIED: EventSpec = EventSpec {
    name: "jobs.job.retried",
    schema_version: 1,
    summary: "Somebody gave a job that was dead, cancelled or parked another chance, with all its attempts.",
    targets: &["job"],
    data: &[KIND, ATTEMPTS],
};

const HURRIED: EventSpec = EventSpec {
    name: "jobs.job.hurried",
    schema_version: 1,
    summary: "Somebody told a job not to wait for its time.",
    targets: &["job"],
    data: &[KIND, ATTEMPTS],
};

const SCHEDULE_RUN: EventSpec = EventSpec {
    name: "jobs.schedule.run",
    schema_version: 1,
    summary: "Somebody had done at once what is done by the calendar.",
    targets: &["schedule"],
    data: &[("schedule", "Its name.")],
};

impl JobEvent {
    const fn step(&self) -> Option<&Step> {
        match self {
            Self::Cancelled(step) | Self::Retried(step) | Self::Hurried(step) => Some(step),
            Self::ScheduleRun { .. } => None,
        }
    }
}

impl DomainEvent for JobEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Cancelled(_) => CANCELLED.name,
            Self::Retried(_) => RETRIED.name,
            Self::Hurried(_) => HURRIED.name,
            Self::ScheduleRun { .. } => SCHEDULE_RUN.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Cancelled(step) | Self::Retried(step) | Self::Hurried(step) => vec![Target::new("job", step.job)],
            Self::ScheduleRun { schedule } => vec![Target::new("schedule", schedule)],
        }
    }

    fn diff(&self) -> Vec<DiffEntry> {
        let changed = self.step().map(|step| step.states).filter(|(found, left)| found != left);
        changed.map(|(found, left)| DiffEntry::plain("/state", found.as_str(), left.as_str())).into_iter().collect()
    }
}

/// The catalogue entries of [`JobEvent`].
pub const fn job_event_specs() -> &'static [EventSpec] {
    &[CANCELLED, RETRIED, HURRIED, SCHEDULE_RUN]
}
