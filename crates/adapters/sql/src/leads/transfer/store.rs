//! Reads, one statement each.

use ashlar_kernel::{Context, StoreError, TenantId, Timestamp};
use ashlar_leads::{
    LeadQuery, LeadRow, NotePosition,
    import::{ImportId, ImportJob, ImportState, RowFault},
    port::{TransferStore, TransferTx},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait as _,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    entity::{fault, import},
    mapping,
};
use crate::{SqlStore, errors::store_error, leads::list};

#[async_trait]
impl TransferStore for SqlStore {
    async fn begin_transfer(&self, context: &Context) -> Result<Box<dyn TransferTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn import(&self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError> {
        let found = import::Entity::find_by_id(id.as_uuid()).filter(import::Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_import).transpose()
    }

    async fn imports(
        &self,
        tenant: TenantId,
        after: Option<NotePosition>,
        rows: u64,
    ) -> Result<Vec<ImportJob>, StoreError> {
        let columns = || Expr::tuple([import::Column::CreatedAt, import::Column::Id].map(ColumnTrait::into_expr));
        let is_older = after.map(|after| columns().lt(Expr::tuple([Expr::value(after.at), Expr::value(after.id)])));
        let rows = import::Entity::find()
            .filter(import::Column::TenantId.eq(tenant.as_uuid()))
            .filter(Condition::all().add_option(is_older))
            .order_by_desc(import::Column::CreatedAt)
            .order_by_desc(import::Column::Id)
            .limit(rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(mapping::restore_import).collect()
    }

    async fn import_faults(
        &self,
        (tenant, id): (TenantId, ImportId),
        after: u64,
        rows: u64,
    ) -> Result<Vec<RowFault>, StoreError> {
        let of_tenant = Query::select()
            .column(import::Column::Id)
            .from(import::Entity)
            .and_where(import::Column::TenantId.eq(tenant.as_uuid()))
            .and_where(import::Column::Id.eq(id.as_uuid()))
            .take();
        let rows = fault::Entity::find()
            .filter(fault::Column::ImportId.in_subquery(of_tenant))
            .filter(fault::Column::Number.gt(i64::try_from(after).unwrap_or(i64::MAX)))
            .order_by_asc(fault::Column::Number)
            .limit(rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(mapping::restore_fault).collect()
    }

    async fn leads_to_export(&self, query: &LeadQuery) -> Result<Vec<LeadRow>, StoreError> {
        list::stored(self, query).await
    }

    async fn next_import(&self, now: Timestamp) -> Result<Option<ImportJob>, StoreError> {
        let other = Alias::new("other");
        let of_other = |column| Expr::col((other.clone(), column));
        let busy = Query::select()
            .expr(Expr::value(1))
            .from_as(import::Entity, other.clone())
            .and_where(of_other(import::Column::TenantId).eq(Expr::col((import::Entity, import::Column::TenantId))))
            .and_where(of_other(import::Column::State).is_in(AT_WORK))
            .and_where(of_other(import::Column::Id).ne(Expr::col((import::Entity, import::Column::Id))))
            .take();
        let until = import::Column::HeldUntil;
        let found = import::Entity::find()
            .filter(import::Column::State.is_in(WAITING))
            .filter(Condition::any().add(until.is_null()).add(until.lte(now)))
            .filter(Expr::not_exists(busy))
            .order_by_asc(import::Column::CreatedAt)
            .order_by_asc(import::Column::Id)
            .limit(1)
            .one(self.reader())
            .await;
        found.map_err(store_error)?.map(mapping::restore_import).transpose()
    }

    async fn hold_import(&self, job: &ImportJob, until: Timestamp) -> Result<bool, StoreError> {
        let held = import::ActiveModel { held_until: Set(Some(until)), ..Default::default() };
        let done = import::Entity::update_many()
            .set(held)
            .filter(import::Column::Id.eq(job.id().as_uuid()))
            .filter(import::Column::Version.eq(job.to_row()?.version))
            .exec(self.writer())
            .await
            .map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected == 1)
    }
}

/// Which of these files an import has that is not over.
pub(in crate::leads) fn waiting_files(keys: Vec<&str>) -> SelectStatement {
    let waiting = import::Entity::find()
        .select_only()
        .column(import::Column::File)
        .filter(import::Column::State.is_in(WAITING))
        .filter(import::Column::File.is_in(keys));
    waiting.into_query()
}

const AT_WORK: [&str; 2] = [ImportState::Validating.as_str(), ImportState::Running.as_str()];
const WAITING: [&str; 4] = [
    ImportState::Queued.as_str(),
    ImportState::Validating.as_str(),
    ImportState::Running.as_str(),
    ImportState::Paused.as_str(),
];
