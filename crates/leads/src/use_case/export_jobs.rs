//! Large exports: asked about, called off, read by links, and forgotten when their time is over.

use std::ops::Range;

use ashlar_kernel::{Change, Context, Limit, NotFound, Page, RequestId, StoreError, TenantId, Timestamp};
use uuid::Uuid;

use super::{
    Attempts, ExportRun, FileLink, RunError, TransferError, Transfers, import_run::LEASE, transfers::PERMISSION_LOST,
};
use crate::{
    NotePosition,
    export::{ExportEvent, ExportId, ExportJob},
    permission::{self, Sight},
    port::{FileBytes, StoredFile},
};

/// In whose name exports are carried out.
const SYSTEM: &str = "leads.export";
/// Exports whose files are deleted in one turn, and turns of one call; the next call goes on.
const SWEPT: u64 = 100;
const TURNS: u32 = 100;

/// An export that a link leads to.
pub struct LinkedExport {
    job: ExportJob,
    file: StoredFile,
    reader: Uuid,
}

impl LinkedExport {
    /// Which.
    pub const fn job(&self) -> &ExportJob {
        &self.job
    }

    /// Its file.
    pub const fn file(&self) -> &StoredFile {
        &self.file
    }
}

/// What there was to take on.
pub enum TakenExport {
    /// Nothing.
    Nothing,
    /// An export that was over as soon as it was looked at.
    Over(Box<ExportJob>),
    /// An export, to be carried out.
    Run(Box<ExportRun>),
}

