//! Durable jobs, the relay from events to jobs, and schedules.
//!
//! The crate promises: a job that was enqueued is attempted at least once, however many workers there are and whenever
//! they stop, and no two have it at a time; a worker that lost its job cannot say how it ended; a job that kills every
//! worker dies itself; what happened to one aggregate is handled in the order it happened; each event leads to one job
//! for each subscriber, and each moment of a schedule to one firing. Because attempts repeat, every handler
//! [names](Idempotence) what makes repetitions harmless.
//!
//! It is pure: a state machine, and logic on [ports](port). It deliberately has no database and starts no task: whoever
//! owns a [`Worker`], [`Relay`] or [`Scheduler`] calls its steps, with whatever runtime there is.
//!
//! ```
//! use ashlar_jobs::{Backoff, Failure, Job, JobState, Lease, NewJob};
//! use ashlar_kernel::{Clock, Id, TenantId};
//! use ashlar_memory::{ManualClock, SeededEntropy};
//! use chrono::TimeDelta;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = ManualClock::at("2030-01-01T00:00:00Z");
//! let ask = NewJob::new(TenantId::MAIN, "mail.send", 1, &serde_json::json!({ "user": 7 }))?.attempts(2)?;
//! let mut job = Job::enqueued(Id::from_uuid(uuid::Uuid::from_u128(1)), ask, clock.now());
//! for _attempt in 0..2 {
//!     let lease = Lease { worker: "w1".to_owned(), until: clock.now() + TimeDelta::seconds(60) };
//!     let claimed = job.claimed(lease, clock.now())?.next().clone();
//!     let refused = Failure::Transient("421 try later".to_owned());
//!     job = claimed.failed(&refused, Backoff::STANDARD, &SeededEntropy::new(1), clock.now())?.next().clone();
//!     clock.advance(TimeDelta::seconds(4));
//! }
//! assert_eq!(job.state(), JobState::Dead);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "contract")]
pub mod contract;
pub mod desk;
mod handler;
mod job;
pub mod port;
mod relay;
mod schedule;
mod worker;

pub use desk::Desk;
pub use handler::{Handler, HandlerCard, Handlers, Idempotence};
pub use job::{
    Backoff, DEFAULT_ATTEMPTS, DEFAULT_QUEUE, FAILURES_KEPT, FailedAttempt, Failure, Guard, InvalidJob, Job, JobId,
    JobRow, JobState, KEY_MAX, Lease, NAME_MAX, NOTE_MAX, NewJob, PAYLOAD_MAX, Status, Transition, WrongState, scrub,
};
pub use relay::{Relay, Subscriber, Subscribers};
pub use schedule::{CatchUp, InvalidSchedule, Schedule, Scheduler};
pub use worker::{Ran, Tended, Worker, WorkerPorts, WorkerSettings};
