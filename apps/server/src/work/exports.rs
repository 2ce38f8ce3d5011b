//! Large exports of leads as a task: one at a time in this process.

use std::time::Duration;

use ashlar_leads::{ExportRun, RunError, Transfers, export::ExportJob, use_case::TakenExport};

use super::pace::{Pace, Trouble};

/// Nobody rings for an export whose process has gone.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(transfers: Transfers, mut pace: Pace) {
    let mut trouble = Trouble::with("exports of leads");
    while pace.goes_on() {
        match step(&transfers, &pace).await {
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

/// Takes an export on and carries it out, unless it is time to stop; whether there was one.
async fn step(transfers: &Transfers, pace: &Pace) -> Result<bool, RunError> {
    match transfers.take_export().await? {
        TakenExport::Nothing => return Ok(false),
        TakenExport::Over(job) => tell(&job),
        TakenExport::Run(run) => carry_out(*run, pace).await?,
    }
    Ok(true)
}

async fn carry_out(mut run: ExportRun, pace: &Pace) -> Result<(), RunError> {
    tracing::info!(export = %run.job().id(), tenant = %run.job().tenant(), "exporting leads");
    while pace.goes_on() {
        if !run.step().await? {
            tell(run.job());
            return Ok(());
        }
    }
    tracing::info!(export = %run.job().id(), "an export waits for the next process, which begins anew");
    run.give_back().await
}

fn tell(job: &ExportJob) {
    let ((leads, bytes), state) = (job.size(), job.state().as_str());
    let (export, tenant) = (job.id(), job.tenant());
    tracing::info!(%export, %tenant, state, error = job.error(), leads, bytes, "an export of leads is over");
}
