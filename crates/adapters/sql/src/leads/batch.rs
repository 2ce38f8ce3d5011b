//! Many leads at once, in as many statements as one.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_kernel::{Change, LogEntry, StoreError, TenantId};
use ashlar_leads::{
    Lead, LeadEvent, LeadId,
    port::{BatchWrites, Newcomer},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, LockType, OnConflict, Query},
};
use uuid::Uuid;

use super::{
    entity::{lead, status_change},
    mapping,
    store::holds_address,
    transfer::insert_tags,
};
use crate::{dialect, transaction::SqlTx};

#[async_trait]
impl BatchWrites for SqlTx {
    async fn insert_leads(&mut self, newcomers: Vec<Newcomer>) -> Result<BTreeSet<LeadId>, StoreError> {
        let (mut rows, mut notes) = (BTreeMap::new(), BTreeMap::new());
        let mut events = BTreeMap::<Uuid, Vec<LogEntry>>::new();
        for (change, came) in newcomers {
            let (lead, explained) = self.open_another(change)?;
            let id = lead.id().as_uuid();
            rows.insert(id, lead.to_row()?);
            notes.insert(id, mapping::new_status_change(&came));
            events.insert(id, explained);
        }
        self.enter()?;
        if rows.is_empty() {
            self.leave();
            return Ok(BTreeSet::new());
        }
        // In the order of their addresses, so that no two batches wait for each other.
        let mut ordered: Vec<_> = rows.values().cloned().collect();
        ordered.sort_by(|one, other| one.email_key.cmp(&other.email_key));
        let insertion = lead::Entity::insert_many(ordered.into_iter().map(mapping::new_lead));
        let mut insertion = insertion.on_conflict(OnConflict::new().do_nothing().to_owned()).into_query();
        insertion.returning(Query::returning().column(lead::Column::Id));
        let entered = self.tx.query_all(&insertion).await.map_err(|error| self.write_error(error))?;
        let entered = entered.iter().map(|row| row.try_get_by_index::<Uuid>(0)).collect::<Result<BTreeSet<_>, _>>();
        let entered = entered.map_err(|error| self.write_error(error))?;
        if entered.is_empty() {
            self.leave();
            return Ok(BTreeSet::new());
        }
        let notes: Vec<_> = notes.into_iter().filter(|(id, _)| entered.contains(id)).map(|(_, note)| note).collect();
        let written = status_change::Entity::insert_many(notes).exec_without_returning(&self.tx).await;
        written.map_err(|error| self.write_error(error))?;
        let rows: Vec<_> = rows.into_iter().filter(|(id, _)| entered.contains(id)).map(|(_, row)| row).collect();
        insert_tags(&self.tx, &rows).await.map_err(|error| self.write_error(error))?;
        self.count_newcomers(&rows).await?;
        let events: Vec<_> = events.into_iter().filter(|(id, _)| entered.contains(id)).flat_map(|(_, e)| e).collect();
        self.explain(events).await?;
        Ok(entered.into_iter().map(LeadId::from_uuid).collect())
    }

    async fn leads_at(&mut self, tenant: TenantId, email_keys: &[String]) -> Result<Vec<Lead>, StoreError> {
        self.enter()?;
        let found = lead::Entity::find()
            .filter(lead::Column::TenantId.eq(tenant.as_uuid()))
            .filter(lead::Column::EmailKey.is_in(email_keys))
            .filter(holds_address());
        let rows = found.all(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore_lead).collect()
    }

    async fn leads_of(&mut self, tenant: TenantId, owner: Uuid, most: u32) -> Result<Vec<Lead>, StoreError> {
        self.enter()?;
        let found = lead::Entity::find()
            .filter(lead::Column::TenantId.eq(tenant.as_uuid()))
            .filter(lead::Column::OwnerId.eq(owner))
            .filter(lead::Column::DeletedAt.is_null())
            .order_by_desc(lead::Column::CreatedAt)
            .order_by_desc(lead::Column::Id)
            .limit(u64::from(most))
            .lock(LockType::Update);
        let rows = found.all(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore_lead).collect()
    }

    async fn release_leads(&mut self, changes: Vec<Change<Lead, LeadEvent>>) -> Result<(), StoreError> {
        let (mut leads, mut events) = (Vec::new(), Vec::new());
        for change in changes {
            let (lead, explained) = self.open_another(change)?;
            leads.push(lead);
            events.extend(explained);
        }
        self.enter()?;
        let Some(at) = leads.first().map(Lead::updated_at) else {
            self.leave();
            return Ok(());
        };
        let ids: Vec<_> = leads.iter().map(|lead| lead.id().as_uuid()).collect();
        let nobodys = lead::ActiveModel { owner_id: Set(None), updated_at: Set(at), ..Default::default() };
        let done = lead::Entity::update_many()
            .set(nobodys)
            .col_expr(lead::Column::Version, Expr::col(lead::Column::Version).add(1))
            .filter(dialect::is_among(self.tx.get_database_backend(), lead::Column::Id, &ids))
            .filter(lead::Column::OwnerId.is_not_null())
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != u64::try_from(ids.len()).unwrap_or(u64::MAX) {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }
}
