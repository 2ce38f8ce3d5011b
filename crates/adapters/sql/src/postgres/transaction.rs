//! A transaction on a connection of its own.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sqlx::Executor as _;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::{
    copy::OnRow,
    lease::{Lease, spawn_or_drop},
    statement,
};
use crate::watch::Watch;

/// A transaction of PostgreSQL. Dropped, it is rolled back.
pub(crate) struct PostgresTransaction {
    /// Taken by the commit, or by the rollback of the drop.
    lease: Mutex<Option<Lease>>,
    watch: Watch,
}

impl PostgresTransaction {
    /// Begins with `begin`, a BEGIN of any sort.
    pub(super) async fn begin(mut lease: Lease, watch: Watch, begin: &'static str) -> Result<Self, DbErr> {
        // A connection that is given up before the answer may be in a transaction, which nobody would end.
        let connection = lease.stake().map_err(unbegun)?;
        let outcome = connection.execute(begin).await;
        lease.heard(&outcome);
        outcome.map_err(unbegun)?;
        Ok(Self { lease: Mutex::new(Some(lease)), watch })
    }

    /// Commits. Whether it did is unknown when nobody waits for the answer, as ever.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let mut lease = self.lease.lock().await.take().ok_or_else(ended)?;
        let connection = lease.stake().map_err(uncommitted)?;
        let outcome = connection.execute("COMMIT").await;
        lease.heard(&outcome);
        outcome.map(drop).map_err(uncommitted)
    }

    /// Takes rows in by a `COPY … FROM STDIN (FORMAT binary)`; how many.
    pub(crate) async fn copy_in(&self, sql: &str, rows: &[u8]) -> Result<u64, DbErr> {
        statement::copy_in(&mut *self.lease().await?, &self.watch, sql, rows).await
    }

    /// Hands rows out by a `COPY … TO STDOUT (FORMAT binary)`.
    pub(crate) async fn copy_out(&self, sql: &str, on_row: OnRow<'_>) -> Result<(), DbErr> {
        statement::copy_out(&mut *self.lease().await?, &self.watch, sql, on_row).await
    }

    async fn lease(&self) -> Result<MappedMutexGuard<'_, Lease>, DbErr> {
        MutexGuard::try_map(self.lease.lock().await, Option::as_mut).map_err(|_gone| ended())
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.get_mut().take() {
            spawn_or_drop(roll_back(lease));
        }
    }
}

/// A rollback that is given up half way, or fails, costs the connection: its transaction ends with it.
async fn roll_back(mut lease: Lease) {
    let Ok(connection) = lease.stake() else { return };
    let outcome = connection.execute("ROLLBACK").await;
    lease.heard(&outcome);
}

#[async_trait]
impl ConnectionTrait for PostgresTransaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        statement::execute(&mut *self.lease().await?, &self.watch, statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        statement::execute_unprepared(&mut *self.lease().await?, &self.watch, sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        statement::query_one(&mut *self.lease().await?, &self.watch, statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        statement::query_all(&mut *self.lease().await?, &self.watch, statement).await
    }
}

/// Where a transaction does not begin, no statement was the cause.
fn unbegun(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

fn uncommitted(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn ended() -> DbErr {
    DbErr::Custom("the transaction has ended".to_owned())
}
