//! The insert-only event log: written by units of work, read by the sealer and the relay.

pub(crate) mod entity;
mod personal;
mod writing;

use ashlar_kernel::{
    ActorRef, EventFormat, EventLog, EventRecord, LogReader, Outcome, StoreError, TenantId, Timestamp,
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder, QuerySelect, Select, sea_query::Expr,
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
    let ids = waiting_on(db, (reader, None), limit).await.map_err(store_error)?;
    in_order(db, &ids, row::Entity::find()).await
}

/// Whether a reader has handled everything.
pub(crate) async fn is_idle(db: &impl ConnectionTrait, reader: LogReader) -> Result<bool, StoreError> {
    waiting_on(db, (reader, None), 1).await.map(|ids| ids.is_empty()).map_err(store_error)
}

/// The first events on the list of a reader, of one tenant or of all.
async fn waiting_on(
    db: &impl ConnectionTrait,
    (reader, tenant): (LogReader, Option<TenantId>),
    limit: u32,
) -> Result<Vec<Uuid>, DbErr> {
    let limit = u64::from(limit);
    match reader {
        LogReader::Seal => {
            let mut list = to_seal::Entity::find().select_only().column(to_seal::Column::EventId);
            if let Some(tenant) = tenant {
                list = list.filter(to_seal::Column::TenantId.eq(tenant.as_uuid()));
            }
            list.order_by_asc(to_seal::Column::Position).limit(limit).into_tuple().all(db).await
        }
        LogReader::Dispatch => {
            let list = to_dispatch::Entity::find().select_only().column(to_dispatch::Column::EventId);
            list.order_by_asc(to_dispatch::Column::Position).limit(limit).into_tuple().all(db).await
        }
    }
}

/// Which rows of the log have these ids. The first and the last of them tell PostgreSQL in which leaves to look; joined with
/// a list, it would look into every leaf for each.
pub(crate) fn of_ids(backend: DbBackend, ids: &[Uuid]) -> Condition {
    let bounds = ids.iter().min().zip(ids.iter().max());
    Condition::all()
        .add(is_among(backend, row::Column::Id, ids))
        .add_option(bounds.map(|(first, last)| row::Column::Id.between(*first, *last)))
}

/// The events of a list that pass, in its order.
async fn in_order(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    passing: Select<row::Entity>,
) -> Result<Vec<EventRecord>, StoreError> {
    let mut events = Vec::with_capacity(ids.len());
    for some in ids.chunks(IDS_AT_ONCE) {
        let these = passing.clone().filter(of_ids(db.get_database_backend(), some)).order_by_asc(row::Column::Position);
        for row in these.all(db).await.map_err(store_error)? {
            events.push(record_of(row)?);
        }
    }
    Ok(events)
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
    let events = to_dispatch::Entity::find().count(db).await?;
    Ok((i64::try_from(events).unwrap_or(i64::MAX), oldest_on(db, (LogReader::Dispatch, None)).await?))
}

/// Events on a list among which the oldest one is.
const FIRST: u32 = 1_000;

/// When the oldest event happened that waits for a reader.
async fn oldest_on(db: &impl ConnectionTrait, list: (LogReader, Option<TenantId>)) -> Result<Option<Timestamp>, DbErr> {
    let ids = waiting_on(db, list, FIRST).await?;
    if ids.is_empty() {
        return Ok(None);
    }
    let these = row::Entity::find().filter(of_ids(db.get_database_backend(), &ids)).select_only();
    let oldest = these.column_as(row::Column::OccurredAt.min(), "oldest").into_tuple().one(db).await?;
    Ok(oldest.flatten())
}

/// Events that wait to be sealed, in the order they were written: those that no transaction under way began before.
///
/// On PostgreSQL positions are given before the commit. An event whose transaction is younger than one that is still under
/// way waits for it, so that a chain has what happened one after the other in that order.
pub(crate) async fn sealable_on(db: &impl ConnectionTrait, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
    let ids = waiting_on(db, (LogReader::Seal, None), limit).await.map_err(store_error)?;
    let mut settled = row::Entity::find();
    if db.get_database_backend() == DbBackend::Postgres {
        settled = settled.filter(Expr::cust("event.txid < pg_snapshot_xmin(pg_current_snapshot())"));
    }
    in_order(db, &ids, settled).await
}

/// How many events, of one tenant or of all, wait to be sealed, and when the first of them happened.
pub(crate) async fn unsealed_on(
    db: &impl ConnectionTrait,
    tenant: Option<TenantId>,
) -> Result<(i64, Option<Timestamp>), DbErr> {
    let mut waiting = to_seal::Entity::find();
    if let Some(tenant) = tenant {
        waiting = waiting.filter(to_seal::Column::TenantId.eq(tenant.as_uuid()));
    }
    let events = waiting.count(db).await?;
    Ok((i64::try_from(events).unwrap_or(i64::MAX), oldest_on(db, (LogReader::Seal, tenant)).await?))
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
