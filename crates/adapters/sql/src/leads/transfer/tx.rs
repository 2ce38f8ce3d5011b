//! Writes.

use std::collections::BTreeMap;

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    Lead, LeadRow,
    export::ExportEvent,
    import::{ImportEvent, ImportId, ImportJob, LeadKeys},
    port::{LeadBatch, TransferTx},
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};

use super::{batch, entity::import, mapping};
use crate::{
    dialect::{is_also, is_one_of},
    errors::UniqueKey,
    leads::{entity::lead, mapping::restore_lead, store::holds_address, tx::ADDRESS},
    transaction::SqlTx,
};

const AT_WORK: UniqueKey = UniqueKey { constraint: "lead_import_at_work_key", columns: "lead_import.tenant_id" };

#[async_trait]
impl TransferTx for SqlTx {
    async fn insert_import(&mut self, change: Change<ImportJob, ImportEvent>) -> Result<(), StoreError> {
        let (job, events) = self.open(change)?;
        let row = mapping::new_import(job.to_row()?);
        import::Entity::insert(row).exec_without_returning(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn import_to_change(&mut self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError> {
        self.enter()?;
        let found = import::Entity::find_by_id(id.as_uuid())
            .filter(import::Column::TenantId.eq(tenant.as_uuid()))
            .lock(LockType::Update)
            .one(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.leave();
        found.map(mapping::restore_import).transpose()
    }

    async fn save_import(
        &mut self,
        change: Change<ImportJob, ImportEvent>,
        batch: LeadBatch,
    ) -> Result<(), StoreError> {
        let (job, events) = self.open(change)?;
        self.replace_import(&job).await?;
        let LeadBatch { created, came, updated, faults } = batch;
        let created = created.iter().map(Lead::to_row).collect::<Result<Vec<_>, _>>()?;
        let updated = updated.iter().map(Lead::to_row).collect::<Result<Vec<_>, _>>()?;
        self.count_batch(&created, &updated).await?;
        batch::insert_leads(&self.tx, created).await.map_err(|error| self.batch_error(error))?;
        batch::insert_moves(&self.tx, &came).await.map_err(|error| self.batch_error(error))?;
        batch::update_leads(&self.tx, updated).await.map_err(|error| self.batch_error(error))?;
        batch::insert_faults(&self.tx, job.id(), faults).await.map_err(|error| self.batch_error(error))?;
        self.explain(events).await
    }

    async fn leads_found_by(&mut self, tenant: TenantId, keys: &LeadKeys) -> Result<Vec<Lead>, StoreError> {
        let LeadKeys { ids, emails, phones } = keys;
        let backend = self.tx.get_database_backend();
        // A question for each kind of key, as each has its own index, and in no order: a database without statistics would go
        // through all leads in that order rather than look some thousands of keys up.
        let of_tenant = lead::Column::TenantId.eq(tenant.as_uuid());
        let at = |found: Expr| Condition::all().add(of_tenant.clone()).add(found);
        let by = [
            (!ids.is_empty()).then(|| {
                let theirs = is_also(backend, lead::Column::TenantId, tenant.as_uuid());
                Condition::all().add(is_one_of(backend, lead::Column::Id, ids)).add(theirs)
            }),
            (!emails.is_empty()).then(|| at(is_one_of(backend, lead::Column::EmailKey, emails)).add(holds_address())),
            (!phones.is_empty()).then(|| at(is_one_of(backend, lead::Column::PhoneE164, phones))),
        ];
        let mut found = BTreeMap::new();
        for condition in by.into_iter().flatten() {
            let rows = self.leads_with(condition).await?;
            found.extend(rows.into_iter().map(|row| ((row.created_at, row.id), row)));
        }
        found.into_values().map(restore_lead).collect()
    }

    async fn note_export(&mut self, change: Change<(), ExportEvent>) -> Result<(), StoreError> {
        let ((), events) = self.open(change)?;
        self.explain(events).await
    }
}

impl SqlTx {
    /// Leads that were not put away, to be changed.
    async fn leads_with(&mut self, condition: Condition) -> Result<Vec<lead::Model>, StoreError> {
        self.enter()?;
        let rows = lead::Entity::find()
            .filter(condition)
            .filter(lead::Column::DeletedAt.is_null())
            .lock(LockType::Update)
            .all(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.leave();
        Ok(rows)
    }

    /// Whoever has taken an address since the leads were read is read next time.
    fn batch_error(&self, error: batch::BatchError) -> StoreError {
        match error {
            batch::BatchError::Store(error) => error,
            batch::BatchError::Db(error) if ADDRESS.is_broken_by(&error) => StoreError::Contended(Box::new(error)),
            batch::BatchError::Db(error) => self.write_error(error),
        }
    }

    /// Keeps up the numbers, before the leads are written: what those that change were is still in the table.
    async fn count_batch(&self, created: &[LeadRow], updated: &[LeadRow]) -> Result<(), StoreError> {
        let ids: Vec<_> = updated.iter().map(|row| row.id).collect();
        let mut before = Vec::new();
        if !ids.is_empty() {
            let those = is_one_of(self.tx.get_database_backend(), lead::Column::Id, &ids);
            let rows = lead::Entity::find().filter(those).all(&self.tx).await;
            for row in rows.map_err(|error| self.write_error(error))? {
                before.push(restore_lead(row)?.to_row()?);
            }
        }
        self.count(before.iter(), created.iter().chain(updated)).await
    }

    async fn replace_import(&self, job: &ImportJob) -> Result<(), StoreError> {
        let row = job.to_row()?;
        let before = row.version - 1;
        let stale = |error: DbErr| {
            if AT_WORK.is_broken_by(&error) { StoreError::Stale } else { self.write_error(error) }
        };
        let done = import::Entity::update_many()
            .set(mapping::changed_import(row))
            .filter(import::Column::Id.eq(job.id().as_uuid()))
            .filter(import::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(stale)?;
        if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
    }
}
