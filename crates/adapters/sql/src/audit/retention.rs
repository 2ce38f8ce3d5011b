//! Bodies that expire.

use std::{collections::BTreeMap, error::Error};

use ashlar_audit::{
    Digest32,
    log::{AuditEvent, EventPosition},
    port::{RetentionStore, RetentionTx},
    retention::{Candidate, Class, EVENT, Expirable, Expiry, Retention, Run},
};
use ashlar_kernel::{Change, Context, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryResult, Statement, Value,
};
use uuid::Uuid;

use super::{
    entity::{expired, expiry_pending, pii},
    mapping,
};
use crate::{
    SqlStore,
    dialect::is_among,
    errors::store_error,
    event_log::{self, entity::row},
    transaction::SqlTx,
    turn::is_our_turn,
};

/// The advisory lock of whoever lets bodies expire, any number that nobody else in this database uses.
const RETENTION_LOCK: i64 = 0x4153_484C_4558_5049;

const TENANTS: &str =
    "SELECT DISTINCT tenant_id FROM audit_checkpoint WHERE published_at IS NOT NULL ORDER BY tenant_id";

/// What the trigger of the log lets go once it is written down, of the events behind one place and up to another; `{class}`
/// is the class of an event, by which PostgreSQL finds its leaves.
const EXPIRABLE: &str = "
    SELECT event.id, event.occurred_at AS at, link.seq, link.leaf
    FROM event JOIN audit_chain AS link ON link.event_id = event.id AND link.tenant_id = event.tenant_id
    WHERE event.tenant_id = $1 AND event.occurred_at < $2 AND (event.occurred_at, event.id) > ($3, $4)
        AND (event.occurred_at, event.id) <= ($8, $9)
        AND {class} = $5 AND event.name <> $6
        AND link.seq <= (SELECT max(size) FROM audit_checkpoint WHERE tenant_id = $1 AND published_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM event_dispatch_pending AS waiting WHERE waiting.event_id = event.id)
        AND NOT EXISTS (SELECT 1 FROM audit_expired AS run
                        WHERE run.tenant_id = $1 AND run.to_seq >= link.seq
                            AND run.from_seq = (SELECT max(from_seq) FROM audit_expired
                                                WHERE tenant_id = $1 AND from_seq <= link.seq))
    ORDER BY event.occurred_at, event.id LIMIT $7";

/// The place so many events further on: of the class on PostgreSQL, which has each in leaves of its own.
const FURTHER: &str = "
    SELECT occurred_at AS at, id FROM event
    WHERE tenant_id = $1 AND occurred_at < $2 AND (occurred_at, id) > ($3, $4) AND {is_of_class}
    ORDER BY occurred_at, id LIMIT 1 OFFSET $5";

/// Events that one statement goes through at most: those that expire may be few among many that stay.
const STRIDE: i64 = 10_000;

/// The oldest expiry whose event is sealed and covered.
const NEXT: &str = "
    SELECT pending.event_id FROM audit_expiry_pending AS pending
    JOIN audit_chain AS proof ON proof.event_id = pending.event_id AND proof.tenant_id = pending.tenant_id
    WHERE proof.seq <= (SELECT max(size) FROM audit_checkpoint AS signed
                        WHERE signed.tenant_id = pending.tenant_id AND signed.published_at IS NOT NULL)
    ORDER BY pending.event_id LIMIT 1";

/// The events whose bodies one expiry means.
const MEANT: &str = "SELECT link.event_id FROM audit_expired AS run
    JOIN audit_chain AS link ON link.tenant_id = run.tenant_id AND link.seq BETWEEN run.from_seq AND run.to_seq
    WHERE run.event_id = $1";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    at: Timestamp,
    seq: i64,
    leaf: Vec<u8>,
}

impl Row {
    fn restore(self) -> Option<Candidate> {
        let (seq, leaf) = (u64::try_from(self.seq).ok()?, Digest32::restore(&self.leaf)?);
        Some(Candidate { at: EventPosition { at: self.at, id: self.id }, seq, leaf })
    }
}

/// The class of an event by its name, as the domain has it.
fn class(backend: DbBackend) -> String {
    if backend == DbBackend::Postgres {
        return "event_class(event.name)".to_owned();
    }
    let when = |(beginning, class): (&str, Class)| {
        format!("WHEN substr(event.name, 1, {}) = '{beginning}' THEN '{}' ", beginning.len(), class.as_str())
    };
    let known: String = Class::beginnings().map(when).collect();
    format!("CASE {known}ELSE '{}' END", Class::Other.as_str())
}

#[derive(FromQueryResult)]
struct Place {
    at: Timestamp,
    id: Uuid,
}

