//! Large exports of leads, in process.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{Change, Context, Journal, StoreError, TenantId, Timestamp};
use ashlar_leads::{
    NotePosition,
    export::{ExportEvent, ExportId, ExportJob, ExportJobRow, ExportState},
    port::{ExportStore, ExportTx},
};
use async_trait::async_trait;
use uuid::Uuid;

use super::{
    MemoryStore,
    tables::{Tables, broken},
    transaction::MemoryTx,
};

/// The table of exports: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct ExportTable(Arc<BTreeMap<ExportId, ExportJob>>);

impl ExportTable {
    fn job(&self, tenant: TenantId, id: ExportId) -> Option<&ExportJob> {
        self.0.get(&id).filter(|job| job.tenant() == tenant)
    }

    fn insert(&mut self, job: ExportJob) -> Result<(), StoreError> {
        if self.0.contains_key(&job.id()) {
            return Err(broken("lead_export primary key"));
        }
        Arc::make_mut(&mut self.0).insert(job.id(), job);
        Ok(())
    }

    fn save(&mut self, job: ExportJob) -> Result<(), StoreError> {
        let is_next = self.0.get(&job.id()).is_some_and(|stored| stored.version() + 1 == job.version());
        if !is_next {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.0).insert(job.id(), job);
        Ok(())
    }

    /// Whether an export has this file.
    pub(super) fn needs(&self, file: &str) -> bool {
        self.0.values().any(|job| job.stored_file().is_some_and(|stored| stored.key.as_str() == file))
    }
}

fn position(job: &ExportJob) -> NotePosition {
    NotePosition { at: job.created_at(), id: job.id().as_uuid() }
}

fn rows(most: u64) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}

#[async_trait]
impl ExportStore for MemoryStore {
    async fn begin_export(&self, context: &Context) -> Result<Box<dyn ExportTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn export(&self, tenant: TenantId, id: ExportId) -> Result<Option<ExportJob>, StoreError> {
        Ok(self.shared.lock().tables.exports.job(tenant, id).cloned())
    }

    async fn exports(
        &self,
        (tenant, who): (TenantId, Uuid),
        after: Option<NotePosition>,
        most: u64,
    ) -> Result<Vec<ExportJob>, StoreError> {
        let committed = self.shared.lock();
        let is_theirs = |job: &&ExportJob| {
            let is_older = after.is_none_or(|after| position(job) < after);
            job.tenant() == tenant && job.requested_by() == who && is_older
        };
        let mut jobs: Vec<_> = committed.tables.exports.0.values().filter(is_theirs).cloned().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(position(job)));
        jobs.truncate(rows(most));
        Ok(jobs)
    }

    async fn next_export(&self, now: Timestamp) -> Result<Option<ExportJob>, StoreError> {
        let committed = self.shared.lock();
        let free = committed.tables.exports.0.values().filter(|job| job.is_free(now));
        Ok(free.min_by_key(|job| position(job)).cloned())
    }

    async fn expired_exports(&self, now: Timestamp, most: u64) -> Result<Vec<ExportJob>, StoreError> {
        let committed = self.shared.lock();
        let is_due = |job: &&ExportJob| job.stored_file().is_some() && job.expires_at().is_some_and(|at| at <= now);
        let mut due: Vec<_> = committed.tables.exports.0.values().filter(is_due).cloned().collect();
        due.sort_by_key(|job| (job.expires_at(), job.id()));
        due.truncate(rows(most));
        Ok(due)
    }

    async fn hold_export(
        &self,
        job: &ExportJob,
        (leads, bytes): (u64, u64),
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let number = |number: u64| i64::try_from(number).map_err(StoreError::internal);
        let _turn = self.turn.lock().await;
        let mut committed = self.shared.lock();
        let jobs = Arc::make_mut(&mut committed.tables.exports.0);
        let is_it =
            |stored: &&mut ExportJob| stored.version() == job.version() && stored.state() == ExportState::Running;
        let Some(stored) = jobs.get_mut(&job.id()).filter(is_it) else { return Ok(false) };
        let row = stored.to_row()?;
        let (leads, bytes) = (number(leads)?, number(bytes)?);
        *stored = ExportJob::restore(ExportJobRow { leads, bytes, held_until: Some(until), ..row })?;
        Ok(true)
    }
}

#[async_trait]
impl ExportTx for MemoryTx {
    async fn insert_export(&mut self, change: Change<ExportJob, ExportEvent>) -> Result<(), StoreError> {
        let tenant = self.require_tenant(change.state().tenant());
        self.write(change, |tables: &mut Tables, job| {
            tenant?;
            tables.exports.insert(job)
        })
    }

    async fn export_to_change(&mut self, tenant: TenantId, id: ExportId) -> Result<Option<ExportJob>, StoreError> {
        Ok(self.draft.exports.job(tenant, id).cloned())
    }

    async fn save_export(&mut self, change: Change<ExportJob, ExportEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, job| tables.exports.save(job))
    }

    async fn note_export_read(&mut self, change: Change<(), ExportEvent>) -> Result<(), StoreError> {
        self.write(change, |_tables: &mut Tables, ()| Ok(()))
    }
}
