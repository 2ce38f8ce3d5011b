//! The trail at one moment.

use std::collections::BTreeMap;

use ashlar_audit::{
    Digest32, Head,
    port::{TrailSnapshot, TrailStore, Unsealed},
    verify::{Page, SealedRow},
};
use ashlar_kernel::{PersonalValue, StoreError, TenantId};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    Statement,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    entity::{chain, checkpoint, head, pii, tree},
    mapping, page,
    retention::Runs,
};
use crate::{
    SqlStore,
    database::Transaction,
    dialect::is_among,
    errors::store_error,
    event_log::{
        self,
        entity::{row, to_seal},
    },
};

#[async_trait]
impl TrailStore for SqlStore {
    async fn snapshot(&self) -> Result<Box<dyn TrailSnapshot>, StoreError> {
        Ok(Box::new(Snapshot(self.begin_snapshot().await?)))
    }
}

struct Snapshot(Transaction);

const TENANTS: &str = "SELECT tenant_id FROM audit_head UNION SELECT tenant_id FROM audit_chain \
    UNION SELECT tenant_id FROM audit_checkpoint UNION SELECT tenant_id FROM event ORDER BY tenant_id";

#[async_trait]
impl TrailSnapshot for Snapshot {
    async fn tenants(&mut self) -> Result<Vec<TenantId>, StoreError> {
        let ask = Statement::from_string(self.0.get_database_backend(), TENANTS);
        let rows = self.0.query_all_raw(ask).await.map_err(store_error)?;
        let tenant = |row: sea_orm::QueryResult| row.try_get_by_index(0).map(TenantId::from_uuid).map_err(store_error);
        rows.into_iter().map(tenant).collect()
    }

    async fn rows(&mut self, tenant: TenantId, after: u64, limit: u32) -> Result<Vec<SealedRow>, StoreError> {
        Ok(self.page(tenant, after, limit).await?.read().collect())
    }

    async fn page(&mut self, tenant: TenantId, after: u64, limit: u32) -> Result<Page, StoreError> {
        let mut page = page::read(&self.0, tenant, (after, limit)).await?;
        let stored = |seq: u64| i64::try_from(seq).unwrap_or(i64::MAX);
        let Some((first, last)) = page.span() else { return Ok(page) };
        let runs = Runs::between(&self.0, tenant, (stored(first), stored(last))).await?;
        page.mark_expired(|seq| runs.of(seq));
        Ok(page)
    }

    async fn subtrees(
        &mut self,
        tenant: TenantId,
        places: &[(u8, u64)],
    ) -> Result<BTreeMap<(u8, u64), Digest32>, StoreError> {
        let keys: Vec<_> =
            places.iter().filter_map(|(level, index)| Some((i32::from(*level), i64::try_from(*index).ok()?))).collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let place = Expr::tuple([tree::Column::Level.into_expr(), tree::Column::Idx.into_expr()]);
        let found = tree::Entity::find()
            .filter(tree::Column::TenantId.eq(tenant.as_uuid()))
            .filter(place.in_tuples(keys))
            .all(&self.0)
            .await
            .map_err(store_error)?;
        // A row that is none is as good as one that is not there.
        let node = |row: tree::Model| {
            Some(((u8::try_from(row.level).ok()?, u64::try_from(row.idx).ok()?), Digest32::restore(&row.hash)?))
        };
        Ok(found.into_iter().filter_map(node).collect())
    }

    async fn personal(&mut self, events: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<PersonalValue>>, StoreError> {
        let these = is_among(self.0.get_database_backend(), pii::Column::EventId, events);
        let rows = pii::Entity::find().filter(these).order_by_asc(pii::Column::Path).all(&self.0).await;
        let mut beside: BTreeMap<Uuid, Vec<PersonalValue>> = BTreeMap::new();
        for pii::Model { event_id, path, subject_id: subject, salt, value, .. } in rows.map_err(store_error)? {
            let salt = salt.try_into().map_err(|_length| StoreError::Corrupt { what: "audit_pii.salt" })?;
            beside.entry(event_id).or_default().push(PersonalValue { path, subject, salt, value });
        }
        Ok(beside)
    }

    async fn head(&mut self, tenant: TenantId) -> Result<Option<Head>, StoreError> {
        let row = head::Entity::find_by_id(tenant.as_uuid()).one(&self.0).await.map_err(store_error)?;
        // A row that is none is for the verifier to notice.
        Ok(row.map(|row| mapping::restore_head(&row).unwrap_or_else(|| Head::new(tenant))))
    }

    async fn strays(&mut self, tenant: TenantId, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let strays = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .join_rev(JoinType::LeftJoin, chain::Relation::Event.def())
            .left_join(to_seal::Entity)
            .filter(row::Column::TenantId.eq(tenant.as_uuid()))
            .filter(chain::Column::EventId.is_null())
            .filter(to_seal::Column::EventId.is_null())
            .order_by_asc(row::Column::Position)
            .limit(u64::from(limit));
        strays.into_tuple().all(&self.0).await.map_err(store_error)
    }

    async fn notes(&mut self, tenant: TenantId) -> Result<Vec<String>, StoreError> {
        let notes = checkpoint::Entity::find()
            .select_only()
            .column(checkpoint::Column::Note)
            .filter(checkpoint::Column::TenantId.eq(tenant.as_uuid()))
            .order_by_asc(checkpoint::Column::Size);
        notes.into_tuple().all(&self.0).await.map_err(store_error)
    }

    async fn unsealed(&mut self, tenant: TenantId) -> Result<Unsealed, StoreError> {
        let (events, oldest) = event_log::unsealed_on(&self.0, Some(tenant)).await.map_err(store_error)?;
        Ok(Unsealed { events: u64::try_from(events).unwrap_or(0), oldest })
    }
}
