//! Reads, one statement each.

use ashlar_kernel::{Context, StoreError, TenantId, Timestamp};
use ashlar_leads::{
    NotePosition,
    export::{ExportId, ExportJob, ExportState},
    port::{ExportStore, ExportTx},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait as _,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

use super::{
    entity::{ActiveModel, Column, Entity},
    mapping::restore,
};
use crate::{SqlStore, errors::store_error, leads::store::is_older};

#[async_trait]
impl ExportStore for SqlStore {
    async fn begin_export(&self, context: &Context) -> Result<Box<dyn ExportTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn export(&self, tenant: TenantId, id: ExportId) -> Result<Option<ExportJob>, StoreError> {
        let found = Entity::find_by_id(id.as_uuid()).filter(Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(restore).transpose()
    }

    async fn exports(
        &self,
        (tenant, who): (TenantId, Uuid),
        after: Option<NotePosition>,
        rows: u64,
    ) -> Result<Vec<ExportJob>, StoreError> {
        let columns = [Column::CreatedAt, Column::Id].map(ColumnTrait::into_expr);
        let rows = Entity::find()
            .filter(Column::TenantId.eq(tenant.as_uuid()))
            .filter(Column::RequestedBy.eq(who))
            .filter(is_older(columns, after))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn next_export(&self, now: Timestamp) -> Result<Option<ExportJob>, StoreError> {
        let until = Column::HeldUntil;
        let found = Entity::find()
            .filter(Expr::cust(WAITING))
            .filter(Condition::any().add(until.is_null()).add(until.lte(now)))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(1)
            .one(self.reader())
            .await;
        found.map_err(store_error)?.map(restore).transpose()
    }

    async fn expired_exports(&self, now: Timestamp, rows: u64) -> Result<Vec<ExportJob>, StoreError> {
        let rows = Entity::find()
            .filter(Expr::cust(COMPLETED))
            .filter(Column::ExpiresAt.lte(now))
            .order_by_asc(Column::ExpiresAt)
            .order_by_asc(Column::Id)
            .limit(rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn hold_export(
        &self,
        job: &ExportJob,
        (leads, bytes): (u64, u64),
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let number = |number: u64| i64::try_from(number).map_err(StoreError::internal);
        let (leads, bytes) = (Set(number(leads)?), Set(number(bytes)?));
        let held = ActiveModel { leads, bytes, held_until: Set(Some(until)), ..Default::default() };
        let done = Entity::update_many()
            .set(held)
            .filter(Column::Id.eq(job.id().as_uuid()))
            .filter(Column::Version.eq(job.to_row()?.version))
            .filter(Column::State.eq(ExportState::Running.as_str()))
            .exec(self.writer())
            .await
            .map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected == 1)
    }
}

/// Spelled as in the indexes, so that the databases see that they are the ones.
const WAITING: &str = "state IN ('queued', 'running')";
const COMPLETED: &str = "state = 'completed'";

/// Which of these files an export has.
pub(in crate::leads) fn exported_files(keys: Vec<&str>) -> SelectStatement {
    Entity::find().select_only().column(Column::File).filter(Column::File.is_in(keys)).into_query()
}
