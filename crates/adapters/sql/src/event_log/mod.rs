//! The insert-only event log: written by units of work, read by the sealer and the relay.

mod entity;

use ashlar_kernel::{ActorRef, EventLog, EventRecord, LogReader, Outcome, StoreError, TenantId};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, InsertMany, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use self::entity::{row, to_dispatch, to_seal};
use crate::{SqlStore, dialect::is_among, errors::store_error};

/// The one statement that writes the events of one change. A trigger adds them to the lists of both readers.
pub(crate) fn insertion(events: Vec<EventRecord>) -> Result<InsertMany<row::ActiveModel>, StoreError> {
    let rows = events.into_iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
    Ok(row::Entity::insert_many(rows))
}

/// Ids in one statement, well below the 32,766 parameters of SQLite.
const IDS_AT_ONCE: usize = 1_000;

#[async_trait]
impl EventLog for SqlStore {
    async fn pending(&self, reader: LogReader, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let waiting = row::Entity::find();
        let waiting = match reader {
            LogReader::Seal => waiting.inner_join(to_seal::Entity).order_by_asc(to_seal::Column::Position),
            LogReader::Dispatch => waiting.inner_join(to_dispatch::Entity).order_by_asc(to_dispatch::Column::Position),
        };
        let rows = waiting.limit(u64::from(limit)).all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(record_of).collect()
    }

    async fn handled(&self, reader: LogReader, events: &[Uuid]) -> Result<(), StoreError> {
        for some in events.chunks(IDS_AT_ONCE) {
            self.take_off(reader, some).await?;
        }
        Ok(())
    }
}

impl SqlStore {
    async fn take_off(&self, reader: LogReader, events: &[Uuid]) -> Result<(), StoreError> {
        let writer = self.writer();
        let backend = writer.get_database_backend();
        let done = match reader {
            LogReader::Seal => {
                let these = is_among(backend, to_seal::Column::EventId, events);
                to_seal::Entity::delete_many().filter(these).exec(writer).await
            }
            LogReader::Dispatch => {
                let these = is_among(backend, to_dispatch::Column::EventId, events);
                to_dispatch::Entity::delete_many().filter(these).exec(writer).await
            }
        };
        done.map(drop).map_err(|error| self.write_error(error))
    }
}

fn row_of(event: EventRecord) -> Result<row::ActiveModel, StoreError> {
    Ok(row::ActiveModel {
        position: NotSet,
        id: Set(event.id),
        tenant_id: Set(event.tenant.as_uuid()),
        name: Set(event.name),
        schema_version: Set(i32::from(event.schema_version)),
        occurred_at: Set(event.occurred_at),
        actor_type: Set(event.actor.kind),
        actor_id: Set(event.actor.id),
        actor_session: Set(event.actor.session),
        targets: Set(json(&event.targets)?),
        outcome: Set(event.outcome.as_str().to_owned()),
        diff: Set(json(&event.diff)?),
        data: Set(event.data),
        source: Set(json(&event.source)?),
        request_id: Set(event.request_id),
    })
}

fn record_of(row: row::Model) -> Result<EventRecord, StoreError> {
    let corrupt = |what| StoreError::Corrupt { what };
    Ok(EventRecord {
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
    })
}

fn json(value: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(StoreError::internal)
}

fn typed<T: DeserializeOwned>(value: Value, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|_shape| StoreError::Corrupt { what })
}
