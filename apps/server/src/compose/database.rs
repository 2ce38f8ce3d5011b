//! The database: its address, its connections, its schema.

use std::{path::Path, sync::Arc, time::Duration};

use ashlar_kernel::{IdSource, StoreError};
use ashlar_migrations::MigrationLine;
use ashlar_sql::{Observer, SchemaConnection, SqlOptions, SqlStore, WaitObserver};
use async_trait::async_trait;

use super::StartError;
use crate::{
    config::{Config, Profile},
    http::Probe,
    telemetry::metrics::Metrics,
};

/// What the store needs to know, as configured.
pub fn store_options(config: &Config) -> Result<SqlOptions, StartError> {
    let database = &config.database;
    let mut options = SqlOptions::parse(database.url.expose())?;
    options.connections = database.pool;
    options.acquire_timeout = database.acquire_timeout;
    options.statement_timeout = database.statement_timeout;
    options.lock_timeout = database.lock_timeout;
    Ok(options)
}

/// Who is told of what happens at the database.
pub struct Watchers {
    /// Every statement.
    pub statements: Option<Observer>,
    /// Every wait for a connection.
    pub waits: WaitObserver,
}

impl Watchers {
    /// The waits are measured; the statements are for whoever asked.
    pub fn new(statements: Option<Observer>, metrics: &Metrics) -> Self {
        let metrics = metrics.clone();
        Self { statements, waits: Arc::new(move |pool, time| metrics.waited_for_connection(pool, time)) }
    }
}

/// Connects, with the schema of this version: the embedded profile brings it up to date, production insists on it.
pub async fn connect(config: &Config, ids: Arc<dyn IdSource>, watchers: Watchers) -> Result<SqlStore, StartError> {
    match config.profile {
        Profile::Embedded => {
            migrate_up(config).await?;
        }
        Profile::Production => {
            let lines = status(config).await.map_err(no_database)?;
            let missing = lines.iter().filter(|line| !line.is_applied).count();
            if missing > 0 {
                return Err(StartError::Behind { missing });
            }
        }
    }
    let mut options = store_options(config)?;
    options.observer = watchers.statements;
    options.wait_observer = Some(watchers.waits);
    Ok(SqlStore::connect(options, ids).await?)
}

/// Looks, and changes nothing: whether there is a database with the schema of some version. A command that asks about an
/// installation must not make an empty one. Production makes nothing by itself anyway.
pub(super) async fn insist_on_installation(config: &Config) -> Result<(), StartError> {
    if config.profile == Profile::Production {
        return Ok(());
    }
    let lines = match status(config).await {
        Ok(lines) => lines,
        Err(error) => {
            let missing = error.missing_database().map(|path| format!("there is no database at {}", path.display()));
            return Err(missing.map_or(error, StartError::NoInstallation));
        }
    };
    let is_empty = lines.iter().all(|line| !line.is_applied);
    if is_empty { Err(StartError::NoInstallation("the database is empty".to_owned())) } else { Ok(()) }
}

/// Applies the migrations that are missing; their names.
pub async fn migrate_up(config: &Config) -> Result<Vec<String>, StartError> {
    let schema = SchemaConnection::open(&store_options(config)?).await?;
    let taken = ashlar_migrations::up(schema.connection()).await;
    schema.close().await;
    taken.map_err(migration_failed)
}

/// Takes the latest migrations back, all of them when no number is given; their names.
pub async fn migrate_down(config: &Config, steps: Option<u32>) -> Result<Vec<String>, StartError> {
    let schema = SchemaConnection::open(&store_options(config)?).await?;
    let taken = ashlar_migrations::down(schema.connection(), steps.unwrap_or(u32::MAX)).await;
    schema.close().await;
    taken.map_err(migration_failed)
}

/// Which migrations the database has taken; looks and changes nothing.
pub async fn status(config: &Config) -> Result<Vec<MigrationLine>, StartError> {
    let schema = SchemaConnection::inspect(&store_options(config)?).await?;
    let lines = ashlar_migrations::status(schema.connection()).await;
    schema.close().await;
    lines.map_err(migration_failed)
}

fn no_database(error: StartError) -> StartError {
    let path = error.missing_database().map(Path::to_owned);
    path.map_or(error, |path| StartError::NoDatabase { path })
}

fn migration_failed(error: impl std::error::Error + Send + Sync + 'static) -> StartError {
    StartError::Migrate(StoreError::internal(error))
}

/// A database that has not answered by then does not work, even if its connections are still open.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the database answers, for the readiness of this process.
pub(super) struct DatabaseProbe(pub(super) SqlStore);

#[async_trait]
impl Probe for DatabaseProbe {
    async fn works(&self) -> bool {
        match tokio::time::timeout(PROBE_TIMEOUT, self.0.health()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database does not answer");
                false
            }
            Err(_elapsed) => {
                tracing::warn!("the database does not answer in time");
                false
            }
        }
    }
}
