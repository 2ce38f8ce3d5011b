//! Copies of checkpoints.

use ashlar_audit::{
    Head,
    port::{CheckpointStore, SignedCheckpoint},
};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use super::{
    entity::{checkpoint, head},
    mapping,
};
use crate::{SqlStore, errors::store_error};

#[async_trait]
impl CheckpointStore for SqlStore {
    async fn uncovered(&self, limit: u32) -> Result<Vec<Head>, StoreError> {
        let same_tenant = Expr::col((checkpoint::Entity, checkpoint::Column::TenantId))
            .equals((head::Entity, head::Column::TenantId));
        let same_size =
            Expr::col((checkpoint::Entity, checkpoint::Column::Size)).equals((head::Entity, head::Column::Size));
        let covered = Query::select()
            .expr(Expr::val(1))
            .from(checkpoint::Entity)
            .and_where(same_tenant)
            .and_where(same_size)
            .to_owned();
        let found = head::Entity::find().filter(Expr::exists(covered).not()).limit(u64::from(limit));
        let rows = found.all(self.reader()).await.map_err(store_error)?;
        let restore = |row| mapping::restore_head(row).ok_or(StoreError::Corrupt { what: "audit_head" });
        rows.iter().map(restore).collect()
    }

    async fn save_checkpoints(&self, checkpoints: &[SignedCheckpoint], now: Timestamp) -> Result<(), StoreError> {
        if checkpoints.is_empty() {
            return Ok(());
        }
        let row = |signed: &SignedCheckpoint| {
            Ok(checkpoint::ActiveModel {
                tenant_id: Set(signed.tenant.as_uuid()),
                size: Set(mapping::stored(signed.size)?),
                note: Set(signed.note.clone()),
                created_at: Set(now),
                published_at: Set(None),
            })
        };
        let rows = checkpoints.iter().map(row).collect::<Result<Vec<_>, StoreError>>()?;
        let there =
            OnConflict::columns([checkpoint::Column::TenantId, checkpoint::Column::Size]).do_nothing().to_owned();
        let insertion = checkpoint::Entity::insert_many(rows).on_conflict(there);
        insertion.exec_without_returning(self.writer()).await.map(drop).map_err(|error| self.write_error(error))
    }

    async fn unpublished(&self, limit: u32) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let waiting = checkpoint::Entity::find()
            .filter(checkpoint::Column::PublishedAt.is_null())
            .order_by_asc(checkpoint::Column::CreatedAt)
            .order_by_asc(checkpoint::Column::TenantId)
            .order_by_asc(checkpoint::Column::Size)
            .limit(u64::from(limit));
        let rows = waiting.all(self.reader()).await.map_err(store_error)?;
        let restore = |row: checkpoint::Model| {
            let size =
                u64::try_from(row.size).map_err(|_negative| StoreError::Corrupt { what: "audit_checkpoint.size" })?;
            Ok(SignedCheckpoint { tenant: TenantId::from_uuid(row.tenant_id), size, note: row.note })
        };
        rows.into_iter().map(restore).collect()
    }

    async fn mark_published(&self, checkpoints: &[SignedCheckpoint], now: Timestamp) -> Result<(), StoreError> {
        if checkpoints.is_empty() {
            return Ok(());
        }
        let key = |signed: &SignedCheckpoint| Ok((signed.tenant.as_uuid(), mapping::stored(signed.size)?));
        let keys = checkpoints.iter().map(key).collect::<Result<Vec<_>, StoreError>>()?;
        let these = Expr::tuple([Expr::col(checkpoint::Column::TenantId), Expr::col(checkpoint::Column::Size)]);
        let update = checkpoint::Entity::update_many()
            .col_expr(checkpoint::Column::PublishedAt, Expr::value(now))
            .filter(these.in_tuples(keys));
        update.exec(self.writer()).await.map(drop).map_err(|error| self.write_error(error))
    }
}
