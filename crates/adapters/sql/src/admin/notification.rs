//! What needs somebody's attention.

use ashlar_admin::{
    Notification, NotificationEvent, NotificationId, NotificationQuery, NotificationRow, NotificationStore,
    NotificationTx, Notifications, Raised, Unresolved,
};
use ashlar_kernel::{Change, Context, Id, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
};
use uuid::Uuid;

use super::entity::notification::{ActiveModel, Column, Entity, Model};
use crate::{SqlStore, errors::store_error, transaction::SqlTx};

/// One more of what is open, or the first. Nothing comes back when somebody else has just counted.
const RAISE: &str = "
    INSERT INTO notification (id, tenant_id, severity, source, dedupe_key, title, count, first_at, last_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7, 1)
    ON CONFLICT (tenant_id, dedupe_key) WHERE resolved_at IS NULL
    DO UPDATE SET count = notification.count + 1, title = excluded.title, last_at = excluded.last_at,
                  version = notification.version + 1
    WHERE notification.last_at <= $8
    RETURNING id";

const PURGE: &str =
    "DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE resolved_at < $1 LIMIT $2)";

#[derive(FromQueryResult)]
struct Which {
    id: Uuid,
}

fn restore(row: Model) -> Result<Notification, StoreError> {
    Notification::restore(NotificationRow {
        id: row.id,
        tenant_id: row.tenant_id,
        severity: row.severity,
        source: row.source,
        dedupe_key: row.dedupe_key,
        title: row.title,
        count: row.count,
        first_at: row.first_at,
        last_at: row.last_at,
        announced_at: row.announced_at,
        acknowledged_by: row.acknowledged_by,
        acknowledged_at: row.acknowledged_at,
        resolved_at: row.resolved_at,
        version: row.version,
    })
}

#[async_trait]
impl NotificationStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn NotificationTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn notifications(&self, query: &NotificationQuery) -> Result<Vec<Notification>, StoreError> {
        let filter = &query.filter;
        let is_null = |column: Column, is_set: bool| if is_set { column.is_not_null() } else { column.is_null() };
        let passing = Condition::all()
            .add(Column::TenantId.eq(query.tenant.as_uuid()))
            .add_option(filter.severity.map(|severity| Column::Severity.eq(severity.as_str())))
            .add_option(filter.is_resolved.map(|is_set| is_null(Column::ResolvedAt, is_set)))
            .add_option(filter.is_acknowledged.map(|is_set| is_null(Column::AcknowledgedAt, is_set)))
            .add_option(query.after.map(|after| Column::Id.lt(after.as_uuid())));
        let rows = Entity::find().filter(passing).order_by_desc(Column::Id).limit(query.rows).all(self.reader()).await;
        rows.map_err(store_error)?.into_iter().map(restore).collect()
    }

    async fn notification(&self, tenant: TenantId, id: NotificationId) -> Result<Option<Notification>, StoreError> {
        let found = Entity::find_by_id(id.as_uuid()).filter(Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(restore).transpose()
    }

    async fn unresolved(&self) -> Result<Vec<Unresolved>, StoreError> {
        let open = Entity::find()
            .select_only()
            .columns([Column::TenantId, Column::DedupeKey, Column::Id])
            .filter(Column::ResolvedAt.is_null())
            .order_by_asc(Column::Id);
        let rows: Vec<(Uuid, String, Uuid)> = open.into_tuple().all(self.reader()).await.map_err(store_error)?;
        let of = |(tenant, key, id)| Unresolved { tenant: Id::from_uuid(tenant), key, id: Id::from_uuid(id) };
        Ok(rows.into_iter().map(of).collect())
    }

    async fn purge_notifications(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let writer = self.writer();
        let values: [Value; 2] = [before.into(), i64::from(limit).into()];
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), PURGE, values);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}

#[async_trait]
impl NotificationTx for SqlTx {
    async fn raise(&mut self, change: Change<Notification, NotificationEvent>) -> Result<Raised, StoreError> {
        let (notification, events) = self.open(change)?;
        let row = notification.row();
        let values: [Value; 8] = [
            row.id.into(),
            row.tenant_id.into(),
            row.severity.as_str().into(),
            row.source.as_str().into(),
            row.dedupe_key.as_str().into(),
            row.title.as_str().into(),
            row.first_at.into(),
            (row.first_at - Notifications::REPEAT).into(),
        ];
        let statement = Statement::from_sql_and_values(self.tx.get_database_backend(), RAISE, values);
        let found = Which::find_by_statement(statement).one(&self.tx).await.map_err(|error| self.write_error(error))?;
        match found {
            Some(Which { id }) if id == row.id => {
                self.explain(events).await?;
                Ok(Raised::New)
            }
            found => {
                self.leave();
                Ok(if found.is_some() { Raised::Repeated } else { Raised::TooSoon })
            }
        }
    }

    async fn change(&mut self, change: Change<Notification, NotificationEvent>) -> Result<(), StoreError> {
        let (notification, events) = self.open(change)?;
        let row = notification.row();
        let changed = ActiveModel {
            announced_at: Set(row.announced_at),
            acknowledged_by: Set(row.acknowledged_by),
            acknowledged_at: Set(row.acknowledged_at),
            resolved_at: Set(row.resolved_at),
            version: Set(row.version),
            ..Default::default()
        };
        let done = Entity::update_many()
            .set(changed)
            .filter(Column::Id.eq(row.id))
            .filter(Column::Version.eq(row.version - 1))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }
}
