//! Connections to PostgreSQL: a pool that asks nothing of a connection it gets back in good order.
//!
//! The driver has a pool of its own, which sends a query through every connection that is given back, to see whether it is
//! still good: a second round trip for every read. This one knows whether anything is still under way on a connection,
//! and asks only then.

mod copy;
mod lease;
mod manager;
mod statement;
#[cfg(test)]
mod tests;
mod transaction;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use deadpool::managed::{Object, PoolError, QueueMode};
use sea_orm::{ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sqlx::postgres::PgConnectOptions;

pub(crate) use self::{
    copy::{CopiedRow, CopyRows, Field},
    transaction::PostgresTransaction,
};
use self::{lease::Lease, manager::Manager};
use crate::{ConnectError, PoolFigures, SqlOptions, watch::Watch};

/// Its name in the metrics.
const POOL: &str = "shared";

type Pool = deadpool::managed::Pool<Manager, Object<Manager>>;

/// A pool of connections to PostgreSQL. Clones share it.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
    watch: Watch,
    /// How long somebody waits for a connection, be it for one that is given back, opened, or asked whether it lives: of
    /// a server that is gone many connections may have to be asked.
    wait: Duration,
    /// How long whatever is under way on a connection that was given back may take.
    patience: Duration,
}

impl Postgres {
    /// A pool that opens its first connection when it is needed.
    pub(crate) fn new(connect: PgConnectOptions, options: &SqlOptions) -> Result<Self, ConnectError> {
        let pool = Pool::builder(Manager::new(connect))
            .max_size(usize::try_from(options.connections).unwrap_or(usize::MAX))
            // Who was at work last is warm, and the others come to their age.
            .queue_mode(QueueMode::Lifo);
        let pool = pool.build().map_err(|error| ConnectError::Unreachable(sqlx::Error::Configuration(error.into())))?;
        let (wait, patience) = (options.acquire_timeout, options.statement_timeout);
        Ok(Self { pool, watch: Watch::new(options), wait, patience })
    }

    /// Begins a transaction that reads and writes what is committed at the moment of each statement.
    pub(crate) async fn begin(&self) -> Result<PostgresTransaction, DbErr> {
        PostgresTransaction::begin(self.lease().await?, self.watch.clone(), "BEGIN").await
    }

    /// Begins a transaction that sees one moment.
    pub(crate) async fn begin_snapshot(&self) -> Result<PostgresTransaction, DbErr> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
        PostgresTransaction::begin(self.lease().await?, self.watch.clone(), begin).await
    }

    async fn lease(&self) -> Result<Lease, DbErr> {
        let started = Watch::start();
        let connection = tokio::time::timeout(self.wait, self.pool.get()).await;
        self.watch.waited(POOL, started);
        let connection = connection.map_err(|_elapsed| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let connection = connection.map_err(no_connection)?;
        Ok(Lease::new(connection, self.patience))
    }

    pub(crate) fn figures(&self) -> PoolFigures {
        let status = self.pool.status();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        PoolFigures {
            name: POOL,
            in_use: number(status.size.saturating_sub(status.available)),
            idle: number(status.available),
        }
    }

    /// Lets nobody in any more and waits until whoever is in has left, for a while.
    pub(crate) async fn close(&self) {
        const LOOK_AGAIN: Duration = Duration::from_millis(5);

        self.pool.close();
        let all_have_left = async {
            while self.figures().in_use > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        if tokio::time::timeout(self.patience, all_have_left).await.is_err() {
            tracing::warn!("a database connection was still at work when the pool was closed");
        }
    }
}

/// Why there is no connection, in the words of SeaORM, which [`store_error`](crate::errors::store_error) knows.
fn no_connection(error: PoolError<sqlx::Error>) -> DbErr {
    match error {
        PoolError::Closed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        PoolError::Backend(error) => connection_error(error),
        // None of these is set.
        PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            connection_error(sqlx::Error::Configuration(error.to_string().into()))
        }
    }
}

fn connection_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

#[async_trait]
impl ConnectionTrait for Postgres {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        statement::execute(&mut self.lease().await?, &self.watch, statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        statement::execute_unprepared(&mut self.lease().await?, &self.watch, sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        statement::query_one(&mut self.lease().await?, &self.watch, statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        statement::query_all(&mut self.lease().await?, &self.watch, statement).await
    }
}