impl Transfers {
    /// The large exports that the caller asked for, newest first.
    pub async fn own_exports(
        &self,
        context: &Context,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<ExportJob>, TransferError> {
        let who = Sight::of(context, permission::EXPORT)?.who;
        let list = format!("exports of leads by {who}");
        let cursors = &self.leads().0.cursors;
        let after = cursor.map(|cursor| cursors.open::<NotePosition>(context.tenant, &list, cursor)).transpose()?;
        let rows = self.exports().exports((context.tenant, who), after, limit.with_one_ahead()).await?;
        let position = |job: &ExportJob| NotePosition { at: job.created_at(), id: job.id().as_uuid() };
        let seal = |job: &ExportJob| cursors.seal(context.tenant, &list, &position(job));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    /// One of them; somebody else's is as unknown as one that does not exist.
    pub async fn own_export(&self, context: &Context, id: ExportId) -> Result<ExportJob, TransferError> {
        let who = Sight::of(context, permission::EXPORT)?.who;
        let found = self.exports().export(context.tenant, id).await?;
        Ok(found.filter(|job| job.requested_by() == who).ok_or(NotFound)?)
    }

    /// A link to the file of an export for whoever asked for it; none if it cannot be had.
    pub fn export_link(&self, context: &Context, job: &ExportJob) -> Option<FileLink> {
        job.file(context.now)?;
        let linked = [job.tenant().as_uuid(), job.id().as_uuid(), job.requested_by()];
        Some(FileLink::to(linked, &self.leads().0.export_links, context.now))
    }

    /// The export that a link leads to.
    pub async fn follow_export_link(&self, context: &Context, token: &str) -> Result<LinkedExport, TransferError> {
        let followed = FileLink::follow(token, &self.leads().0.export_links, context.now);
        let [tenant, id, reader] = followed.ok_or(TransferError::LinkInvalid)?;
        let job = self.exports().export(TenantId::from_uuid(tenant), ExportId::from_uuid(id)).await?.ok_or(NotFound)?;
        let file = job.file(context.now).cloned().ok_or(NotFound)?;
        Ok(LinkedExport { job, file, reader })
    }

    /// Opens the file of an export, or a part of it. That it was read is noted, and for whom the link was made.
    pub async fn open_export(
        &self,
        context: &Context,
        LinkedExport { job, file, reader }: LinkedExport,
        range: Option<Range<u64>>,
    ) -> Result<FileBytes, TransferError> {
        let context = &Context { tenant: job.tenant(), ..context.clone() };
        let bytes = self.leads().read_stored(&file, range).await?;
        let mut tx = self.exports().begin_export(context).await?;
        tx.note_export_read(job.read_by(reader)).await?;
        tx.commit().await?;
        Ok(bytes)
    }

    /// Calls an export off that the caller asked for. Nothing is left of its file.
    pub async fn cancel_export(&self, context: &Context, id: ExportId) -> Result<ExportJob, TransferError> {
        let who = Sight::of(context, permission::EXPORT)?.who;
        let mut attempts = Attempts::default();
        loop {
            match self.try_cancel_export(context, who, id).await {
                Err(TransferError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_cancel_export(&self, context: &Context, who: Uuid, id: ExportId) -> Result<ExportJob, TransferError> {
        let mut tx = self.exports().begin_export(context).await?;
        let found = tx.export_to_change(context.tenant, id).await?;
        let job = found.filter(|job| job.requested_by() == who).ok_or(NotFound)?;
        let change = job.cancel(context.now).ok_or(TransferError::ExportOver)?;
        let cancelled = change.state().clone();
        tx.save_export(change).await?;
        tx.commit().await?;
        Ok(cancelled)
    }

    /// Takes an export on that waits, from its beginning.
    pub async fn take_export(&self) -> Result<TakenExport, RunError> {
        let now = self.now();
        let Some(job) = self.exports().next_export(now).await? else { return Ok(TakenExport::Nothing) };
        let job = match self.save_export(job.claim((now, now + LEASE))).await {
            // Somebody else was faster.
            Err(StoreError::Stale) => return Ok(TakenExport::Nothing),
            outcome => outcome?,
        };
        if !self.may_export(&job).await? {
            let failed = self.save_export(job.fail(PERMISSION_LOST, self.now())).await?;
            return Ok(TakenExport::Over(Box::new(failed)));
        }
        Ok(TakenExport::Run(Box::new(ExportRun::begin(self, job).await?)))
    }

    /// Whether whoever asked for it still may.
    pub(super) async fn may_export(&self, job: &ExportJob) -> Result<bool, StoreError> {
        let team = &self.leads().0.ports.team;
        team.may_export(job.tenant(), job.requested_by(), job.seen_by().is_none()).await
    }

    /// Saves an export in its own name.
    pub(super) async fn save_export(&self, change: Change<ExportJob, ExportEvent>) -> Result<ExportJob, StoreError> {
        let job = change.state().clone();
        let mut tx = self.exports().begin_export(&self.context_of_export(&job)).await?;
        tx.save_export(change).await?;
        tx.commit().await?;
        Ok(job)
    }

    pub(super) fn context_of_export(&self, job: &ExportJob) -> Context {
        Context::system(SYSTEM, job.tenant(), RequestId::new(self.ids()), self.now())
    }

    /// Deletes the files of exports whose time is over, and counts them. For whoever tidies up; doing it twice is no error.
    pub async fn sweep_exports(&self) -> Result<u64, RunError> {
        let now = self.now();
        let mut swept = 0;
        for _turn in 0..TURNS {
            let due = self.exports().expired_exports(now, SWEPT).await?;
            if due.is_empty() {
                break;
            }
            for job in due {
                swept += u64::from(self.sweep_export(job, now).await?);
            }
        }
        Ok(swept)
    }

    /// Whether there was anything left to do.
    async fn sweep_export(&self, job: ExportJob, now: Timestamp) -> Result<bool, RunError> {
        // The file first: an export that says that it has one is looked at again.
        if let Some(file) = job.stored_file() {
            self.files().delete(&file.key).await?;
        }
        let Some(change) = job.expire(now) else { return Ok(false) };
        match self.save_export(change).await {
            Ok(_) => Ok(true),
            // Somebody else has done it.
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
