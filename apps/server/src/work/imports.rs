//! Imports of leads that wait: one at a time for each tenant.

use std::sync::Arc;

use ashlar_kernel::{Entropy, IdSource as _, SystemClock, TimeOrderedIds};
use ashlar_leads::{ImportRun, RunError, Taken, Transfers, import::ImportJob};
use async_trait::async_trait;
use uuid::Uuid;

use super::{pace::Pace, transfers::Waiting};

/// What this process is called, as long as it lives.
pub(super) fn holder(entropy: &Arc<dyn Entropy>) -> Uuid {
    TimeOrderedIds::new(Arc::new(SystemClock), Arc::clone(entropy)).next()
}

/// Imports, and what this process is called that carries them out.
pub(super) struct Imports {
    pub(super) transfers: Transfers,
    pub(super) holder: Uuid,
}

#[async_trait]
impl Waiting for Imports {
    const WHAT: &'static str = "imports of leads";

    async fn step(&self, pace: &Pace) -> Result<bool, RunError> {
        match self.transfers.take(self.holder).await? {
            Taken::Nothing => return Ok(false),
            Taken::Over(job) => tell(&job),
            Taken::Run(run) => carry_out(*run, pace).await?,
        }
        Ok(true)
    }
}

async fn carry_out(mut run: ImportRun, pace: &Pace) -> Result<(), RunError> {
    tracing::info!(import = %run.job().id(), tenant = %run.job().tenant(), rows = run.job().counts().rows_read, "importing leads");
    while pace.goes_on() {
        if !run.step().await? {
            tell(run.job());
            return Ok(());
        }
    }
    tracing::info!(import = %run.job().id(), "an import waits for the next process");
    run.pause().await
}

fn tell(job: &ImportJob) {
    let (counts, state) = (job.counts(), job.state().as_str());
    tracing::info!(
        import = %job.id(),
        tenant = %job.tenant(),
        state,
        error = job.error(),
        rows = counts.rows_read,
        created = counts.created,
        updated = counts.updated,
        failed = counts.failed,
        "an import of leads is over"
    );
}
