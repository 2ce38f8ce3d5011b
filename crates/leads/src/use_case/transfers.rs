//! Leads that come and go in files.

use std::sync::Arc;

use ashlar_kernel::{
    AccessError, Change, Class, Classified, Clock, Context, Id, IdSource, Invalid, InvalidCursor, Limit, NotFound,
    Once, Page, RequestId, StoreError, TenantId, Timestamp,
};
use uuid::Uuid;

use super::{
    Leads, codes,
    import_run::{ImportRun, LEASE, RunError},
    intake::ReadError,
};
use crate::{
    NotePosition,
    import::{ImportEvent, ImportId, ImportJob, ImportOptions, NewImport, Undecodable},
    permission,
    port::{ExportStore, FileBytes, FileError, FileKey, Files, LeadBatch, NewFile, TransferStore},
};

/// What the service is made of, besides [`Leads`].
#[derive(Clone)]
pub struct TransferPorts {
    /// Where imports are kept.
    pub store: Arc<dyn TransferStore>,
    /// Where large exports are kept.
    pub exports: Arc<dyn ExportStore>,
    /// The time: an import takes long.
    pub clock: Arc<dyn Clock>,
}

/// Imports and exports as a service. Cheap to clone.
#[derive(Clone)]
pub struct Transfers(Arc<Inner>);

struct Inner {
    leads: Leads,
    ports: TransferPorts,
    exports_at_once: u64,
}

/// Why a wish about imports or exports is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such import.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The options are not acceptable.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The import is over.
    #[error("the import is over")]
    Over,
    /// The export is over.
    #[error("the export is over")]
    ExportOver,
    /// The link was not made here, was changed, or has run out.
    #[error("the link is not good any more")]
    LinkInvalid,
    /// The place for files failed.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for TransferError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Invalid(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Over => Class::Code(&codes::IMPORT_OVER),
            Self::ExportOver => Class::Code(&codes::EXPORT_OVER),
            Self::LinkInvalid => Class::Code(&codes::DOWNLOAD_LINK_INVALID),
            Self::Files(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        match self {
            Self::Access(error) => error.extensions(),
            _ => serde_json::Map::new(),
        }
    }
}

/// What there was to take on.
pub enum Taken {
    /// Nothing.
    Nothing,
    /// An import that was over as soon as it was looked at.
    Over(Box<ImportJob>),
    /// An import, to be carried out.
    Run(Box<ImportRun>),
}

/// Why an import failed that whoever wanted it may not make any more.
pub(super) const PERMISSION_LOST: &str = "permission_lost";
/// Why an import failed whose file only the process had that was at it.
const INTERRUPTED: &str = "interrupted";
/// So many imports of a tenant, the newest, are looked through for one whose process has died.
const LOOKED_AT: u64 = 100;

/// In whose name imports are carried out.
const SYSTEM: &str = "leads.import";

impl Transfers {
    /// The largest file that is taken from a client, in bytes.
    pub const UPLOAD_LIMIT: u64 = 200 << 20;

    /// An export of more leads than this is a job, whose file a worker writes.
    pub const EXPORT_AT_ONCE: u64 = 100_000;

    /// Puts the service together.
    pub fn new(leads: Leads, ports: TransferPorts) -> Self {
        Self(Arc::new(Inner { leads, ports, exports_at_once: Self::EXPORT_AT_ONCE }))
    }

    /// The same, but that exports of more leads than this are jobs.
    #[must_use]
    pub fn exporting_at_once(&self, leads: u64) -> Self {
        let (domain, ports) = (self.0.leads.clone(), self.0.ports.clone());
        Self(Arc::new(Inner { leads: domain, ports, exports_at_once: leads }))
    }

    /// A place for a file that whoever asks may have imported.
    pub async fn begin_upload(&self, context: &Context) -> Result<Box<dyn NewFile>, TransferError> {
        context.authorize(permission::IMPORT)?;
        Ok(self.files().begin(Self::UPLOAD_LIMIT).await?)
    }

    /// Asks for a file to be imported, by whichever process takes it on.
    pub async fn request(
        &self,
        context: &Context,
        new: NewImport,
        once: Option<Once<ImportJob>>,
    ) -> Result<ImportJob, TransferError> {
        let who = context.authorize(permission::IMPORT)?;
        let change = ImportJob::request(Id::new(self.ids()), (context.tenant, Some(who)), new, context.now);
        Ok(self.insert(context, change, once).await?)
    }

