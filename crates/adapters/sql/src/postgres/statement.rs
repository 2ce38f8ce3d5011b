//! One statement on one connection, as SeaORM asks for it.

use std::sync::Arc;

use futures::TryStreamExt as _;
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Postgres, query::Query};

use super::{
    copy::{CopiedRow, OnRow},
    lease::Lease,
};
use crate::{dialect::LIST, watch::Watch};

pub(super) async fn execute(lease: &mut Lease, watch: &Watch, statement: Statement) -> Result<ExecResult, DbErr> {
    let (sql, query) = prepare(statement);
    let started = Watch::start();
    let connection = lease.talk().map_err(exec_error)?;
    let outcome = query.execute(connection).await;
    lease.heard(&outcome);
    watch.seen(&sql, started, outcome.is_err());
    outcome.map(ExecResult::from).map_err(exec_error)
}

pub(super) async fn execute_unprepared(lease: &mut Lease, watch: &Watch, sql: &str) -> Result<ExecResult, DbErr> {
    let sql: Arc<str> = sql.into();
    let started = Watch::start();
    let connection = lease.talk().map_err(exec_error)?;
    let outcome = connection.execute(AssertSqlSafe(Arc::clone(&sql))).await;
    lease.heard(&outcome);
    watch.seen(&sql, started, outcome.is_err());
    outcome.map(ExecResult::from).map_err(exec_error)
}

/// Takes rows in, as `COPY … FROM STDIN (FORMAT binary)` has them.
pub(super) async fn copy_in(lease: &mut Lease, watch: &Watch, sql: &str, rows: &[u8]) -> Result<u64, DbErr> {
    let started = Watch::start();
    let connection = lease.talk().map_err(exec_error)?;
    let outcome = copy(connection, sql, rows).await;
    lease.heard(&outcome);
    watch.seen(sql, started, outcome.is_err());
    outcome.map_err(exec_error)
}

/// What is sent in one message: the server begins with the first while the rest is on its way.
const MESSAGE: usize = 128 * 1024;

async fn copy(connection: &mut PgConnection, sql: &str, rows: &[u8]) -> Result<u64, sqlx::Error> {
    let mut stream = connection.copy_in_raw(sql).await?;
    for part in rows.chunks(MESSAGE) {
        stream.send(part).await?;
    }
    stream.finish().await
}

/// Hands out rows, as `COPY … TO STDOUT (FORMAT binary)` has them, one by one as they come.
pub(super) async fn copy_out(lease: &mut Lease, watch: &Watch, sql: &str, on_row: OnRow<'_>) -> Result<(), DbErr> {
    let started = Watch::start();
    let connection = lease.talk().map_err(query_error)?;
    let outcome = copy_rows(connection, sql, on_row).await;
    lease.heard(&outcome);
    watch.seen(sql, started, outcome.is_err());
    outcome.map_err(query_error)?
}

/// What the rows say is one thing, and whether the server sent all of them another: after the first error none is handed
/// out any more, and the rest is still taken off the connection.
async fn copy_rows(
    connection: &mut PgConnection,
    sql: &str,
    on_row: OnRow<'_>,
) -> Result<Result<(), DbErr>, sqlx::Error> {
    let mut stream = connection.copy_out_raw(sql).await?;
    let (mut is_first, mut outcome) = (true, Ok(()));
    while let Some(message) = stream.try_next().await? {
        outcome = outcome.and_then(|()| CopiedRow::each(&message, is_first, on_row));
        is_first = false;
        // The driver reads on for as long as there is something, and nobody else would have a turn, nor could end this.
        tokio::task::consume_budget().await;
    }
    Ok(outcome)
}

pub(super) async fn query_one(
    lease: &mut Lease,
    watch: &Watch,
    statement: Statement,
) -> Result<Option<QueryResult>, DbErr> {
    let (sql, query) = prepare(statement);
    let started = Watch::start();
    let connection = lease.talk().map_err(query_error)?;
    let outcome = query.fetch_optional(connection).await;
    lease.heard(&outcome);
    watch.seen(&sql, started, outcome.is_err());
    Ok(outcome.map_err(query_error)?.map(QueryResult::from))
}

pub(super) async fn query_all(
    lease: &mut Lease,
    watch: &Watch,
    statement: Statement,
) -> Result<Vec<QueryResult>, DbErr> {
    let (sql, query) = prepare(statement);
    let started = Watch::start();
    let connection = lease.talk().map_err(query_error)?;
    let outcome = query.fetch_all(connection).await;
    lease.heard(&outcome);
    watch.seen(&sql, started, outcome.is_err());
    Ok(outcome.map_err(query_error)?.into_iter().map(QueryResult::from).collect())
}

/// The text, shared with the driver so that it is there to tell of afterwards, and the query. SeaORM has put every value
/// behind a placeholder.
fn prepare(statement: Statement) -> (Arc<str>, Query<'static, Postgres, SqlxValues>) {
    let Statement { sql, values, .. } = statement;
    let sql: Arc<str> = sql.into();
    let values = values.unwrap_or(Values(Vec::new()));
    let query = sqlx::query_with(AssertSqlSafe(Arc::clone(&sql)), SqlxValues(values));
    let query = query.persistent(!is_planned_anew(&sql));
    (sql, query)
}

/// How a pattern is best looked for depends on how many rows have it. A statement that is kept would be planned for any
/// pattern after a few times, and then for a frequent one: a rare one would be looked for in every row. So with long lists:
/// what was planned for an import into an empty table would go on to read the whole table for every batch. And so with what
/// is within a document: a plan for any thing takes every hundredth event to be about it, and walks the log for a rare one.
fn is_planned_anew(sql: &str) -> bool {
    sql.contains(" LIKE ") || sql.contains(" @> ") || sql.contains(&format!("{LIST}("))
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_or_frequent_is_planned_for_what_it_is() {
        let kept = "SELECT name FROM event WHERE tenant_id = $1 AND request_id = $2";
        assert!(!is_planned_anew(kept));
        for part in [" OR event.targets @> $3::jsonb", " AND name LIKE $3"] {
            assert!(is_planned_anew(&format!("{kept}{part}")), "{part}");
        }
    }
}
