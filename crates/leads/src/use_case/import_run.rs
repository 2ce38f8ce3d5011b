//! Carries an import out, a batch at a time.

use std::collections::HashSet;

use ashlar_kernel::{Change, Context, Id, StoreError, Timestamp};
use chrono::TimeDelta;
use futures::join;

use super::{
    Attempts,
    intake::{Intake, Portion, ReadError},
    transfers::{PERMISSION_LOST, Transfers},
};
use crate::{
    StatusChange,
    import::{Batch, Ground, ImportEvent, ImportJob, LeadKeys, Progress, fingerprint},
    port::{FileBytes, FileError, LeadBatch},
};

/// Why an import was not carried on. It is taken up again later, where it stands.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place for files failed.
    #[error(transparent)]
    Files(#[from] FileError),
}

/// How long an import is somebody's after they were last heard of.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(15);
/// How often whoever reads without saving says that they are still there, and learns that the import was called off.
const HOLD: TimeDelta = TimeDelta::seconds(1);

/// An import that is being carried out: whoever has it calls [`step`](Self::step) again and again.
pub struct ImportRun {
    imports: Transfers,
    job: ImportJob,
    intake: Intake,
    /// What is saved next.
    portion: Portion,
    seen: HashSet<u64>,
    held_at: Timestamp,
    /// When it was last asked whether whoever wants it still may.
    asked_at: Timestamp,
}

impl ImportRun {
    /// Goes on with an import that was [claimed](ImportJob::claim). None if that ends it.
    pub(super) async fn open(
        imports: &Transfers,
        job: ImportJob,
        source: FileBytes,
    ) -> Result<Result<Self, ImportJob>, RunError> {
        let context = imports.context_of(&job);
        let held_at = context.now;
        let leads = imports.leads().clone();
        let opened = Intake::open((leads, context), job.options.clone(), source, job.plan.clone()).await;
        let (intake, plan) = match opened {
            Ok(opened) => opened,
            Err(error) => return imports.give_up(job, error).await.map(Err),
        };
        let job = job.run(plan);
        let mut run = Self {
            imports: imports.clone(),
            job,
            intake,
            portion: Portion::default(),
            seen: HashSet::new(),
            held_at,
            asked_at: held_at,
        };
        match run.catch_up().await {
            Ok(()) => Ok(Ok(run)),
            // It was called off in the meantime.
            Err(ReadError::Store(StoreError::Stale)) => {
                run.look_again().await?;
                Ok(Err(run.job))
            }
            Err(error) => imports.give_up(run.job, error).await.map(Err),
        }
    }

    /// Reads what was taken in before, to know which rows repeat it.
    async fn catch_up(&mut self) -> Result<(), ReadError> {
        let (offset, by) = (self.job.offset, self.job.options.key);
        loop {
            let portion = self.intake.next().await?;
            let is_caught_up = portion.is_last || portion.offset >= offset;
            let (old, new): (Vec<_>, Vec<_>) = portion.rows.into_iter().partition(|row| row.end <= offset);
            let keys = old.into_iter().filter_map(|row| row.wish.ok()?.key(by));
            self.seen.extend(keys.map(|key| fingerprint(&key)));
            if is_caught_up {
                self.portion = Portion { rows: new, ..portion };
                return Ok(());
            }
            self.hold().await?;
        }
    }

    /// Says that somebody is still here.
    async fn hold(&mut self) -> Result<(), StoreError> {
        let now = self.imports.now();
        if now - self.held_at < HOLD {
            return Ok(());
        }
        self.held_at = now;
        if self.imports.store().hold_import(&self.job, now + LEASE).await? { Ok(()) } else { Err(StoreError::Stale) }
    }

    /// How far it is.
    pub const fn job(&self) -> &ImportJob {
        &self.job
    }

    /// Whether whoever wants it still may, asked every now and then.
    async fn is_allowed(&mut self) -> Result<bool, StoreError> {
        let now = self.imports.now();
        if now - self.asked_at < LEASE / 3 {
            return Ok(true);
        }
        self.asked_at = now;
        self.imports.is_allowed(&self.job).await
    }

    /// Takes the next batch in; whether there is more to do.
    pub async fn step(&mut self) -> Result<bool, RunError> {
        if !self.is_allowed().await? {
            let refused = self.job.clone().fail(PERMISSION_LOST, self.imports.now());
            return self.end(refused).await;
        }
        if self.portion.rows.is_empty() {
            return if self.portion.is_last { self.complete().await } else { self.read_on().await };
        }
        let portion = std::mem::take(&mut self.portion);
        // While the database saves some rows, the next are read.
        let (saved, next) = join!(save(&self.imports, &self.job, &self.seen, &portion), self.intake.next());
        match saved {
            Ok((job, seen)) => {
                self.job = job;
                self.seen.extend(seen);
            }
            Err(StoreError::Stale) => return self.look_again().await,
            Err(error) => return Err(error.into()),
        }
        if self.job.state.is_over() {
            self.imports.forget_file(&self.job).await?;
            return Ok(false);
        }
        self.take(next).await
    }

