//! Writes the file of a large export, a part at a time.

use ashlar_kernel::{Change, StoreError, Timestamp};
use bytes::Bytes;
use chrono::TimeDelta;

use super::{Export, RunError, Transfers, import_run::LEASE, transfers::PERMISSION_LOST};
use crate::{
    export::{ExportEvent, ExportJob},
    port::{NewFile, WriteFileError},
};

/// The longest file there is, in bytes: what S3 takes in parts of the size we use.
const LONGEST: u64 = 40 << 30;
/// How often whoever writes says that they are still there, and learns that the export was called off.
const HOLD: TimeDelta = TimeDelta::seconds(1);

/// An export that is being carried out: whoever has it calls [`step`](Self::step) again and again. Dropped, it leaves
/// nothing, and whoever comes next begins anew.
pub struct ExportRun {
    exports: Transfers,
    job: ExportJob,
    export: Export,
    /// None once it was kept, or given up.
    file: Option<Box<dyn NewFile>>,
    bytes: u64,
    held_at: Timestamp,
    /// When it was last asked whether whoever wants it still may.
    asked_at: Timestamp,
}

impl ExportRun {
    /// Begins an export that was [claimed](ExportJob::claim).
    pub(super) async fn begin(exports: &Transfers, job: ExportJob) -> Result<Self, RunError> {
        let context = exports.context_of_export(&job);
        let wish = job.wish().cloned().ok_or(StoreError::Corrupt { what: "lead_export.wish" })?;
        let export = Export::of(exports, &context, wish, job.seen_by());
        let file = Some(exports.files().begin(LONGEST).await?);
        let (held_at, asked_at) = (context.now, context.now);
        Ok(Self { exports: exports.clone(), job, export, file, bytes: 0, held_at, asked_at })
    }

    /// How far it is.
    pub const fn job(&self) -> &ExportJob {
        &self.job
    }

    /// Writes the next part; whether there is more to do.
    pub async fn step(&mut self) -> Result<bool, RunError> {
        if !self.is_allowed().await? {
            return self.fail(PERMISSION_LOST).await;
        }
        if !self.hold().await? {
            return self.look_again().await;
        }
        let Some(file) = &mut self.file else { return Ok(false) };
        let Some(part) = self.export.next().await? else { return self.keep().await };
        self.bytes += part.len() as u64;
        match file.write(Bytes::from(part)).await {
            Ok(()) => Ok(true),
            Err(WriteFileError::TooLarge) => self.fail("too_large").await,
            Err(WriteFileError::Files(error)) => Err(error.into()),
        }
    }

    /// Whether whoever wants it still may, asked every now and then.
    async fn is_allowed(&mut self) -> Result<bool, StoreError> {
        let now = self.exports.now();
        if now - self.asked_at < LEASE / 3 {
            return Ok(true);
        }
        self.asked_at = now;
        self.exports.may_export(&self.job).await
    }

    /// Says that somebody is still here, and how far; whether nobody has called it off or taken it over.
    async fn hold(&mut self) -> Result<bool, StoreError> {
        let now = self.exports.now();
        if now - self.held_at < HOLD {
            return Ok(true);
        }
        self.held_at = now;
        self.say(now + LEASE).await
    }

    // Not by a shared reference: a file on its way is not for several threads at once.
    async fn say(&mut self, until: Timestamp) -> Result<bool, StoreError> {
        self.exports.exports().hold_export(&self.job, (self.export.leads(), self.bytes), until).await
    }

    async fn keep(&mut self) -> Result<bool, RunError> {
        let Some(file) = self.file.take() else { return Ok(false) };
        // To keep a file may take a while.
        if !self.say(self.exports.now() + LEASE).await? {
            return self.look_again().await;
        }
        let kept = file.keep().await?;
        let key = kept.key.clone();
        let done = self.job.clone().complete(kept, self.export.leads(), self.exports.now());
        match self.exports.save_export(done).await {
            Ok(job) => {
                self.job = job;
                Ok(false)
            }
            Err(StoreError::Stale) => {
                // If it cannot be deleted now, the sweeper comes by later.
                let _nobody_misses_it = self.exports.files().delete(&key).await;
                self.look_again().await
            }
            // It may have been saved nevertheless: the sweeper knows whether anybody needs the file.
            Err(error) => Err(error.into()),
        }
    }

    async fn fail(&mut self, code: &'static str) -> Result<bool, RunError> {
        self.file = None;
        self.end(self.job.clone().fail(code, self.exports.now())).await
    }

    async fn end(&mut self, change: Change<ExportJob, ExportEvent>) -> Result<bool, RunError> {
        match self.exports.save_export(change).await {
            Ok(job) => self.job = job,
            Err(StoreError::Stale) => return self.look_again().await,
            Err(error) => return Err(error.into()),
        }
        Ok(false)
    }

    /// Somebody else has changed it: called it off, or taken it over.
    async fn look_again(&mut self) -> Result<bool, RunError> {
        self.file = None;
        if let Some(job) = self.exports.exports().export(self.job.tenant(), self.job.id()).await? {
            self.job = job;
        }
        Ok(false)
    }

    /// Leaves it to whoever comes next, at once.
    pub async fn give_back(mut self) -> Result<(), RunError> {
        if self.file.is_some() {
            self.say(self.exports.now()).await?;
        }
        Ok(())
    }
}
