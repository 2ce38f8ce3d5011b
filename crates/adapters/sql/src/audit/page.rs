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

/// As a stream of rows in binary, which costs both sides least. The links are cut off first, and an event is looked for by
/// its id: what else the planner might think of takes as long for a page as for the whole trail. Of an id that is there
/// twice, although it cannot be, both come.
fn on_postgres(tenant: TenantId, (after, limit): (i64, u32)) -> String {
    let tenant = tenant.as_uuid();
    format!(
        "COPY (SELECT {COLUMNS} FROM (SELECT seq, event_id, leaf, prev, hash FROM audit_chain WHERE tenant_id = '{tenant}' \
         AND seq > {after} ORDER BY seq LIMIT {limit}) AS link LEFT JOIN LATERAL (SELECT * FROM event WHERE id = \
         link.event_id OFFSET 0) AS event ON true ORDER BY link.seq) TO STDOUT (FORMAT binary)"
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
    tx.copy_out(&on_postgres(tenant, part), &mut on_row).await?;
    Ok(page)
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
    let tenant = row.field()?.and_then(uuid);
    let [format, schema_version] = [row.field()?.and_then(small_number), row.field()?.and_then(small_number)];
    let occurred_at = row.field()?.and_then(number).and_then(moment);
    let session = row.field()?;
    let actor_session = session.map(uuid);
    let [name, actor_type, actor_id] = [row.field()?.map(text), row.field()?.map(text), row.field()?.map(text)];
    let targets = row.field()?.and_then(document);
    let outcome = row.field()?.and_then(text);
    let [diff, data, source] =
        [row.field()?.and_then(document), row.field()?.and_then(document), row.field()?.and_then(document)];
    let (request_id, trace) = (row.field()?.and_then(text), row.field()?.map(text));
    let event = || {
        Some(StoredEvent {
            format: format?,
            id: id?,
            tenant: TenantId::from_uuid(tenant?),
            name: name??,
            schema_version: schema_version?,
            occurred_at: occurred_at?,
            actor_type: actor_type??,
            actor_id: there_or_not(actor_id)?,
            actor_session: there_or_not(actor_session)?,
            targets: targets?,
            outcome: outcome?,
            diff: diff?,
            data: data?,
            source: source?,
            request_id: request_id?,
            trace: there_or_not(trace)?,
        })
    };
    Ok(event())
}

/// What may be missing but not be anything else. None: it is something else.
fn there_or_not<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |value| value.map(Some))
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
    let session: Option<&[u8]> = row.try_get(10)?;
    let Some(actor_session) = there_or_not(session.map(uuid)) else { return Ok(None) };
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
