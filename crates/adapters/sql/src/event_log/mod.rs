//! The insert-only event log: written by units of work, read by the sealer and the relay.

pub(crate) mod entity;
mod personal;
mod writing;

use ashlar_kernel::{
    ActorRef, EventFormat, EventLog, EventRecord, LogReader, Outcome, StoreError, TenantId, Timestamp,
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use self::entity::{row, to_dispatch, to_seal};
use crate::{SqlStore, dialect::is_among, errors::store_error};

pub(crate) use self::{
    personal::{entry_of, with_personal},
    writing::insertion,
};

/// Ids in one statement, well below the 32,766 parameters of SQLite.
pub(crate) const IDS_AT_ONCE: usize = 1_000;

#[async_trait]
impl EventLog for SqlStore {
    async fn pending(&self, reader: LogReader, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        pending_on(self.reader(), reader, limit).await
    }

    async fn handled(&self, reader: LogReader, events: &[Uuid]) -> Result<(), StoreError> {
        for some in events.chunks(IDS_AT_ONCE) {
            take_off_on(self.writer(), reader, some).await.map_err(|error| self.write_error(error))?;
        }
        Ok(())
    }
}

/// What a reader has not handled, as a connection or transaction sees it.
pub(crate) async fn pending_on(
    db: &impl ConnectionTrait,
    reader: LogReader,
    limit: u32,
) -> Result<Vec<EventRecord>, StoreError> {
    let waiting = row::Entity::find();
    let waiting = match reader {
        LogReader::Seal => waiting.inner_join(to_seal::Entity).order_by_asc(to_seal::Column::Position),
        LogReader::Dispatch => waiting.inner_join(to_dispatch::Entity).order_by_asc(to_dispatch::Column::Position),
    };
    let rows = waiting.limit(u64::from(limit)).all(db).await.map_err(store_error)?;
    rows.into_iter().map(record_of).collect()
}

/// Takes at most [`IDS_AT_ONCE`] events off the list of a reader.
pub(crate) async fn take_off_on(db: &impl ConnectionTrait, reader: LogReader, events: &[Uuid]) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    match reader {
        LogReader::Seal => {
            let these = is_among(backend, to_seal::Column::EventId, events);
            to_seal::Entity::delete_many().filter(these).exec(db).await.map(drop)
        }
        LogReader::Dispatch => {
            let these = is_among(backend, to_dispatch::Column::EventId, events);
            to_dispatch::Entity::delete_many().filter(these).exec(db).await.map(drop)
        }
    }
}

/// How many events wait for the relay, and when the first of them happened.
pub(crate) async fn backlog_on(db: &impl ConnectionTrait) -> Result<(i64, Option<Timestamp>), DbErr> {
    let waiting = to_dispatch::Entity::find().inner_join(row::Entity).select_only();
    let counted = waiting.column_as(to_dispatch::Column::EventId.count(), "events");
    let found = counted.column_as(row::Column::OccurredAt.min(), "oldest").into_tuple().one(db).await?;
    Ok(found.unwrap_or((0, None)))
}

/// Events that wait to be sealed, in the order they were written: those that no transaction under way began before.
///
/// On PostgreSQL positions are given before the commit. An event whose transaction is younger than one that is still under
/// way waits for it, so that a chain has what happened one after the other in that order.
pub(crate) async fn sealable_on(db: &impl ConnectionTrait, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
    let mut waiting = row::Entity::find().inner_join(to_seal::Entity).order_by_asc(to_seal::Column::Position);
    if db.get_database_backend() == DbBackend::Postgres {
        waiting = waiting.filter(Expr::cust("event.txid < pg_snapshot_xmin(pg_current_snapshot())"));
    }
    let rows = waiting.limit(u64::from(limit)).all(db).await.map_err(store_error)?;
    rows.into_iter().map(record_of).collect()
}

/// How many events, of one tenant or of all, wait to be sealed, and when the first of them happened.
pub(crate) async fn unsealed_on(
    db: &impl ConnectionTrait,
    tenant: Option<TenantId>,
) -> Result<(i64, Option<Timestamp>), DbErr> {
    let mut waiting = to_seal::Entity::find().inner_join(row::Entity).select_only();
    if let Some(tenant) = tenant {
        waiting = waiting.filter(row::Column::TenantId.eq(tenant.as_uuid()));
    }
    let counted = waiting.column_as(to_seal::Column::EventId.count(), "events");
    let found = counted.column_as(row::Column::OccurredAt.min(), "oldest").into_tuple().one(db).await?;
    Ok(found.unwrap_or((0, None)))
}

/// The event in a row.
pub(crate) fn record_of(row: row::Model) -> Result<EventRecord, StoreError> {
    let corrupt = |what| StoreError::Corrupt { what };
    let format = u16::try_from(row.format).ok().and_then(EventFormat::restore);
    Ok(EventRecord {
        format: format.ok_or_else(|| corrupt("event.format"))?,
        id: row.id,
        tenant: TenantId::from_uuid(row.tenant_id),
        name: row.name,
        schema_version: u16::try_from(row.schema_version).map_err(|_range| corrupt("event.schema_version"))?,
        occurred_at: row.occurred_at,
        actor: ActorRef { kind: row.actor_type, id: row.actor_id, session: row.actor_session },
        targets: typed(row.targets, "event.targets")?,
        outcome: Outcome::restore(&row.outcome).ok_or_else(|| corrupt("event.outcome"))?,
        diff: typed(row.diff, "event.diff")?,
        data: row.data,
        source: typed(row.source, "event.source")?,
        request_id: row.request_id,
        trace: row.traceparent,
    })
}

fn typed<T: DeserializeOwned>(value: Value, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|_shape| StoreError::Corrupt { what })
}