/// The place behind the next events of a search; none if there are fewer.
async fn further_on(
    db: &impl ConnectionTrait,
    search: &Expirable,
    after: EventPosition,
) -> Result<Option<EventPosition>, StoreError> {
    let mut values: Vec<Value> = vec![
        search.tenant.as_uuid().into(),
        search.before.into(),
        after.at.into(),
        after.id.into(),
        (STRIDE - 1).into(),
    ];
    let backend = db.get_database_backend();
    let is_of_class = if backend == DbBackend::Postgres {
        values.push(search.class.as_str().into());
        "event_class(name) = $6"
    } else {
        "true"
    };
    let ask = Statement::from_sql_and_values(backend, FURTHER.replace("{is_of_class}", is_of_class), values);
    let place = Place::find_by_statement(ask).one(db).await.map_err(store_error)?;
    Ok(place.map(|Place { at, id }| EventPosition { at, id }))
}

async fn expirable_between(
    db: &impl ConnectionTrait,
    search: &Expirable,
    (after, until): (EventPosition, EventPosition),
) -> Result<Vec<Candidate>, StoreError> {
    let values: [Value; 9] = [
        search.tenant.as_uuid().into(),
        search.before.into(),
        after.at.into(),
        after.id.into(),
        search.class.as_str().into(),
        EVENT.into(),
        i64::from(search.limit).into(),
        until.at.into(),
        until.id.into(),
    ];
    let backend = db.get_database_backend();
    let sql = EXPIRABLE.replace("{class}", &class(backend));
    let ask = Statement::from_sql_and_values(backend, sql, values);
    let rows = Row::find_by_statement(ask).all(db).await.map_err(store_error)?;
    let corrupt = || StoreError::Corrupt { what: "audit_chain" };
    rows.into_iter().map(|row| row.restore().ok_or_else(corrupt)).collect()
}

#[async_trait]
impl RetentionStore for SqlStore {
    async fn covered_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let ask = Statement::from_string(self.reader().get_database_backend(), TENANTS);
        let rows = self.reader().query_all_raw(ask).await.map_err(store_error)?;
        let tenant = |row: QueryResult| row.try_get_by_index(0).map(TenantId::from_uuid).map_err(store_error);
        rows.into_iter().map(tenant).collect()
    }

    async fn expirable(&self, search: &Expirable) -> Result<Vec<Candidate>, StoreError> {
        let mut after = search.after.unwrap_or(EventPosition { at: Timestamp::UNIX_EPOCH, id: Uuid::nil() });
        loop {
            let further = further_on(self.reader(), search, after).await?;
            let until = further.unwrap_or(EventPosition { at: search.before, id: Uuid::nil() });
            let found = expirable_between(self.reader(), search, (after, until)).await?;
            match further {
                Some(further) if found.is_empty() => after = further,
                _ => return Ok(found),
            }
        }
    }

    async fn make_places(&self) -> Result<u32, StoreError> {
        if self.writer().get_database_backend() != DbBackend::Postgres {
            return Ok(0);
        }
        let ask = Statement::from_string(DbBackend::Postgres, "SELECT event_make_leaves()");
        let row = self.writer().query_one_raw(ask).await.map_err(|error| self.write_error(error))?;
        let made: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose().map_err(store_error)?;
        Ok(made.map_or(0, i32::cast_unsigned))
    }

    async fn drop_places(&self) -> Result<u64, StoreError> {
        if self.reader().get_database_backend() != DbBackend::Postgres {
            return Ok(0);
        }
        let ended = self.reader().query_all_raw(Statement::from_string(DbBackend::Postgres, ENDED)).await;
        let mut dropped = 0;
        for row in ended.map_err(store_error)? {
            let leaf: String = row.try_get_by_index(0).map_err(store_error)?;
            match self.drop_leaf(&leaf).await {
                Ok(bodies) => dropped += bodies.unwrap_or(0),
                // What is in it goes row by row.
                Err(error) => tracing::warn!(leaf, error = &error as &dyn Error, "a leaf of the log was not dropped"),
            }
        }
        Ok(dropped)
    }

    async fn begin_retention(&self, context: &Context) -> Result<Option<Box<dyn RetentionTx>>, StoreError> {
        let tx = self.begin_tx(context).await?;
        let is_ours = is_our_turn(&tx.tx, RETENTION_LOCK).await.map_err(|error| self.write_error(error))?;
        Ok(is_ours.then(|| Box::new(tx) as Box<dyn RetentionTx>))
    }
}

#[async_trait]
impl RetentionTx for SqlTx {
    async fn unrecorded(&mut self, tenant: TenantId, found: Vec<Candidate>) -> Result<Vec<Candidate>, StoreError> {
        let numbers = || found.iter().filter_map(|candidate| i64::try_from(candidate.seq).ok());
        let Some(span) = numbers().min().zip(numbers().max()) else { return Ok(found) };
        self.enter()?;
        let runs = Runs::between(&self.tx, tenant, span).await?;
        self.leave();
        Ok(found.into_iter().filter(|candidate| runs.of(candidate.seq).is_none()).collect())
    }

