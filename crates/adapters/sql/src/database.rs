//! A database, whichever it is, as SeaORM sees it.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use crate::postgres::{Postgres, PostgresTransaction};

/// Where statements go that belong to no transaction. Clones share the connections.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(DatabaseConnection),
    Postgres(Postgres),
}

impl Database {
    /// Waits for what is under way and lets nobody in any more.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite(connection) => {
                let closed = connection.close_by_ref().await;
                closed.unwrap_or_else(|error| tracing::warn!(%error, "a database connection did not close"));
            }
        }
    }
}

/// One transaction. Dropped, it is rolled back.
pub(crate) enum Transaction {
    Sqlite(DatabaseTransaction),
    Postgres(PostgresTransaction),
}

impl Transaction {
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Hands every question on to whichever database it is.
macro_rules! hand_on {
    ($name:ident) => {
        #[async_trait]
        impl ConnectionTrait for $name {
            fn get_database_backend(&self) -> DbBackend {
                match self {
                    Self::Sqlite(it) => it.get_database_backend(),
                    Self::Postgres(it) => it.get_database_backend(),
                }
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(it) => it.execute_raw(statement).await,
                    Self::Postgres(it) => it.execute_raw(statement).await,
                }
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(it) => it.execute_unprepared(sql).await,
                    Self::Postgres(it) => it.execute_unprepared(sql).await,
                }
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(it) => it.query_one_raw(statement).await,
                    Self::Postgres(it) => it.query_one_raw(statement).await,
                }
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(it) => it.query_all_raw(statement).await,
                    Self::Postgres(it) => it.query_all_raw(statement).await,
                }
            }
        }
    };
}

hand_on!(Database);
hand_on!(Transaction);