    /// Judges what can be judged of options before there is a file: what every row would fail for.
    pub async fn check_options(&self, context: &Context, options: &ImportOptions) -> Result<(), TransferError> {
        Ok(self.leads().judge_options(context, options).await??)
    }

    /// Forgets a file that nothing will be made of.
    pub async fn drop_upload(&self, file: &str) {
        if let Some(key) = FileKey::restore(file) {
            // If it cannot be deleted now, the sweeper comes by later.
            let _nobody_misses_it = self.files().delete(&key).await;
        }
    }

    async fn insert(
        &self,
        context: &Context,
        change: Change<ImportJob, ImportEvent>,
        once: Option<Once<ImportJob>>,
    ) -> Result<ImportJob, StoreError> {
        let job = change.state().clone();
        let mut tx = self.0.ports.store.begin_transfer(context).await?;
        tx.insert_import(change).await?;
        if let Some(once) = once {
            tx.remember(once.receipt(&job)).await?;
        }
        tx.commit().await?;
        Ok(job)
    }

    /// Has this process import a file that it reads itself, on an operator's behalf; nothing if the tenant has an import at
    /// work already.
    pub async fn import_here(&self, tenant: TenantId, new: NewImport, source: FileBytes) -> Result<Taken, RunError> {
        let now = self.now();
        let context = Context::system(SYSTEM, tenant, RequestId::new(self.ids()), now);
        let change = ImportJob::request(Id::new(self.ids()), (tenant, None), new, now);
        let job = self.insert(&context, change, None).await?;
        match self.claim_here(job).await? {
            Some(job) => self.open(job, source).await,
            None => Ok(Taken::Nothing),
        }
    }

    /// Takes an import on whose file only this process has: now, or nobody ever does.
    async fn claim_here(&self, job: ImportJob) -> Result<Option<ImportJob>, StoreError> {
        let now = self.now();
        let claim = || self.save(job.clone().claim(self.ids().next(), (now, now + LEASE)), LeadBatch::default());
        for ends_dead in [true, false] {
            match claim().await {
                Err(StoreError::Stale) if ends_dead => self.end_dead(job.tenant()).await?,
                Err(StoreError::Stale) => {}
                outcome => return outcome.map(Some),
            }
        }
        if let Some(change) = job.cancel(now) {
            self.save(change, LeadBatch::default()).await?;
        }
        Ok(None)
    }

