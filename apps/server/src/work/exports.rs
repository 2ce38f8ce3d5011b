//! Large exports of leads that wait.

use ashlar_leads::{ExportRun, RunError, Transfers, export::ExportJob, use_case::TakenExport};
use async_trait::async_trait;

use super::{pace::Pace, transfers::Waiting};

/// Exports.
pub(super) struct Exports(pub(super) Transfers);

#[async_trait]
impl Waiting for Exports {
    const WHAT: &'static str = "exports of leads";

    async fn step(&self, pace: &Pace) -> Result<bool, RunError> {
        match self.0.take_export().await? {
            TakenExport::Nothing => return Ok(false),
            TakenExport::Over(job) => tell(&job),
            TakenExport::Run(run) => carry_out(*run, pace).await?,
        }
        Ok(true)
    }
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
