//! Mergers: what was noted about some leads is noted about another, in as many statements whatever that is.

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    Lead, LeadEvent, LeadId,
    lead::Merger,
    port::{MergeWrites, SaveLeadError},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
    sea_query::{Expr, ExprTrait, LockType},
};
use uuid::Uuid;

use super::{
    client_entity::client,
    entity::{activity, contact, lead, status_change},
    mapping,
};
use crate::transaction::SqlTx;

/// The columns of a merger.
const MERGER: &str = "INSERT INTO lead_merge (id, tenant_id, primary_id, before, merged_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// What was whose. The ids of the leads are put in for the brackets.
const PARTS: &str = "
    INSERT INTO lead_merge_part (merge_id, kind, part_id, lead_id)
    SELECT merge.id, part.kind, part.part_id, part.lead_id FROM lead_merge AS merge, (
        SELECT 'lead' AS kind, id AS part_id, id AS lead_id FROM lead WHERE id IN []
        UNION ALL SELECT 'activity', id, lead_id FROM lead_activity WHERE lead_id IN []
        UNION ALL SELECT 'move', id, lead_id FROM lead_status_change WHERE lead_id IN []
        UNION ALL SELECT 'message', id, lead_id FROM contact_message WHERE lead_id IN []
        UNION ALL SELECT 'client', id, lead_id FROM client WHERE lead_id IN []
    ) AS part WHERE merge.id = $1";

#[async_trait]
impl MergeWrites for SqlTx {
    async fn leads_to_merge(&mut self, tenant: TenantId, ids: &[LeadId]) -> Result<Vec<Lead>, StoreError> {
        self.enter()?;
        // In one order, so that no two mergers wait for each other.
        let found = lead::Entity::find()
            .filter(lead::Column::TenantId.eq(tenant.as_uuid()))
            .filter(lead::Column::Id.is_in(ids.iter().map(LeadId::as_uuid)))
            .filter(lead::Column::DeletedAt.is_null())
            .order_by_asc(lead::Column::Id)
            .lock(LockType::Update)
            .all(&self.tx)
            .await;
        let rows = found.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore_lead).collect()
    }

    async fn merge_leads(&mut self, change: Change<Merger, LeadEvent>) -> Result<(), SaveLeadError> {
        let (merger, events) = self.open(change)?;
        self.keep_merger(&merger).await?;
        let away: Vec<_> = merger.away().iter().map(LeadId::as_uuid).collect();
        let into = merger.merged.primary.id().as_uuid();
        self.pass_on(&away, into, &merger).await.map_err(|error| self.write_error(error))?;
        self.put_away(&away, into, &merger).await?;
        self.replace_primary(&merger).await?;
        let moves = merger.moves.iter().map(mapping::new_status_change);
        let written = status_change::Entity::insert_many(moves).exec_without_returning(&self.tx).await;
        written.map_err(|error| self.write_error(error))?;
        let notes = merger.notes.iter().map(mapping::new_activity);
        let written = activity::Entity::insert_many(notes).exec_without_returning(&self.tx).await;
        written.map_err(|error| self.write_error(error))?;
        Ok(self.explain(events).await?)
    }
}

impl SqlTx {
    /// What it takes to undo it.
    async fn keep_merger(&self, merger: &Merger) -> Result<(), StoreError> {
        let before = serde_json::to_value(merger.merged.before.to_row()?).map_err(StoreError::internal)?;
        let id = merger.id.as_uuid();
        let values: Vec<Value> = vec![
            id.into(),
            merger.tenant().as_uuid().into(),
            merger.merged.primary.id().as_uuid().into(),
            before.into(),
            merger.by.into(),
            merger.at.into(),
        ];
        self.run(MERGER, values).await.map_err(|error| self.write_error(error))?;
        let away: Vec<_> = merger.away().iter().map(LeadId::as_uuid).collect();
        let names: Vec<_> = (2..away.len() + 2).map(|number| format!("${number}")).collect();
        let parts = PARTS.replace("[]", &format!("({})", names.join(", ")));
        let values = std::iter::once(id).chain(away).map(Value::from).collect();
        self.run(&parts, values).await.map_err(|error| self.write_error(error))
    }

    async fn run(&self, sql: &str, values: Vec<Value>) -> Result<(), DbErr> {
        let statement = Statement::from_sql_and_values(self.tx.get_database_backend(), sql, values);
        self.tx.execute_raw(statement).await.map(drop)
    }

    async fn pass_on(&self, away: &[Uuid], into: Uuid, merger: &Merger) -> Result<(), DbErr> {
        let away = || away.iter().copied();
        activity::Entity::update_many()
            .col_expr(activity::Column::LeadId, Expr::value(into))
            .filter(activity::Column::LeadId.is_in(away()))
            .exec(&self.tx)
            .await?;
        status_change::Entity::update_many()
            .col_expr(status_change::Column::LeadId, Expr::value(into))
            .filter(status_change::Column::LeadId.is_in(away()))
            .exec(&self.tx)
            .await?;
        // These tell whose they are, so they are another version.
        contact::Entity::update_many()
            .col_expr(contact::Column::LeadId, Expr::value(into))
            .col_expr(contact::Column::Version, Expr::col(contact::Column::Version).add(1))
            .filter(contact::Column::LeadId.is_in(away()))
            .exec(&self.tx)
            .await?;
        client::Entity::update_many()
            .col_expr(client::Column::LeadId, Expr::value(into))
            .col_expr(client::Column::UpdatedAt, Expr::value(merger.at))
            .col_expr(client::Column::Version, Expr::col(client::Column::Version).add(1))
            .filter(client::Column::LeadId.is_in(away()))
            .exec(&self.tx)
            .await
            .map(drop)
    }

    /// Before the other is changed: it may have the address of one of them.
    async fn put_away(&self, away: &[Uuid], into: Uuid, merger: &Merger) -> Result<(), StoreError> {
        let away_now = lead::ActiveModel {
            deleted_at: Set(Some(merger.at)),
            updated_at: Set(merger.at),
            merged_into: Set(Some(into)),
            converted_at: Set(None),
            ..Default::default()
        };
        let done = lead::Entity::update_many()
            .set(away_now)
            .col_expr(lead::Column::Version, Expr::col(lead::Column::Version).add(1))
            .filter(lead::Column::Id.is_in(away.iter().copied()))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        let wanted = u64::try_from(away.len()).unwrap_or(u64::MAX);
        if done.rows_affected == wanted { Ok(()) } else { Err(StoreError::Stale) }
    }

    async fn replace_primary(&self, merger: &Merger) -> Result<(), SaveLeadError> {
        let primary = &merger.merged.primary;
        let row = primary.to_row()?;
        let others = merger.merged.away.iter().map(Lead::to_row);
        let before = std::iter::once(merger.merged.before.to_row()).chain(others).collect::<Result<Vec<_>, _>>()?;
        self.count(before.iter(), std::iter::once(&row)).await?;
        let version = row.version - 1;
        // The latest of all, which an edit leaves alone.
        let last_contacted_at = Set(row.last_contacted_at);
        let done = lead::Entity::update_many()
            .set(lead::ActiveModel { last_contacted_at, ..mapping::changed_lead(row) })
            .filter(lead::Column::Id.eq(primary.id().as_uuid()))
            .filter(lead::Column::Version.eq(version))
            .exec(&self.tx)
            .await
            .map_err(|error| self.save_error(error))?;
        if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale.into()) }
    }
}
