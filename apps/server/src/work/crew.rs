//! The worker as tasks: jobs side by side, and housekeeping.

use std::{collections::HashMap, time::Duration};

use ashlar_jobs::{Job, JobId, JobState, Ran, Worker};
use ashlar_kernel::StoreError;
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument as _;

use super::pace::{Pace, Trouble};
use crate::telemetry::{metrics::Metrics, traces};

/// A ring may be lost, and a job that waits for its time rings for nobody.
const LOOK: Duration = Duration::from_secs(1);
const TEND: Duration = Duration::from_secs(5);

/// Runs jobs, so many at a time.
pub(super) struct Crew {
    worker: Worker,
    concurrency: usize,
    metrics: Metrics,
    running: JoinSet<JobId>,
    held: HashMap<JobId, Job>,
}

impl Crew {
    pub(super) fn new(worker: Worker, concurrency: u32, metrics: Metrics) -> Self {
        let concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX);
        Self { worker, concurrency, metrics, running: JoinSet::new(), held: HashMap::new() }
    }

    pub(super) async fn run(mut self, mut pace: Pace) {
        let mut trouble = Trouble::with("the worker");
        while pace.goes_on() {
            let free = self.concurrency - self.held.len();
            match self.take(free).await {
                // There may be more, but nobody to do it.
                Ok(taken) if taken == free => {
                    trouble.is_over();
                    self.one_to_finish(&mut pace, None).await;
                }
                Ok(_) => {
                    trouble.is_over();
                    self.one_to_finish(&mut pace, Some(LOOK)).await;
                }
                Err(error) => pace.rest(trouble.meet(&error)).await,
            }
            self.note_finished();
        }
        self.finish(pace.patience()).await;
    }

    /// Claims jobs and starts them; how many.
    async fn take(&mut self, free: usize) -> Result<usize, StoreError> {
        let jobs = self.worker.claim(u32::try_from(free).unwrap_or(u32::MAX)).await?;
        let taken = jobs.len();
        for job in jobs {
            self.held.insert(job.id(), job.clone());
            self.running.spawn(attempt(self.worker.clone(), job, self.metrics.clone()));
        }
        Ok(taken)
    }

    /// Waits for a job to end or a reason to stop; with `look`, for news as well.
    async fn one_to_finish(&mut self, pace: &mut Pace, look: Option<Duration>) {
        let is_idle = self.running.is_empty();
        let wait = async {
            match look {
                Some(look) => pace.until_rung(look).await,
                None => pace.rest(Duration::from_mins(1)).await,
            }
        };
        tokio::select! {
            Some(ended) = self.running.join_next(), if !is_idle => self.forget(&ended),
            () = wait => {}
        }
    }

    fn note_finished(&mut self) {
        while let Some(ended) = self.running.try_join_next() {
            self.forget(&ended);
        }
    }

    /// The job of this task is no longer held. A task that was aborted does not say which one it had.
    fn forget(&mut self, ended: &Result<JobId, JoinError>) {
        if let Ok(id) = ended {
            self.held.remove(id);
        }
    }

    /// Gives what runs `patience` to end, and returns the rest to whoever takes it next.
    async fn finish(mut self, patience: Duration) {
        let all = async {
            while let Some(ended) = self.running.join_next().await {
                self.forget(&ended);
            }
        };
        if tokio::time::timeout(patience, all).await.is_ok() {
            return;
        }
        self.running.shutdown().await;
        tracing::info!(jobs = self.held.len(), "returning the jobs that were not finished");
        for job in self.held.into_values() {
            let id = job.id();
            if let Err(error) = self.worker.release(job).await {
                tracing::warn!(job_id = %id, %error, "a job was not returned; others get it when its lease is over");
            }
        }
    }
}

/// One attempt at a job, with what it leaves in the log and the metrics.
async fn attempt(worker: Worker, job: Job, metrics: Metrics) -> JobId {
    let id = job.id();
    let span = tracing::info_span!(
        "job",
        job_id = %id,
        kind = job.kind(),
        tenant = %job.tenant(),
        number = job.attempts() + 1,
        trace_id = tracing::field::Empty,
    );
    traces::join(&span, job.trace_context());
    async {
        let kind = worker.kind_of(&job);
        let in_progress = metrics.job(kind);
        match worker.run(job).await {
            Ok(ran) => {
                let outcome = outcome(&ran);
                let took = in_progress.ended(outcome);
                match ran {
                    Ran::Settled(JobState::Dead) => tracing::error!(outcome, ms = took.as_millis(), "job"),
                    Ran::Settled(JobState::Done) => tracing::info!(outcome, ms = took.as_millis(), "job"),
                    _ => tracing::warn!(outcome, ms = took.as_millis(), "job"),
                }
            }
            Err(error) => {
                in_progress.ended("unsaved");
                tracing::warn!(%error, "how a job ended was not saved; it will be repeated when its lease is over");
            }
        }
    }
    .instrument(span)
    .await;
    id
}

/// What an attempt led to, as metrics and logs call it.
fn outcome(ran: &Ran) -> &'static str {
    match ran {
        Ran::Settled(JobState::Ready) => "retry",
        Ran::Settled(state) => state.as_str(),
        Ran::Lost => "lost",
    }
}

/// Housekeeping, by any number of workers.
pub(super) async fn tend(worker: Worker, mut pace: Pace) {
    let mut trouble = Trouble::with("housekeeping of jobs");
    while pace.goes_on() {
        match worker.tend().await {
            Ok(tended) => {
                trouble.is_over();
                if tended.reaped > 0 {
                    tracing::warn!(jobs = tended.reaped, "took over the jobs of a worker that did not come back");
                }
                pace.rest(TEND).await;
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
}