    async fn record(&mut self, change: Change<Expiry, AuditEvent>) -> Result<(), StoreError> {
        let (expiry, events) = self.open(change)?;
        let by = events.first().map(|entry| entry.event.id);
        let by = by.ok_or_else(|| StoreError::internal("nothing accounts for what expires"))?;
        // The event first: the trigger of the runs looks for it.
        self.explain(events).await?;
        self.enter()?;
        let pending = expiry_pending::ActiveModel { event_id: Set(by), tenant_id: Set(expiry.tenant.as_uuid()) };
        let runs = runs_of(&expiry, by)?;
        let saved = async {
            expired::Entity::insert_many(runs).exec_without_returning(&self.tx).await?;
            expiry_pending::Entity::insert(pending).exec_without_returning(&self.tx).await
        };
        saved.await.map_err(|error| self.write_error(error))?;
        self.leave();
        Ok(())
    }

    async fn delete_recorded(&mut self) -> Result<Option<u64>, StoreError> {
        self.enter()?;
        let deleted = delete_next(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        Ok(deleted)
    }
}

/// Runs of links whose bodies expire: by the number they begin with, the number they end with and the event that accounts
/// for them.
pub(super) struct Runs(BTreeMap<i64, (i64, Uuid)>);

impl Runs {
    /// Those that have to do with numbers from `first` to `last`.
    pub(super) async fn between(
        db: &impl ConnectionTrait,
        tenant: TenantId,
        (first, last): (i64, i64),
    ) -> Result<Self, StoreError> {
        // No run is longer than what expires at a time.
        let longest = i64::from(Retention::BATCH);
        let runs = expired::Entity::find()
            .filter(expired::Column::TenantId.eq(tenant.as_uuid()))
            .filter(expired::Column::FromSeq.between(first.saturating_sub(longest), last));
        let rows = runs.all(db).await.map_err(store_error)?;
        Ok(Self(rows.into_iter().map(|run| (run.from_seq, (run.to_seq, run.event_id))).collect()))
    }

    /// The event that accounts for a link.
    pub(super) fn of(&self, seq: u64) -> Option<Uuid> {
        let seq = i64::try_from(seq).ok()?;
        let (_, (to_seq, by)) = self.0.range(..=seq).next_back()?;
        (*to_seq >= seq).then_some(*by)
    }
}

fn runs_of(expiry: &Expiry, by: Uuid) -> Result<Vec<expired::ActiveModel>, StoreError> {
    let Expiry { tenant, claim, runs } = expiry;
    let row = |run: &Run| {
        Ok(expired::ActiveModel {
            tenant_id: Set(tenant.as_uuid()),
            from_seq: Set(mapping::stored(run.from_seq)?),
            to_seq: Set(mapping::stored(run.to_seq)?),
            class: Set(claim.class.as_str().to_owned()),
            occurred_before: Set(claim.before),
            event_id: Set(by),
        })
    };
    runs.iter().map(row).collect()
}

async fn delete_next(db: &impl ConnectionTrait) -> Result<Option<u64>, DbErr> {
    let backend = db.get_database_backend();
    let ask = Statement::from_string(backend, NEXT);
    let Some(next) = db.query_one_raw(ask).await? else { return Ok(None) };
    let by: Uuid = next.try_get_by_index(0)?;
    let meant = db.query_all_raw(Statement::from_sql_and_values(backend, MEANT, [by.into()])).await?;
    let ids = meant.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<Uuid>, _>>()?;
    let mut bodies = 0;
    for some in ids.chunks(event_log::IDS_AT_ONCE) {
        pii::Entity::delete_many().filter(is_among(backend, pii::Column::EventId, some)).exec(db).await?;
        bodies += row::Entity::delete_many().filter(event_log::of_ids(backend, some)).exec(db).await?.rows_affected;
    }
    expiry_pending::Entity::delete_by_id(by).exec(db).await?;
    Ok(Some(bodies))
}

/// The leaves whose time is over, the oldest of a class first.
const ENDED: &str = "SELECT event_ended_leaves()";

/// All rows of a leaf are looked at, a hundred thousand in a second. Nobody waits for that; locks have a limit of their own.
const PATIENCE: &str = "SET LOCAL statement_timeout = '30min'";

impl SqlStore {
    /// Drops a leaf if it may go; how many bodies that were. Another transaction for each, so that none is locked for longer
    /// than it takes.
    async fn drop_leaf(&self, leaf: &str) -> Result<Option<u64>, StoreError> {
        let tx = self.begin_bare().await?;
        let outcome = async {
            if !is_our_turn(&tx, RETENTION_LOCK).await? {
                return Ok(None);
            }
            tx.execute_unprepared(PATIENCE).await?;
            let ask = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT event_drop_leaf($1)", [leaf.into()]);
            let row = tx.query_one_raw(ask).await?;
            let bodies: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
            tx.commit().await?;
            if let Some(bodies) = bodies {
                tracing::info!(leaf, bodies, "everything in a leaf of the log had expired");
            }
            Ok(bodies.map(i64::cast_unsigned))
        };
        outcome.await.map_err(|error| self.write_error(error))
    }
}
