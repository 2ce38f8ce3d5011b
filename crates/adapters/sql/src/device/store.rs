//! Reads, one statement each, and tidying up.

use ashlar_identity::{UserId, device::KnownDevice, port::Devices};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func},
};

use super::{
    entity::{Column, Entity},
    mapping,
};
use crate::{SqlStore, errors::store_error};

/// Nobody looks through more.
const ROWS: u64 = 200;

#[async_trait]
impl Devices for SqlStore {
    async fn devices(&self, tenant: TenantId, user: UserId) -> Result<Vec<KnownDevice>, StoreError> {
        let found = Entity::find()
            .filter(is_theirs(tenant, user))
            .filter(Column::EndedAt.is_null())
            .order_by_desc(Column::LastSeenAt)
            .order_by_desc(Column::Id)
            .limit(ROWS);
        let rows = found.all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(mapping::restore).collect()
    }

    async fn purge_devices(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let last = Func::coalesce([Expr::col(Column::EndedAt), Expr::col(Column::LastSeenAt)]);
        let old = Entity::find().select_only().column(Column::Id).filter(Expr::from(last).lt(before));
        let old = old.limit(u64::from(limit)).into_query();
        let done = Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(self.writer()).await;
        done.map(|done| done.rows_affected).map_err(|error| self.write_error(error))
    }
}

pub(super) fn is_theirs(tenant: TenantId, user: UserId) -> Condition {
    Condition::all().add(Column::TenantId.eq(tenant.as_uuid())).add(Column::UserId.eq(user.as_uuid()))
}
