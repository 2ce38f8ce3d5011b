//! Imports of leads as a task: one at a time in this process, and one at a time for each tenant.

use std::{sync::Arc, time::Duration};

use ashlar_kernel::{Entropy, IdSource as _, SystemClock, TimeOrderedIds};
use ashlar_leads::{ImportRun, RunError, Taken, Transfers, import::ImportJob};
use uuid::Uuid;

use super::pace::{Pace, Trouble};

/// Nobody rings for an import whose process has gone.
const LOOK: Duration = Duration::from_secs(1);

/// What this process is called, as long as it lives.
pub(super) fn holder(entropy: &Arc<dyn Entropy>) -> Uuid {
    TimeOrderedIds::new(Arc::new(SystemClock), Arc::clone(entropy)).next()
}

pub(super) async fn run(transfers: Transfers, holder: Uuid, mut pace: Pace) {
    let mut trouble = Trouble::with("imports of leads");
    while pace.goes_on() {
        match step(&transfers, holder, &pace).await {
            Ok(was_there) => {
                trouble.is_over();
                if !was_there {
                    pace.until_rung(LOOK).await;
                }
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
}

/// Takes an import on and carries it out, unless it is time to stop; whether there was one.
async fn step(transfers: &Transfers, holder: Uuid, pace: &Pace) -> Result<bool, RunError> {
    match transfers.take(holder).await? {
        Taken::Nothing => return Ok(false),
        Taken::Over(job) => tell(&job),
        Taken::Run(run) => carry_out(*run, pace).await?,
    }
    Ok(true)
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
