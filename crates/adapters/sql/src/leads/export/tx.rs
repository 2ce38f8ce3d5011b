//! Writes.

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    export::{ExportEvent, ExportId, ExportJob},
    port::ExportTx,
};
use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType};

use super::{
    entity::{Column, Entity},
    mapping,
};
use crate::transaction::SqlTx;

#[async_trait]
impl ExportTx for SqlTx {
    async fn insert_export(&mut self, change: Change<ExportJob, ExportEvent>) -> Result<(), StoreError> {
        let (job, events) = self.open(change)?;
        let added = Entity::insert(mapping::new(job.to_row()?)).exec_without_returning(&self.tx).await;
        added.map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn export_to_change(&mut self, tenant: TenantId, id: ExportId) -> Result<Option<ExportJob>, StoreError> {
        self.enter()?;
        let found = Entity::find_by_id(id.as_uuid())
            .filter(Column::TenantId.eq(tenant.as_uuid()))
            .lock(LockType::Update)
            .one(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.leave();
        found.map(mapping::restore).transpose()
    }

    async fn save_export(&mut self, change: Change<ExportJob, ExportEvent>) -> Result<(), StoreError> {
        let (job, events) = self.open(change)?;
        let row = job.to_row()?;
        let before = row.version - 1;
        let done = Entity::update_many()
            .set(mapping::changed(row))
            .filter(Column::Id.eq(job.id().as_uuid()))
            .filter(Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    async fn note_export_read(&mut self, change: Change<(), ExportEvent>) -> Result<(), StoreError> {
        let ((), events) = self.open(change)?;
        self.explain(events).await
    }
}
