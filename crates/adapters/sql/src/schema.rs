//! Connections for changing the schema, or for looking at it.

use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};

use crate::{
    ConnectError, SqlOptions,
    connect::{Renewal, insist_on_an_answer, lock_file, pool_options, sqlite_options, sqlite_pool, sqlite_writer},
    file_lock::FileLock,
    options::DatabaseAddress,
};

/// A connection for `ashlar-migrations`: it has no statement timeout, because a step may take long.
pub struct SchemaConnection {
    connection: DatabaseConnection,
    _lock: Option<FileLock>,
}

impl SchemaConnection {
    /// Connects to change the schema. A missing SQLite file is made, and kept from other processes meanwhile.
    pub async fn open(options: &SqlOptions) -> Result<Self, ConnectError> {
        match &options.database {
            DatabaseAddress::Sqlite(file) => {
                let lock = lock_file(file)?;
                Ok(Self { connection: sqlite_writer(file, options, &Renewal::default()).await?, _lock: Some(lock) })
            }
            DatabaseAddress::Postgres(server) => Self::open_postgres(server, options).await,
        }
    }

    /// Connects to look: a SQLite file is neither made nor locked, so that a running server is not disturbed.
    pub async fn inspect(options: &SqlOptions) -> Result<Self, ConnectError> {
        match &options.database {
            DatabaseAddress::Sqlite(file) if !file.exists() => Err(ConnectError::Missing { path: file.clone() }),
            DatabaseAddress::Sqlite(file) => {
                let connect = sqlite_options(file, options).pragma("query_only", "ON");
                let connection = sqlite_pool(pool_options(options).max_connections(1), connect).await?;
                Ok(Self { connection, _lock: None })
            }
            DatabaseAddress::Postgres(server) => Self::open_postgres(server, options).await,
        }
    }

    /// What `ashlar-migrations` works with.
    pub const fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Lets go of the database. On SQLite nobody else gets in before.
    pub async fn close(self) {
        if let Err(error) = self.connection.close_by_ref().await {
            tracing::warn!(%error, "a database connection did not close");
        }
    }

    async fn open_postgres(server: &PgConnectOptions, options: &SqlOptions) -> Result<Self, ConnectError> {
        let connect = server.clone().application_name("ashlar schema").disable_statement_logging();
        insist_on_an_answer(&connect).await?;
        // One connection holds the advisory lock, the other works.
        let pool = pool_options(options).max_connections(2).connect_with(connect).await;
        let pool = pool.map_err(ConnectError::Unreachable)?;
        Ok(Self { connection: SqlxPostgresConnector::from_sqlx_postgres_pool(pool), _lock: None })
    }
}
