//! Pages of the trail: links with their events as they are stored, for those who verify them by the million.

use ashlar_audit::{
    Digest32, Link, StoredEvent,
    verify::{Body, Page, SealedRow},
};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use chrono::DateTime;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use sqlx::{Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    database::Transaction,
    errors::store_error,
    postgres::{CopiedRow, PostgresTransaction},
};

const COLUMNS: &str = "link.seq, link.event_id, link.leaf, link.prev, link.hash, event.id, event.tenant_id, event.format, \
    event.schema_version, event.occurred_at, event.actor_session, event.name, event.actor_type, event.actor_id, \
    event.targets, event.outcome, event.diff, event.data, event.source, event.request_id, event.traceparent";

/// The links of `tenant` after number `after`, at most `limit`, with their events.
pub(super) async fn read(tx: &Transaction, tenant: TenantId, (after, limit): (u64, u32)) -> Result<Page, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let page = match tx {
        Transaction::Postgres(tx) => from_postgres(tx, tenant, (after, limit)).await,
        Transaction::Sqlite(tx) => {
            let values = [tenant.as_uuid().into(), after.into(), i64::from(limit).into()];
            let ask = Statement::from_sql_and_values(tx.get_database_backend(), on_sqlite(), values);
            tx.query_all_raw(ask).await.and_then(|rows| from_sqlite(tenant, &rows))
        }
    };
    page.map_err(store_error)
}

/// The links are read in their order from where the page before ended. Without statistics, as after a great import or a
/// restored backup, the planner takes few to be left, and would sort all that are for every page, or look into every leaf of
/// the log for each of them. What it takes for dear it would have compiled first.
const IN_ORDER: &str = "SET LOCAL enable_sort = off; SET LOCAL enable_nestloop = off; SET LOCAL jit = off";

/// The first id among the events of a page, and the last: between them, PostgreSQL looks into few leaves of the log.
const BOUNDS: &str = "WITH link AS MATERIALIZED (SELECT event_id FROM audit_chain WHERE tenant_id = $1 AND seq > $2 \
    ORDER BY seq LIMIT $3) SELECT (SELECT event_id FROM link ORDER BY event_id LIMIT 1), \
    (SELECT event_id FROM link ORDER BY event_id DESC LIMIT 1)";

/// As a stream of rows in binary, which costs both sides least. The events are looked for by their ids and nothing else: what
/// else the planner might think of takes as long for a page as for the whole trail. Of an id that is there twice, although it
/// should not be, both come.
fn on_postgres(tenant: TenantId, (after, limit): (i64, u32), (first, last): (Uuid, Uuid)) -> String {
    let tenant = tenant.as_uuid();
    format!(
        "COPY (WITH link AS MATERIALIZED (SELECT seq, event_id, leaf, prev, hash FROM audit_chain WHERE tenant_id = \
         '{tenant}' AND seq > {after} ORDER BY seq LIMIT {limit}) SELECT {COLUMNS} FROM link LEFT JOIN (SELECT * FROM \
         event WHERE id = ANY(ARRAY(SELECT event_id FROM link)) AND id >= '{first}' AND id <= '{last}') AS event ON \
         event.id = link.event_id ORDER BY link.seq) TO STDOUT (FORMAT binary)"
    )
}

fn on_sqlite() -> String {
    format!(
        "SELECT {COLUMNS} FROM audit_chain AS link LEFT JOIN event ON event.id = link.event_id \
         WHERE link.tenant_id = ? AND link.seq > ? ORDER BY link.seq LIMIT ?"
    )
}

async fn from_postgres(tx: &PostgresTransaction, tenant: TenantId, part: (i64, u32)) -> Result<Page, DbErr> {
    let mut page = Page::default();
    let mut on_row = |mut row: CopiedRow<'_>| {
        let link = Link {
            tenant,
            seq: row.field()?.and_then(number).and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0),
            event: row.field()?.and_then(uuid).unwrap_or_default(),
            leaf: digest(row.field()?),
            prev: digest(row.field()?),
            hash: digest(row.field()?),
        };
        match row.field()? {
            None => page.push_row(SealedRow { link, body: Body::Gone, expired_by: None }),
            Some(id) => match copied_event(uuid(id), &mut row)? {
                Some(event) => page.push(link, &event, None),
                None => page.push_row(unreadable(link)),
            },
        }
        Ok(())
    };
    tx.execute_unprepared(IN_ORDER).await?;
    if let Some(bounds) = bounds(tx, tenant, part).await? {
        tx.copy_out(&on_postgres(tenant, part, bounds), &mut on_row).await?;
    }
    Ok(page)
}

