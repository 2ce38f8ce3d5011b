//! Entries of the log on their way into the database, in one statement.

use ashlar_kernel::{EventRecord, LogEntry, StoreError};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    DbBackend, EntityTrait, Iterable, QueryTrait, Statement, Value,
    sea_query::{Alias, Expr, IntoIden, Query},
};
use serde::Serialize;

use super::{entity::row, personal::Kept};

/// The one statement that writes the entries of one change, and what stands beside them. A trigger adds the events to the
/// lists of both readers.
pub(crate) fn insertion(backend: DbBackend, entries: Vec<LogEntry>) -> Result<Statement, StoreError> {
    if entries.iter().all(|entry| entry.personal.is_empty()) {
        return events_alone(backend, &entries);
    }
    match backend {
        DbBackend::Postgres => with_values(&entries),
        _ => through_the_view(backend, entries),
    }
}

fn events_alone(backend: DbBackend, entries: &[LogEntry]) -> Result<Statement, StoreError> {
    let rows = entries.iter().map(|entry| row_of(&entry.event)).collect::<Result<Vec<_>, _>>()?;
    Ok(row::Entity::insert_many(rows).build(backend))
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
fn through_the_view(backend: DbBackend, entries: Vec<LogEntry>) -> Result<Statement, StoreError> {
    let columns: Vec<_> = row::Column::iter().filter(|column| !matches!(column, row::Column::Position)).collect();
    let mut insert = Query::insert();
    let names = columns.iter().map(|column| column.into_iden()).chain([Alias::new("personal").into_iden()]);
    insert.into_table(Alias::new("event_entry")).columns(names);
    for entry in entries {
        let kept: Vec<_> = Kept::of(&entry).collect();
        let mut row = row_of(&entry.event)?;
        let mut values: Vec<Expr> = Vec::with_capacity(columns.len() + 1);
        for column in &columns {
            let value =
                row.take(*column).into_value().ok_or_else(|| StoreError::internal("a column without a value"))?;
            values.push(value.into());
        }
        values.push(Value::from(serde_json::to_value(kept).map_err(StoreError::internal)?).into());
        insert.values(values).map_err(StoreError::internal)?;
    }
    Ok(sea_orm::StatementBuilder::build(&insert, &backend))
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
