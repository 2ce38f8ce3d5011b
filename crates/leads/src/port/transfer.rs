//! Where imports are kept, and how many leads come at once.

use ashlar_kernel::{Change, Context, StoreError, TenantId, Timestamp, UnitOfWork};
use async_trait::async_trait;

use crate::{
    Lead, LeadQuery, LeadRow, NotePosition, StatusChange,
    export::ExportEvent,
    import::{ImportEvent, ImportId, ImportJob, LeadKeys, RowFault},
};

/// What a batch of an import writes.
#[derive(Debug, Clone, Default)]
pub struct LeadBatch {
    /// Leads that come.
    pub created: Vec<Lead>,
    /// The notes that they came.
    pub came: Vec<StatusChange>,
    /// Leads that were changed. They were read in the same unit of work.
    pub updated: Vec<Lead>,
    /// What is wrong with rows.
    pub faults: Vec<RowFault>,
}

/// Imports: reads, and the door to units of work. Every read is one statement.
#[async_trait]
pub trait TransferStore: Send + Sync {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin_transfer(&self, context: &Context) -> Result<Box<dyn TransferTx>, StoreError>;

    /// An import.
    async fn import(&self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError>;

    /// The imports of a tenant, newest first, older than `after`.
    async fn imports(
        &self,
        tenant: TenantId,
        after: Option<NotePosition>,
        rows: u64,
    ) -> Result<Vec<ImportJob>, StoreError>;

    /// What is wrong with the rows of an import, from the number after `after`.
    async fn import_faults(
        &self,
        (tenant, id): (TenantId, ImportId),
        after: u64,
        rows: u64,
    ) -> Result<Vec<RowFault>, StoreError>;

    /// The leads that [`LeadStore::leads`](super::LeadStore::leads) gives, as they are stored: whoever takes all of them
    /// along does not judge each again. Nothing is counted.
    async fn leads_to_export(&self, query: &LeadQuery) -> Result<Vec<LeadRow>, StoreError>;

    /// An import that may be taken on: the one that waits longest of those that are [free](ImportJob::is_free) and whose
    /// tenant has no other at work.
    async fn next_import(&self, now: Timestamp) -> Result<Option<ImportJob>, StoreError>;

    /// Says that whoever has an import at this version is still at it, until `until`. No change, but an observation:
    /// nobody's copy goes stale. Whether they have it.
    async fn hold_import(&self, job: &ImportJob, until: Timestamp) -> Result<bool, StoreError>;
}

/// Writes, all or nothing. Once one was refused, the work can only be dropped.
///
/// Of a tenant's imports one at most is [at work](crate::import::ImportState::is_at_work).
#[async_trait]
pub trait TransferTx: UnitOfWork {
    /// Adds an import.
    async fn insert_import(&mut self, change: Change<ImportJob, ImportEvent>) -> Result<(), StoreError>;

    /// One import of the tenant, to be changed: nobody else changes it before this work is done.
    async fn import_to_change(&mut self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError>;

    /// Saves a changed import with everything that its rows lead to; [`Stale`](StoreError::Stale) unless the stored
    /// version is the one before and no other of the tenant is at work. [`Contended`](StoreError::Contended) when an
    /// address was taken since the leads were read; the same work may then be repeated.
    async fn save_import(&mut self, change: Change<ImportJob, ImportEvent>, batch: LeadBatch)
    -> Result<(), StoreError>;

    /// The leads that were not put away and have one of these ids, hold one of these addresses or have one of these
    /// numbers, oldest first, to be changed.
    async fn leads_found_by(&mut self, tenant: TenantId, keys: &LeadKeys) -> Result<Vec<Lead>, StoreError>;

    /// Notes that somebody takes leads along.
    async fn note_export(&mut self, change: Change<(), ExportEvent>) -> Result<(), StoreError>;
}