    /// Ends the imports of processes that died with the only copy of their file.
    async fn end_dead(&self, tenant: TenantId) -> Result<(), StoreError> {
        let now = self.now();
        let jobs = self.store().imports(tenant, None, LOOKED_AT).await?;
        let is_dead = |job: &ImportJob| job.state().is_at_work() && job.is_free(now) && job.file().is_none();
        for job in jobs.into_iter().filter(is_dead) {
            match self.save(job.fail(INTERRUPTED, now), LeadBatch::default()).await {
                // Somebody else has done it.
                Ok(_) | Err(StoreError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The imports of the tenant, newest first.
    pub async fn imports(
        &self,
        context: &Context,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<ImportJob>, TransferError> {
        const LIST: &str = "imports of leads";
        context.authorize(permission::IMPORT)?;
        let cursors = &self.leads().0.cursors;
        let after = cursor.map(|cursor| cursors.open::<NotePosition>(context.tenant, LIST, cursor)).transpose()?;
        let rows = self.store().imports(context.tenant, after, limit.with_one_ahead()).await?;
        let position = |job: &ImportJob| NotePosition { at: job.created_at(), id: job.id().as_uuid() };
        let seal = |job: &ImportJob| cursors.seal(context.tenant, LIST, &position(job));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    /// One of them.
    pub async fn import(&self, context: &Context, id: ImportId) -> Result<ImportJob, TransferError> {
        context.authorize(permission::IMPORT)?;
        Ok(self.store().import(context.tenant, id).await?.ok_or(NotFound)?)
    }

    /// Calls an import off. What was taken in stays.
    pub async fn cancel(&self, context: &Context, id: ImportId) -> Result<ImportJob, TransferError> {
        context.authorize(permission::IMPORT)?;
        let mut attempts = super::Attempts::default();
        let cancelled = loop {
            match self.try_cancel(context, id).await {
                Err(TransferError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        // It is called off, whatever becomes of its file: the sweeper comes by later.
        let _nobody_misses_it = self.forget_file(&cancelled).await;
        Ok(cancelled)
    }

    /// The import is read where it is changed: a worker that saves one batch after the other would always be faster than
    /// whoever reads it, waits for the worker, and then changes what was read.
    async fn try_cancel(&self, context: &Context, id: ImportId) -> Result<ImportJob, TransferError> {
        let mut tx = self.store().begin_transfer(context).await?;
        let job = tx.import_to_change(context.tenant, id).await?.ok_or(NotFound)?;
        let change = job.cancel(context.now).ok_or(TransferError::Over)?;
        let cancelled = change.state().clone();
        tx.save_import(change, LeadBatch::default()).await?;
        tx.commit().await?;
        Ok(cancelled)
    }

    /// Takes an import on that waits, in the name of `holder`.
    pub async fn take(&self, holder: Uuid) -> Result<Taken, RunError> {
        let now = self.now();
        let Some(job) = self.store().next_import(now).await? else { return Ok(Taken::Nothing) };
        let job = match self.save(job.claim(holder, (now, now + LEASE)), LeadBatch::default()).await {
            // Somebody else was faster.
            Err(StoreError::Stale) => return Ok(Taken::Nothing),
            outcome => outcome?,
        };
        if !self.is_allowed(&job).await? {
            return self.refuse(job, PERMISSION_LOST).await;
        }
        if job.file().is_none() {
            return self.refuse(job, INTERRUPTED).await;
        }
        let key = job.file().and_then(FileKey::restore);
        let source = match key {
            Some(key) => self.files().read(&key, None).await?,
            None => None,
        };
        match source {
            Some(source) => self.open(job, source).await,
            None => self.refuse(job, "file_gone").await,
        }
    }

    /// Whether whoever asked for it still may. Operators always may.
    pub(super) async fn is_allowed(&self, job: &ImportJob) -> Result<bool, StoreError> {
        match job.requested_by() {
            Some(who) => self.leads().0.ports.team.may_import(job.tenant(), who).await,
            None => Ok(true),
        }
    }

    async fn open(&self, job: ImportJob, source: FileBytes) -> Result<Taken, RunError> {
        Ok(match ImportRun::open(self, job, source).await? {
            Ok(run) => Taken::Run(Box::new(run)),
            Err(over) => Taken::Over(Box::new(over)),
        })
    }

    async fn refuse(&self, job: ImportJob, code: &'static str) -> Result<Taken, RunError> {
        let job = self.save(job.fail(code, self.now()), LeadBatch::default()).await?;
        self.forget_file(&job).await?;
        Ok(Taken::Over(Box::new(job)))
    }

    /// Ends an import whose file cannot be read on, unless that may pass.
    pub(super) async fn give_up(&self, job: ImportJob, error: ReadError) -> Result<ImportJob, RunError> {
        let code = match error {
            ReadError::Files(error) => return Err(error.into()),
            ReadError::Store(error) => return Err(error.into()),
            ReadError::Damaged(Undecodable::Damaged) => "damaged_file",
            ReadError::Damaged(Undecodable::TooLarge) => "unpacks_too_large",
            ReadError::BadMapping => "bad_mapping",
        };
        let job = self.save(job.fail(code, self.now()), LeadBatch::default()).await?;
        self.forget_file(&job).await?;
        Ok(job)
    }

    /// Saves an import in its own name.
    pub(super) async fn save(
        &self,
        change: Change<ImportJob, ImportEvent>,
        batch: LeadBatch,
    ) -> Result<ImportJob, StoreError> {
        let job = change.state().clone();
        let mut tx = self.store().begin_transfer(&self.context_of(&job)).await?;
        tx.save_import(change, batch).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// Nobody needs the file of an import that is over.
    pub(super) async fn forget_file(&self, job: &ImportJob) -> Result<(), FileError> {
        match job.file().and_then(FileKey::restore) {
            Some(key) => self.files().delete(&key).await,
            None => Ok(()),
        }
    }

    pub(super) fn context_of(&self, job: &ImportJob) -> Context {
        Context::system(SYSTEM, job.tenant(), RequestId::new(self.ids()), self.now())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.ports.clock.now()
    }

    pub(super) fn ids(&self) -> &dyn IdSource {
        &*self.leads().0.ports.ids
    }

    pub(super) fn leads(&self) -> &Leads {
        &self.0.leads
    }

    pub(super) fn files(&self) -> &dyn Files {
        &*self.leads().0.ports.files
    }

    pub(super) fn exports(&self) -> &dyn ExportStore {
        &*self.0.ports.exports
    }

    pub(super) fn exports_at_once(&self) -> u64 {
        self.0.exports_at_once
    }

    pub(super) fn store(&self) -> &dyn TransferStore {
        &*self.0.ports.store
    }
}