/// None if there are no links.
async fn bounds(
    tx: &PostgresTransaction,
    tenant: TenantId,
    (after, limit): (i64, u32),
) -> Result<Option<(Uuid, Uuid)>, DbErr> {
    let values = [tenant.as_uuid().into(), after.into(), i64::from(limit).into()];
    let ask = Statement::from_sql_and_values(tx.get_database_backend(), BOUNDS, values);
    let Some(row) = tx.query_one_raw(ask).await? else { return Ok(None) };
    let (first, last): (Option<Uuid>, Option<Uuid>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok(first.zip(last))
}

fn unreadable(link: Link) -> SealedRow {
    SealedRow { link, body: Body::Unreadable, expired_by: None }
}

/// What cannot be a digest becomes zero, which fits nothing: it is for the verifier to say what is wrong.
fn digest(bytes: Option<&[u8]>) -> Digest32 {
    bytes.and_then(Digest32::restore).unwrap_or(Digest32::ZERO)
}

/// The event in the rest of a row, if it can be one.
fn copied_event<'r>(id: Option<Uuid>, row: &mut CopiedRow<'r>) -> Result<Option<StoredEvent<'r>>, DbErr> {
    let mut fields = [None; 15];
    for field in &mut fields {
        *field = row.field()?;
    }
    let [tenant, format, version, occurred_at, session, name, kind, actor, rest @ ..] = fields;
    let [targets, outcome, diff, data, source, request_id, trace] = rest;
    let event = || {
        Some(StoredEvent {
            format: small_number(format?)?,
            id: id?,
            tenant: TenantId::from_uuid(uuid(tenant?)?),
            name: text(name?)?,
            schema_version: small_number(version?)?,
            occurred_at: number(occurred_at?).and_then(moment)?,
            actor_type: text(kind?)?,
            actor_id: if_there(actor, text).ok()?,
            actor_session: if_there(session, uuid).ok()?,
            targets: document(targets?)?,
            outcome: text(outcome?)?,
            diff: document(diff?)?,
            data: document(data?)?,
            source: document(source?)?,
            request_id: text(request_id?)?,
            trace: if_there(trace, text).ok()?,
        })
    };
    Ok(event())
}

/// A column that does not hold what it should.
struct Strange;

/// What may be missing, but not be anything else.
fn if_there<'b, T>(bytes: Option<&'b [u8]>, read: impl Fn(&'b [u8]) -> Option<T>) -> Result<Option<T>, Strange> {
    bytes.map(|bytes| read(bytes).ok_or(Strange)).transpose()
}

fn uuid(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}

fn number(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

fn small_number(bytes: &[u8]) -> Option<i32> {
    bytes.try_into().ok().map(i32::from_be_bytes)
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

/// The text behind the version of the form of `jsonb`.
fn document(bytes: &[u8]) -> Option<&str> {
    bytes.strip_prefix(&[1]).and_then(text)
}

fn moment(micros: i64) -> Option<Timestamp> {
    DateTime::from_timestamp_micros(micros.checked_add(CopiedRow::EPOCH)?)
}

fn from_sqlite(tenant: TenantId, rows: &[QueryResult]) -> Result<Page, DbErr> {
    let mut page = Page::default();
    for row in rows {
        let row = row.try_as_sqlite_row().ok_or_else(|| DbErr::Type("not a row of SQLite".to_owned()))?;
        let bytes = |column: usize| row.try_get::<Option<&[u8]>, _>(column).ok().flatten();
        let link = Link {
            tenant,
            seq: row.try_get::<i64, _>(0).ok().and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0),
            event: bytes(1).and_then(uuid).unwrap_or_default(),
            leaf: digest(bytes(2)),
            prev: digest(bytes(3)),
            hash: digest(bytes(4)),
        };
        match bytes(5).map(|id| found_event(id, row)) {
            None => page.push_row(SealedRow { link, body: Body::Gone, expired_by: None }),
            Some(Ok(Some(event))) => page.push(link, &event, None),
            Some(Ok(None) | Err(_)) => page.push_row(unreadable(link)),
        }
    }
    Ok(page)
}

/// The event in a row, if it can be one.
fn found_event<'r>(id: &[u8], row: &'r SqliteRow) -> Result<Option<StoredEvent<'r>>, sqlx::Error> {
    let Some((id, tenant)) = uuid(id).zip(uuid(row.try_get(6)?)) else { return Ok(None) };
    let Ok(actor_session) = if_there(row.try_get(10)?, uuid) else { return Ok(None) };
    Ok(Some(StoredEvent {
        format: row.try_get(7)?,
        id,
        tenant: TenantId::from_uuid(tenant),
        name: row.try_get(11)?,
        schema_version: row.try_get(8)?,
        occurred_at: row.try_get(9)?,
        actor_type: row.try_get(12)?,
        actor_id: row.try_get(13)?,
        actor_session,
        targets: row.try_get(14)?,
        outcome: row.try_get(15)?,
        diff: row.try_get(16)?,
        data: row.try_get(17)?,
        source: row.try_get(18)?,
        request_id: row.try_get(19)?,
        trace: row.try_get(20)?,
    }))
}