    /// Nothing is to be saved, and there is more to read.
    async fn read_on(&mut self) -> Result<bool, RunError> {
        match self.hold().await {
            Err(StoreError::Stale) => return self.look_again().await,
            outcome => outcome?,
        }
        let next = self.intake.next().await;
        self.take(next).await
    }

    async fn take(&mut self, next: Result<Portion, ReadError>) -> Result<bool, RunError> {
        match next {
            Ok(portion) => {
                self.portion = portion;
                Ok(true)
            }
            Err(error) => {
                self.job = self.imports.give_up(self.job.clone(), error).await?;
                Ok(false)
            }
        }
    }

    async fn complete(&mut self) -> Result<bool, RunError> {
        let done = self.job.clone().complete(self.imports.now());
        self.end(done).await
    }

    /// Calls it off, as nobody else has the file; what was taken in stays.
    pub async fn call_off(mut self) -> Result<ImportJob, RunError> {
        if let Some(change) = self.job.clone().cancel(self.imports.now()) {
            self.end(change).await?;
        }
        Ok(self.job)
    }

    /// Leaves it to whoever comes next.
    pub async fn pause(self) -> Result<(), RunError> {
        if self.job.state.is_over() {
            return Ok(());
        }
        match self.imports.save(self.job.pause(), LeadBatch::default()).await {
            Err(StoreError::Stale) => Ok(()),
            outcome => Ok(outcome.map(drop)?),
        }
    }

    async fn end(&mut self, change: Change<ImportJob, ImportEvent>) -> Result<bool, RunError> {
        match self.imports.save(change, LeadBatch::default()).await {
            Ok(job) => self.job = job,
            Err(StoreError::Stale) => return self.look_again().await,
            Err(error) => return Err(error.into()),
        }
        self.imports.forget_file(&self.job).await?;
        Ok(false)
    }

    /// Somebody else has changed it: called it off, or taken it over.
    async fn look_again(&mut self) -> Result<bool, RunError> {
        let found = self.imports.store().import(self.job.tenant, self.job.id).await?;
        if let Some(job) = found {
            self.job = job;
        }
        Ok(false)
    }
}

/// Saves a portion: its leads, what is wrong with its rows, and how far the import is, or nothing of it.
async fn save(
    imports: &Transfers,
    job: &ImportJob,
    seen: &HashSet<u64>,
    portion: &Portion,
) -> Result<(ImportJob, HashSet<u64>), StoreError> {
    let mut attempts = Attempts::default();
    loop {
        match try_save(imports, job, seen, portion).await {
            Err(error @ StoreError::Contended(_)) if attempts.again(&error) => {}
            outcome => return outcome,
        }
    }
}

async fn try_save(
    imports: &Transfers,
    job: &ImportJob,
    seen: &HashSet<u64>,
    portion: &Portion,
) -> Result<(ImportJob, HashSet<u64>), StoreError> {
    let context = imports.context_of(job);
    let now = context.now;
    let mut tx = imports.store().begin_transfer(&context).await?;
    let found = tx.leads_found_by(job.tenant, &LeadKeys::of(&portion.rows, job.options.key)).await?;
    let ground = Ground {
        tenant: job.tenant,
        options: &job.options,
        now,
        next_id: &|| Id::new(imports.ids()),
        seen_before: seen,
        first_fault: job.faults,
    };
    let mut decided = Batch::decide(&portion.rows, found, ground);
    let is_bad = job.offset == 0 && decided.counts.is_bad_mapping();
    if is_bad {
        decided = decided.without_leads();
    }
    let ids = || decided.created.iter().map(|lead| lead.id().as_uuid());
    let progress = Progress {
        offset: portion.offset,
        bytes_read: portion.bytes_read,
        counts: decided.counts,
        faults: decided.faults.len() as u64,
        leads: ids().min().zip(ids().max()).filter(|_| !job.options.is_rehearsal),
    };
    let job_now = job.clone();
    let change =
        if is_bad { job_now.refuse(progress, "bad_mapping", now) } else { job_now.advance(progress, now + LEASE) };
    let saved = change.state().clone();
    tx.save_import(change, written(&context, imports, job, &mut decided)).await?;
    tx.commit().await?;
    Ok((saved, decided.seen))
}

/// What of a batch is written: in a rehearsal only what is wrong with its rows.
fn written(context: &Context, imports: &Transfers, job: &ImportJob, decided: &mut Batch) -> LeadBatch {
    let faults = std::mem::take(&mut decided.faults);
    if job.options.is_rehearsal {
        return LeadBatch { faults, ..LeadBatch::default() };
    }
    let (created, updated) = (std::mem::take(&mut decided.created), std::mem::take(&mut decided.updated));
    let came = created.iter().map(|lead| StatusChange {
        id: Id::new(imports.ids()),
        tenant: lead.tenant(),
        lead: lead.id(),
        from: None,
        to: lead.status(),
        reason: None,
        actor: job.requested_by,
        at: context.now,
    });
    LeadBatch { came: came.collect(), created, updated, faults }
}
