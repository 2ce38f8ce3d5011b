//! Where large exports are kept.

use ashlar_kernel::{Change, Context, StoreError, TenantId, Timestamp, UnitOfWork};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    NotePosition,
    export::{ExportEvent, ExportId, ExportJob},
};

/// Exports: reads, and the door to units of work. Every read is one statement.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin_export(&self, context: &Context) -> Result<Box<dyn ExportTx>, StoreError>;

    /// An export.
    async fn export(&self, tenant: TenantId, id: ExportId) -> Result<Option<ExportJob>, StoreError>;

    /// The exports that somebody asked for in a tenant, newest first, older than `after`.
    async fn exports(
        &self,
        (tenant, who): (TenantId, Uuid),
        after: Option<NotePosition>,
        rows: u64,
    ) -> Result<Vec<ExportJob>, StoreError>;

    /// The export that waits longest of those that are [free](ExportJob::is_free).
    async fn next_export(&self, now: Timestamp) -> Result<Option<ExportJob>, StoreError>;

    /// Exports whose time is over at `now` and whose file is still stored, of every tenant.
    async fn expired_exports(&self, now: Timestamp, rows: u64) -> Result<Vec<ExportJob>, StoreError>;

    /// Says that whoever has an export at this version is still at it, until `until`, and how many leads and bytes its file
    /// has. No change, but an observation: nobody's copy goes stale. Whether they have it.
    async fn hold_export(&self, job: &ExportJob, size: (u64, u64), until: Timestamp) -> Result<bool, StoreError>;
}

/// Writes, all or nothing. Once one was refused, the work can only be dropped.
#[async_trait]
pub trait ExportTx: UnitOfWork {
    /// Adds an export.
    async fn insert_export(&mut self, change: Change<ExportJob, ExportEvent>) -> Result<(), StoreError>;

    /// One export of the tenant, to be changed: nobody else changes it before this work is done.
    async fn export_to_change(&mut self, tenant: TenantId, id: ExportId) -> Result<Option<ExportJob>, StoreError>;

    /// Saves a changed export; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn save_export(&mut self, change: Change<ExportJob, ExportEvent>) -> Result<(), StoreError>;

    /// Notes that somebody reads the file of an export.
    async fn note_export_read(&mut self, change: Change<(), ExportEvent>) -> Result<(), StoreError>;
}
