//! Entries of the log on their way into the database, in one statement.

use ashlar_kernel::{EventRecord, LogEntry, StoreError};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    DbBackend, Statement,
};
use serde::Serialize;

use super::{entity::row, personal::Kept};
use crate::many::{self, Rows};

/// The one statement that writes the entries of one change, and what stands beside them. A trigger adds the events to the
/// lists of both readers.
pub(crate) fn insertion(backend: DbBackend, entries: &[LogEntry]) -> Result<Statement, StoreError> {
    if entries.iter().all(|entry| entry.personal.is_empty()) {
        return events_alone(backend, entries);
    }
    match backend {
        DbBackend::Postgres => with_values(entries),
        _ => through_the_view(backend, entries),
    }
}

fn events_alone(backend: DbBackend, entries: &[LogEntry]) -> Result<Statement, StoreError> {
    let rows = entries.iter().map(|entry| row_of(&entry.event)).collect::<Result<Vec<_>, _>>()?;
    many::insertion(backend, rows, "")
}

/// The values go along as one document, so that there is one text for each number of events and not for each number of
/// values.
fn with_values(entries: &[LogEntry]) -> Result<Statement, StoreError> {
    let Statement { sql, values, db_backend } = events_alone(DbBackend::Postgres, entries)?;
    let kept: Vec<_> = entries.iter().flat_map(Kept::of).collect();
    let mut values = values.map(|values| values.0).unwrap_or_default();
    values.push(serde_json::to_value(kept).map_err(StoreError::internal)?.into());
    let sql = format!(
        "WITH beside AS (INSERT INTO audit_pii (event_id, path, tenant_id, subject_id, salt, value) \
         SELECT event_id, path, tenant_id, subject_id, decode(salt, 'hex'), value FROM jsonb_to_recordset(${}) AS \
         held (event_id uuid, path text, tenant_id uuid, subject_id uuid, salt text, value text)) {sql}",
        values.len()
    );
    Ok(Statement::from_sql_and_values(db_backend, sql, values))
}

/// SQLite writes one table in a statement, and as many as it likes in the trigger of a view.
fn through_the_view(backend: DbBackend, entries: &[LogEntry]) -> Result<Statement, StoreError> {
    let models = entries.iter().map(|entry| row_of(&entry.event)).collect::<Result<Vec<_>, _>>()?;
    let Rows { mut columns, values } = many::rows_of(models)?;
    let mut with_kept = Vec::with_capacity(values.len() + entries.len());
    let mut values = values.into_iter();
    for entry in entries {
        let kept: Vec<_> = Kept::of(entry).collect();
        with_kept.extend(values.by_ref().take(columns.len()));
        with_kept.push(serde_json::to_value(kept).map_err(StoreError::internal)?.into());
    }
    columns.push("personal");
    let sql = many::text(backend, "event_entry", &columns, with_kept.len());
    Ok(Statement::from_sql_and_values(backend, sql, with_kept))
}

fn row_of(event: &EventRecord) -> Result<row::ActiveModel, StoreError> {
    Ok(row::ActiveModel {
        position: NotSet,
        id: Set(event.id),
        tenant_id: Set(event.tenant.as_uuid()),
        name: Set(event.name.clone()),
        schema_version: Set(i32::from(event.schema_version)),
        occurred_at: Set(event.occurred_at),
        actor_type: Set(event.actor.kind.clone()),
        actor_id: Set(event.actor.id.clone()),
        actor_session: Set(event.actor.session),
        targets: Set(json(&event.targets)?),
        outcome: Set(event.outcome.as_str().to_owned()),
        diff: Set(json(&event.diff)?),
        data: Set(event.data.clone()),
        source: Set(json(&event.source)?),
        request_id: Set(event.request_id.clone()),
        traceparent: Set(event.trace.clone()),
        format: Set(i32::from(event.format.number())),
    })
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(StoreError::internal)
}
