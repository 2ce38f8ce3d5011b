//! Warnings and errors of the installation.

use ashlar_admin::{LogLevel, LogLine, LogQuery, LogStore};
use ashlar_kernel::{Id, StoreError, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value, sea_query::Expr,
};

use super::entity::line::{ActiveModel, Column, Entity, Model};
use crate::{SqlStore, errors::store_error};

/// Rows in one statement: far below the 32,766 parameters of SQLite.
const ROWS_AT_ONCE: usize = 500;

const PURGE: &str = "DELETE FROM system_log WHERE id IN (SELECT id FROM system_log WHERE at < $1 LIMIT $2)";

const TRIM: &str = "DELETE FROM system_log WHERE id IN (SELECT id FROM system_log
    WHERE id <= (SELECT id FROM system_log ORDER BY id DESC LIMIT 1 OFFSET $1) LIMIT $2)";

fn new(line: LogLine) -> ActiveModel {
    ActiveModel {
        id: Set(line.id.as_uuid()),
        at: Set(line.at),
        level: Set(line.level.as_str().to_owned()),
        target: Set(line.target),
        message: Set(line.message),
        request_id: Set(line.request_id),
        fields: Set(line.fields.into()),
    }
}

fn restore(row: Model) -> Result<LogLine, StoreError> {
    let serde_json::Value::Object(fields) = row.fields else {
        return Err(StoreError::Corrupt { what: "system_log.fields" });
    };
    Ok(LogLine {
        id: Id::from_uuid(row.id),
        at: row.at,
        level: LogLevel::restore(&row.level).ok_or(StoreError::Corrupt { what: "system_log.level" })?,
        target: row.target,
        message: row.message,
        request_id: row.request_id,
        fields,
    })
}

/// A part of the program, or a part of that.
fn within(backend: DbBackend, target: &str) -> Condition {
    let beginning = format!("{target}::");
    let length = i32::try_from(beginning.chars().count()).unwrap_or(i32::MAX);
    let begins = match backend {
        DbBackend::Postgres => "substr(target, 1, $1) = $2",
        _ => "substr(target, 1, ?) = ?",
    };
    let begins = Expr::cust_with_values(begins, [Value::from(length), beginning.into()]);
    Condition::any().add(Column::Target.eq(target)).add(begins)
}

fn mentions(backend: DbBackend, text: &str) -> Expr {
    let found = match backend {
        DbBackend::Postgres => "strpos(lower(message), $1) > 0",
        _ => "instr(lower(message), ?) > 0",
    };
    Expr::cust_with_values(found, [text.to_lowercase()])
}

#[async_trait]
impl LogStore for SqlStore {
    async fn add_lines(&self, lines: Vec<LogLine>) -> Result<(), StoreError> {
        for some in lines.chunks(ROWS_AT_ONCE) {
            let rows = Entity::insert_many(some.iter().cloned().map(new));
            rows.exec_without_returning(self.writer()).await.map_err(|error| self.write_error(error))?;
        }
        Ok(())
    }

    async fn lines(&self, query: &LogQuery) -> Result<Vec<LogLine>, StoreError> {
        let (filter, backend) = (&query.filter, self.reader().get_database_backend());
        let passing = Condition::all()
            .add_option(filter.level.map(|level| Column::Level.eq(level.as_str())))
            .add_option(filter.from.map(|from| Column::At.gte(from)))
            .add_option(filter.to.map(|to| Column::At.lt(to)))
            .add_option(filter.request_id.as_ref().map(|request| Column::RequestId.eq(request.as_str())))
            .add_option(filter.target.as_ref().map(|target| within(backend, target)))
            .add_option(filter.text.as_ref().map(|text| mentions(backend, text)))
            .add_option(query.after.map(|after| Column::Id.lt(after.as_uuid())));
        let rows = Entity::find().filter(passing).order_by_desc(Column::Id).limit(query.rows).all(self.reader()).await;
        rows.map_err(store_error)?.into_iter().map(restore).collect()
    }

    async fn purge_lines(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.delete_lines(PURGE, [before.into(), i64::from(limit).into()]).await
    }

    async fn trim_lines(&self, keep: u32, limit: u32) -> Result<u64, StoreError> {
        self.delete_lines(TRIM, [i64::from(keep).into(), i64::from(limit).into()]).await
    }
}

impl SqlStore {
    async fn delete_lines(&self, sql: &str, values: [Value; 2]) -> Result<u64, StoreError> {
        let writer = self.writer();
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), sql, values);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}
