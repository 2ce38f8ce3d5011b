//! Many leads at once, in as many statements as one.

use std::collections::BTreeSet;

use ashlar_kernel::{Change, LogEntry, StoreError, TenantId};
use ashlar_leads::{
    Lead, LeadEvent, LeadId, LeadRow, StatusChange,
    port::{BatchWrites, Newcomer},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockType},
};
use uuid::Uuid;

use super::{
    entity::{lead, status_change},
    mapping,
    store::holds_address,
    transfer::insert_tags,
};
use crate::{dialect, many, transaction::SqlTx};

/// A lead as its rows.
pub(super) struct Opened {
    row: LeadRow,
    note: status_change::ActiveModel,
    events: Vec<LogEntry>,
}

impl Opened {
    pub(super) fn new(lead: &Lead, came: &StatusChange, events: Vec<LogEntry>) -> Result<Self, StoreError> {
        Ok(Self { row: lead.to_row()?, note: mapping::new_status_change(came), events })
    }
}

impl SqlTx {
    /// Adds those whose address nobody holds; which.
    pub(super) async fn enter_leads(&mut self, mut leads: Vec<Opened>) -> Result<BTreeSet<Uuid>, StoreError> {
        self.enter()?;
        if leads.is_empty() {
            self.leave();
            return Ok(BTreeSet::new());
        }
        // In the order of their addresses, so that no two batches wait for each other.
        leads.sort_by(|one, other| (&one.row.email_key, one.row.id).cmp(&(&other.row.email_key, other.row.id)));
        let backend = self.tx.get_database_backend();
        let models = leads.iter().map(|lead| mapping::new_lead(lead.row.clone())).collect();
        let insertion = many::insertion(backend, models, " ON CONFLICT DO NOTHING RETURNING \"id\"")?;
        let entered = self.tx.query_all_raw(insertion).await.map_err(|error| self.write_error(error))?;
        let entered = entered.iter().map(|row| row.try_get_by_index::<Uuid>(0)).collect::<Result<BTreeSet<_>, _>>();
        let entered = entered.map_err(|error| self.write_error(error))?;
        if entered.is_empty() {
            self.leave();
            return Ok(entered);
        }
        // The rest in the order in which they came.
        leads.retain(|lead| entered.contains(&lead.row.id));
        leads.sort_by_key(|lead| lead.row.id);
        let (mut rows, mut notes, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for lead in leads {
            rows.push(lead.row);
            notes.push(lead.note);
            events.extend(lead.events);
        }
        let written = self.tx.execute_raw(many::insertion(backend, notes, "")?).await;
        written.map_err(|error| self.write_error(error))?;
        insert_tags(&self.tx, &rows).await.map_err(|error| self.write_error(error))?;
        self.count_newcomers(&rows).await?;
        self.explain(events).await?;
        Ok(entered)
    }
}

#[async_trait]
impl BatchWrites for SqlTx {
    async fn insert_leads(&mut self, newcomers: Vec<Newcomer>) -> Result<BTreeSet<LeadId>, StoreError> {
        let mut opened = Vec::with_capacity(newcomers.len());
        for (change, came) in newcomers {
            let (lead, events) = self.open_another(change)?;
            opened.push(Opened::new(&lead, &came, events)?);
        }
        let entered = self.enter_leads(opened).await?;
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
