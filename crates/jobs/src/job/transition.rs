//! What can happen to a job. Each step is a pure function from the job as it was seen to the job as it shall be.

use ashlar_kernel::{Entropy, Timestamp};
use chrono::TimeDelta;

use super::{
    Backoff, Failure, Job, JobId, JobState, Lease, Status,
    history::{FailedAttempt, remember},
    scrub,
};

/// This cannot happen to a job in that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job is {}", state.as_str())]
pub struct WrongState {
    /// Where it stands.
    pub state: JobState,
}

/// What must still be true of the stored job for a [`Transition`] to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Which job.
    pub id: JobId,
    /// The state it was seen in.
    pub state: JobState,
    /// The fencing token it was seen with.
    pub token: i64,
    /// The lease it was seen with, where the step follows from the lease being over: a heartbeat in between refutes it.
    pub lease_until: Option<Timestamp>,
}

/// A step of a job. Storage saves `next` if `guard` holds, and nothing otherwise.
#[must_use = "nothing has happened until a store has saved it"]
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    guard: Guard,
    next: Job,
}

impl Transition {
    /// What must still be true.
    pub const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The job as it shall be.
    pub const fn next(&self) -> &Job {
        &self.next
    }
}

/// How long a remote may ask to be left alone: a larger wish is a mistake, or a trick.
const PATIENCE: TimeDelta = TimeDelta::hours(24);

impl Job {
    /// A worker takes it. Storage does this by itself, in the statement that picks the jobs.
    pub fn claimed(self, lease: Lease, now: Timestamp) -> Result<Transition, WrongState> {
        let token = self.token + 1;
        self.step(&[JobState::Ready], now, |job| job.with(Status::Running(lease)).with_token(token))
    }

    /// The attempt went well.
    pub fn succeeded(self, now: Timestamp) -> Result<Transition, WrongState> {
        self.step(&[JobState::Running], now, |job| Self {
            last_error: None,
            ..job.counted().with(Status::Done { at: now })
        })
    }

    /// The attempt failed: another follows, unless this was the last or none can succeed.
    pub fn failed(
        self,
        failure: &Failure,
        backoff: Backoff,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Transition, WrongState> {
        let wait = |attempts| match failure {
            Failure::Transient(_) => Some(backoff.delay(attempts, entropy)),
            Failure::Permanent(_) => None,
            Failure::RateLimited { until, .. } => Some((*until - now).clamp(TimeDelta::zero(), PATIENCE)),
        };
        self.step(&[JobState::Running], now, |job| {
            let job = job.counted();
            let wait = wait(job.attempts);
            job.again_or_dead(wait, scrub(failure.note()), now)
        })
    }

    /// The lease is over and nobody has said how the attempt ended. It counts as one that failed, so that a job that
    /// kills its worker comes to an end as well.
    pub fn lease_expired(
        self,
        backoff: Backoff,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Transition, WrongState> {
        let until = self.lease().map(|lease| lease.until);
        if until.is_some_and(|until| until > now) {
            return Err(WrongState { state: JobState::Running });
        }
        let step = self.step(&[JobState::Running], now, |job| {
            let job = job.counted();
            let wait = backoff.delay(job.attempts, entropy);
            job.again_or_dead(Some(wait), "the worker did not come back".to_owned(), now)
        });
        step.map(|step| Transition { guard: Guard { lease_until: until, ..step.guard }, ..step })
    }

    /// The worker gives it back unfinished, to be taken up at once by another. No attempt is counted.
    pub fn released(self, now: Timestamp) -> Result<Transition, WrongState> {
        self.step(&[JobState::Running], now, |job| Self { run_at: now, ..job.with(Status::Ready) })
    }

    /// The worker does not know its kind or version. No attempt is counted.
    pub fn parked(self, now: Timestamp) -> Result<Transition, WrongState> {
        self.step(&[JobState::Running], now, |job| job.with(Status::Parked))
    }

    /// A worker that knows its kind and version has come. Storage does this by itself, for all such jobs.
    pub fn unparked(self, now: Timestamp) -> Result<Transition, WrongState> {
        self.step(&[JobState::Parked], now, |job| job.with(Status::Ready))
    }

    /// Somebody takes it back. Whoever runs it learns at the next heartbeat, and cannot say any more how it ended.
    pub fn cancelled(self, now: Timestamp) -> Result<Transition, WrongState> {
        let live = [JobState::Ready, JobState::Running, JobState::Parked];
        self.step(&live, now, |job| job.with(Status::Cancelled { at: now }))
    }

    /// Somebody gives it another chance, with all its attempts.
    pub fn retried(self, now: Timestamp) -> Result<Transition, WrongState> {
        let ended = [JobState::Dead, JobState::Cancelled, JobState::Parked];
        self.step(&ended, now, |job| Self { attempts: 0, run_at: now, ..job.with(Status::Ready) })
    }

    /// Somebody does not want to wait until its time has come.
    pub fn hurried(self, now: Timestamp) -> Result<Transition, WrongState> {
        self.step(&[JobState::Ready], now, |job| Self { run_at: job.run_at.min(now), ..job })
    }

    fn step(
        self,
        from: &[JobState],
        now: Timestamp,
        change: impl FnOnce(Self) -> Self,
    ) -> Result<Transition, WrongState> {
        let state = self.state();
        if !from.contains(&state) {
            return Err(WrongState { state });
        }
        let guard = Guard { id: self.id, state, token: self.token, lease_until: None };
        Ok(Transition { guard, next: Self { updated_at: now, ..change(self) } })
    }

    fn with(self, status: Status) -> Self {
        Self { status, ..self }
    }

    fn with_token(self, token: i64) -> Self {
        Self { token, ..self }
    }

    /// One more attempt has ended.
    fn counted(self) -> Self {
        Self { attempts: self.attempts.saturating_add(1).min(self.what.max_attempts), ..self }
    }

    fn again_or_dead(self, wait: Option<TimeDelta>, error: String, now: Timestamp) -> Self {
        let failed = FailedAttempt { number: self.attempts, at: now, note: error.clone() };
        let job = Self { last_error: Some(error), failures: remember(self.failures, failed), ..self };
        match wait.filter(|_| job.attempts < job.what.max_attempts) {
            Some(wait) => Self { run_at: now + wait, ..job.with(Status::Ready) },
            None => job.with(Status::Dead { at: now }),
        }
    }
}
