//! Work behind the scenes: the relay from events to jobs, workers and schedules, as tasks of this process.
//!
//! The engine is `ashlar-jobs`, which starts nothing by itself. This is who calls its steps: at once when the bell
//! rings, and once a second because a ring may be lost. Any number of processes may do so on one database.

mod about;
mod clock;
mod crew;
mod departures;
mod erasure;
mod exports;
mod figures;
mod housekeeping;
mod imports;
mod matters;
mod pace;
mod relay;
mod scheduler;
mod seal;
mod storage;
mod transfers;

use std::{pin::Pin, sync::Arc, time::Duration};

use ashlar_jobs::{
    Failure, Handlers, InvalidSchedule, Job, Relay, Schedule, Scheduler, Subscribers, Worker, WorkerPorts,
    WorkerSettings,
    port::{Bell, JobStore, News, Outbox, ScheduleStore, Sleep},
};
use ashlar_kernel::{Clock, Context, Entropy, RequestId, Timestamp};
use ashlar_leads::Transfers;
use async_trait::async_trait;
use tokio::{sync::watch, task::JoinSet};

pub use clock::{AskOffset, SharedClock};
pub use departures::{Departures, ReleaseLeads};
pub use erasure::{ErasePersonal, Erasures};
pub use housekeeping::{Keepers, housekeeping, schedules};
pub use matters::Watch;
pub use seal::Sealing;
pub use storage::Storage;

use self::{crew::Crew, figures::Figures, pace::Pace};
use crate::telemetry::metrics::Metrics;

/// Which work a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Moves events to jobs, and runs jobs.
    pub worker: bool,
    /// Fires schedules.
    pub scheduler: bool,
}

impl Roles {
    /// All there is.
    pub const ALL: Self = Self { worker: true, scheduler: true };
    /// None.
    pub const NONE: Self = Self { worker: false, scheduler: false };
    /// Moves events and runs jobs.
    pub const WORKER: Self = Self { worker: true, scheduler: false };
    /// Fires schedules.
    pub const SCHEDULER: Self = Self { worker: false, scheduler: true };
}

/// Something that is to be done all the time, until it is dropped.
pub type Errand = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What work is done with, and which.
pub struct Work {
    /// The jobs.
    pub jobs: Arc<dyn JobStore>,
    /// The way from the log to the jobs.
    pub outbox: Arc<dyn Outbox>,
    /// The firings.
    pub firings: Arc<dyn ScheduleStore>,
    /// Says when there is something to do.
    pub bell: Arc<dyn Bell>,
    /// The time that all processes have in common.
    pub clock: SharedClock,
    /// Where jitter comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Who does which kind of job.
    pub handlers: Handlers,
    /// Who wants jobs done when something has happened.
    pub subscribers: Subscribers,
    /// What is done by the calendar.
    pub schedules: Vec<Schedule>,
    /// How events become the audit trail.
    pub sealing: Sealing,
    /// Who imports and exports leads; nobody if none.
    pub transfers: Option<Transfers>,
    /// Who looks at what does not go as it should; nobody if none.
    pub watch: Option<Watch>,
    /// What every process does, whatever its roles: carrying rings, hearing of others' revocations.
    pub errands: Vec<Errand>,
    /// Jobs at the same time.
    pub concurrency: u32,
}

