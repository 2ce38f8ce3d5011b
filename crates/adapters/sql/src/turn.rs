//! Whose turn it is to do what one process at a time does.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Whether this transaction has the turn named by `lock`, which goes with it. Nobody waits for it. On SQLite there is one
/// transaction that writes.
pub(crate) async fn is_our_turn(tx: &impl ConnectionTrait, lock: i64) -> Result<bool, DbErr> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let ask = "SELECT pg_try_advisory_xact_lock($1)";
    let row = tx.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, ask, [lock.into()])).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}
