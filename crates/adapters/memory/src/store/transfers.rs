//! Imports of leads, in process.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{Change, Context, Journal, StoreError, TenantId, Timestamp};
use ashlar_leads::{
    Lead, LeadQuery, LeadRow, NotePosition,
    export::ExportEvent,
    import::{ImportEvent, ImportId, ImportJob, ImportJobRow, LeadKeys, RowFault},
    port::{LeadBatch, RefusedRow, SaveLeadError, TransferStore, TransferTx},
};
use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Tables, broken},
    transaction::MemoryTx,
};

/// The tables of imports: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct TransferTables {
    jobs: Arc<BTreeMap<ImportId, ImportJob>>,
    faults: Arc<BTreeMap<(ImportId, u64), RowFault>>,
}

impl TransferTables {
    fn job(&self, tenant: TenantId, id: ImportId) -> Option<&ImportJob> {
        self.jobs.get(&id).filter(|job| job.tenant() == tenant)
    }

    /// Whether a tenant has another import that is at work.
    fn is_busy(&self, tenant: TenantId, but_for: ImportId) -> bool {
        let mut others = self.jobs.values().filter(|job| job.tenant() == tenant && job.id() != but_for);
        others.any(|job| job.state().is_at_work())
    }

    fn insert(&mut self, job: ImportJob) -> Result<(), StoreError> {
        if self.jobs.contains_key(&job.id()) {
            return Err(broken("lead_import primary key"));
        }
        Arc::make_mut(&mut self.jobs).insert(job.id(), job);
        Ok(())
    }

    fn save(&mut self, job: ImportJob, faults: Vec<RowFault>) -> Result<(), StoreError> {
        let is_next = self.jobs.get(&job.id()).is_some_and(|stored| stored.version() + 1 == job.version());
        if !is_next || (job.state().is_at_work() && self.is_busy(job.tenant(), job.id())) {
            return Err(StoreError::Stale);
        }
        let id = job.id();
        Arc::make_mut(&mut self.jobs).insert(id, job);
        Arc::make_mut(&mut self.faults).extend(faults.into_iter().map(|fault| ((id, fault.number), fault)));
        Ok(())
    }

    /// Whether an import that is not over has this file.
    pub(super) fn needs(&self, file: &str) -> bool {
        self.jobs.values().any(|job| !job.state().is_over() && job.file() == Some(file))
    }

    pub(super) fn refused(&self, tenant: TenantId, is_meant: impl Fn(&RowFault) -> bool) -> Vec<(ImportId, RowFault)> {
        let theirs = self.faults.iter().filter(|((id, _), _)| self.job(tenant, *id).is_some());
        theirs.filter(|(_, row)| is_meant(row)).map(|((id, _), row)| (*id, row.clone())).collect()
    }

    pub(super) fn empty(&mut self, rows: &[RefusedRow]) {
        for key in rows {
            if let Some(row) = Arc::make_mut(&mut self.faults).get_mut(key) {
                row.cells.clear();
            }
        }
    }

    fn next(&self, now: Timestamp) -> Option<&ImportJob> {
        let is_next = |job: &&ImportJob| job.is_free(now) && !self.is_busy(job.tenant(), job.id());
        self.jobs.values().filter(is_next).min_by_key(|job| (job.created_at(), job.id()))
    }
}

fn save(tables: &mut Tables, job: ImportJob, batch: LeadBatch) -> Result<(), StoreError> {
    let LeadBatch { created, came, updated, faults } = batch;
    let contended = |error| match error {
        SaveLeadError::Duplicate => StoreError::Contended("an address was taken".into()),
        SaveLeadError::Store(error) => error,
    };
    tables.transfers.save(job, faults)?;
    for (lead, came) in created.into_iter().zip(came) {
        tables.leads.insert(lead, came).map_err(contended)?;
    }
    for lead in updated {
        tables.leads.replace(lead).map_err(contended)?;
    }
    Ok(())
}

#[async_trait]
impl TransferStore for MemoryStore {
    async fn begin_transfer(&self, context: &Context) -> Result<Box<dyn TransferTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn import(&self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError> {
        Ok(self.shared.lock().tables.transfers.job(tenant, id).cloned())
    }

    async fn imports(
        &self,
        tenant: TenantId,
        after: Option<NotePosition>,
        rows: u64,
    ) -> Result<Vec<ImportJob>, StoreError> {
        let position = |job: &ImportJob| NotePosition { at: job.created_at(), id: job.id().as_uuid() };
        let committed = self.shared.lock();
        let all = committed.tables.transfers.jobs.values().filter(|job| job.tenant() == tenant);
        let mut jobs: Vec<_> = all.filter(|job| after.is_none_or(|after| position(job) < after)).cloned().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(position(job)));
        jobs.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
        Ok(jobs)
    }

    async fn import_faults(
        &self,
        (tenant, id): (TenantId, ImportId),
        after: u64,
        rows: u64,
    ) -> Result<Vec<RowFault>, StoreError> {
        let committed = self.shared.lock();
        let transfers = &committed.tables.transfers;
        if transfers.job(tenant, id).is_none() {
            return Ok(Vec::new());
        }
        let faults = transfers.faults.range((id, after + 1)..=(id, u64::MAX)).map(|(_, fault)| fault.clone());
        Ok(faults.take(usize::try_from(rows).unwrap_or(usize::MAX)).collect())
    }

    async fn leads_to_export(&self, query: &LeadQuery) -> Result<Vec<LeadRow>, StoreError> {
        let found = self.shared.lock().tables.leads.list(query).leads;
        found.iter().map(Lead::to_row).collect()
    }

    async fn next_import(&self, now: Timestamp) -> Result<Option<ImportJob>, StoreError> {
        Ok(self.shared.lock().tables.transfers.next(now).cloned())
    }

    async fn hold_import(&self, job: &ImportJob, until: Timestamp) -> Result<bool, StoreError> {
        let mut committed = self.shared.lock();
        let jobs = Arc::make_mut(&mut committed.tables.transfers.jobs);
        let Some(stored) = jobs.get_mut(&job.id()).filter(|stored| stored.version() == job.version()) else {
            return Ok(false);
        };
        *stored = ImportJob::restore(ImportJobRow { held_until: Some(until), ..stored.to_row()? })?;
        Ok(true)
    }
}

#[async_trait]
impl TransferTx for MemoryTx {
    async fn insert_import(&mut self, change: Change<ImportJob, ImportEvent>) -> Result<(), StoreError> {
        let tenant = self.require_tenant(change.state().tenant());
        self.write(change, |tables: &mut Tables, job| {
            tenant?;
            tables.transfers.insert(job)
        })
    }

    async fn import_to_change(&mut self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError> {
        Ok(self.draft.transfers.jobs.get(&id).filter(|job| job.tenant() == tenant).cloned())
    }

    async fn save_import(
        &mut self,
        change: Change<ImportJob, ImportEvent>,
        batch: LeadBatch,
    ) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, job| save(tables, job, batch))
    }

    async fn leads_found_by(&mut self, tenant: TenantId, keys: &LeadKeys) -> Result<Vec<Lead>, StoreError> {
        Ok(self.draft.leads.found_by(tenant, keys))
    }

    async fn note_export(&mut self, change: Change<(), ExportEvent>) -> Result<(), StoreError> {
        self.write(change, |_tables: &mut Tables, ()| Ok(()))
    }
}