/// Why there can be no work.
#[derive(Debug, thiserror::Error)]
#[error("a schedule of this version is wrong: {0}")]
pub struct WorkError(#[from] InvalidSchedule);

/// What a process does once somebody asks it to stop: how long it may take to finish.
type Stop = watch::Receiver<Option<Duration>>;

/// Work that is being done. It ends when this is dropped, in the middle of whatever it does: jobs survive that, but
/// others have to wait for their leases to end. A [`Stopper`] is kinder.
pub struct Working {
    tasks: JoinSet<()>,
    errands: JoinSet<()>,
    stop: watch::Sender<Option<Duration>>,
}

impl Work {
    /// Starts the tasks of `roles`. `name` tells operators who has a job.
    pub fn start(self, roles: Roles, name: &str, metrics: &Metrics) -> Working {
        let (stop, stopped) = watch::channel(None);
        let (mut tasks, mut errands) = (JoinSet::new(), JoinSet::new());
        let figures = self.figures(metrics);
        for errand in self.errands {
            errands.spawn(errand);
        }
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let pace = Pace::new(self.bell, Arc::clone(&self.entropy), stopped);
        if roles.worker || roles.scheduler {
            errands.spawn(self.clock.keep());
            tasks.spawn(figures.keep(Arc::clone(&clock), pace.clone()));
        }
        if roles.worker {
            let relay = Relay::new(self.outbox, Arc::new(self.subscribers), Arc::clone(&clock));
            tasks.spawn(relay::run(relay, pace.clone().woken_by(News::Events)));
            tasks.spawn(seal::run(self.sealing, Arc::clone(&clock), pace.clone().woken_by(News::Events)));
            if let Some(watch) = self.watch {
                tasks.spawn(matters::run(watch, Arc::clone(&clock), pace.clone()));
            }
            if let Some(transfers) = self.transfers {
                let holder = imports::holder(&self.entropy);
                let exports = exports::Exports(transfers.clone());
                tasks.spawn(transfers::run(exports, pace.clone().woken_by(News::Events)));
                let imports = imports::Imports { transfers, holder };
                tasks.spawn(transfers::run(imports, pace.clone().woken_by(News::Events)));
            }
            let ports = WorkerPorts {
                store: self.jobs,
                clock: Arc::clone(&clock),
                sleep: Arc::new(RealSleep),
                entropy: self.entropy,
            };
            let settings = WorkerSettings { concurrency: self.concurrency, ..WorkerSettings::new(name, &QUEUES) };
            let worker = Worker::new(ports, Arc::new(self.handlers), settings);
            tasks.spawn(crew::tend(worker.clone(), pace.clone()));
            tasks.spawn(Crew::new(worker, self.concurrency, metrics.clone()).run(pace.clone()));
        }
        if roles.scheduler {
            let scheduler = Scheduler::new(self.firings, Arc::clone(&clock), self.schedules);
            tasks.spawn(scheduler::run(scheduler, clock, pace));
        }
        Working { tasks, errands, stop }
    }
}

impl Work {
    fn figures(&self, metrics: &Metrics) -> Figures {
        let (jobs, outbox) = (Arc::clone(&self.jobs), Arc::clone(&self.outbox));
        Figures::new(jobs, outbox, self.sealing.sealer.clone(), metrics.clone())
    }
}

/// Every queue there is. A worker serves them all; one for each would give each its own concurrency.
const QUEUES: [&str; 1] = [ashlar_jobs::DEFAULT_QUEUE];

impl Working {
    /// Asks it to take on nothing new, to give what was begun so long to finish, and to return the rest.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Waits until it has done as it was asked.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
        self.errands.shutdown().await;
    }
}

/// Who asks [`Working`] to stop.
pub struct Stopper(watch::Sender<Option<Duration>>);

impl Stopper {
    /// Nothing new from now on; what was begun has `patience` to finish. The first word counts.
    pub fn stop(&self, patience: Duration) {
        self.0.send_if_modified(|asked| {
            let is_first = asked.is_none();
            asked.get_or_insert(patience);
            is_first
        });
    }

    /// Waits until nothing is being done any more: every task listens until it ends.
    pub async fn ended(&self) {
        self.0.closed().await;
    }
}

/// The product itself, as `actor`, on behalf of a job. Its id is that of the request.
pub(crate) fn context_of(job: &Job, actor: &'static str, now: Timestamp) -> Result<Context, Failure> {
    let request = RequestId::parse(&job.id().to_string()).map_err(|error| Failure::Permanent(error.to_string()))?;
    Ok(Context::system(actor, job.tenant(), request, now))
}

/// Waits in real time, for use cases.
pub struct RealPause;

#[async_trait]
impl ashlar_identity::port::Pause for RealPause {
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Waits in real time.
struct RealSleep;

#[async_trait]
impl Sleep for RealSleep {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
