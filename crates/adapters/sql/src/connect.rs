//! Connections: how many, how patient, and on SQLite how durable.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool, Sqlite, SqlitePool,
    pool::PoolOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{
    SqlOptions, StatementSeen, bell,
    database::Database,
    file_lock::{FileLock, private},
    options::DatabaseAddress,
    postgres::Postgres,
    watch::Watch,
};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Another process, or another store of this one, has the SQLite file.
    #[error("another ashlar process is using {}", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// There is no such SQLite file, and it was only to be looked at.
    #[error("there is no database at {}", path.display())]
    Missing {
        /// The database file.
        path: PathBuf,
    },
    /// The SQLite file cannot be made or opened.
    #[error("the database file {} cannot be used: {source}", path.display())]
    Unusable {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database does not let us in, or does not answer.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] sqlx::Error),
}

/// Where a store writes and where it reads. On PostgreSQL both are one pool.
pub(crate) struct Connections {
    pub(crate) writer: Database,
    pub(crate) reader: Database,
    pub(crate) lock: Option<FileLock>,
    pub(crate) renewal: Renewal,
    /// On PostgreSQL, for the connection that listens.
    pub(crate) listening: Option<PgPool>,
}

/// Whether the SQLite writer is to be connected anew before it is used again.
///
/// SQLite opens a file that may only be read without a word, begins transactions on it, refuses to write, and goes on
/// refusing when the file may be written again. Only a new connection looks.
#[derive(Clone, Default)]
pub(crate) struct Renewal(Arc<AtomicBool>);

impl Renewal {
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_due(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

impl Connections {
    pub(crate) async fn open(options: &SqlOptions) -> Result<Self, ConnectError> {
        match &options.database {
            DatabaseAddress::Sqlite(file) => {
                let lock = lock_file(file)?;
                // The writer comes first: it is who turns the file into a WAL database.
                let renewal = Renewal::default();
                let writer = Database::Sqlite(sqlite_writer(file, options, &renewal).await?);
                let reader = Database::Sqlite(sqlite_readers(file, options).await?);
                Ok(Self { writer, reader, lock: Some(lock), renewal, listening: None })
            }
            DatabaseAddress::Postgres(server) => {
                let connect = postgres_options(server, options);
                let listening = Some(bell::listening(connect.clone()));
                let pool = postgres_pool(connect, options).await?;
                let renewal = Renewal::default();
                Ok(Self { writer: pool.clone(), reader: pool, lock: None, renewal, listening })
            }
        }
    }

    /// Connects to look: a SQLite file is neither made nor locked, and not written.
    pub(crate) async fn inspect(options: &SqlOptions) -> Result<Self, ConnectError> {
        let reader = match &options.database {
            DatabaseAddress::Sqlite(file) if !file.exists() => {
                return Err(ConnectError::Missing { path: file.clone() });
            }
            DatabaseAddress::Sqlite(file) => Database::Sqlite(sqlite_readers(file, options).await?),
            DatabaseAddress::Postgres(server) => postgres_pool(postgres_options(server, options), options).await?,
        };
        let renewal = Renewal::default();
        Ok(Self { writer: reader.clone(), reader, lock: None, renewal, listening: None })
    }

    /// Lets go of the database, the lock last.
    pub(crate) async fn close(&self) {
        // Readers first, so that the writer is the last to leave and can fold the WAL into the file.
        for database in [&self.reader, &self.writer] {
            database.close().await;
        }
    }
}

pub(crate) fn lock_file(file: &Path) -> Result<FileLock, ConnectError> {
    private(file).map_err(|source| ConnectError::Unusable { path: file.to_owned(), source })?;
    FileLock::take(file)
}

/// What every SQLite connection has in common.
pub(crate) fn sqlite_options(file: &Path, options: &SqlOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(options.lock_timeout)
        .disable_statement_logging()
}

/// What the writer keeps in memory of the file, in KiB with a minus before it: the pages of the indexes into which rows fall
/// anywhere. A batch of an import changes some 24 MiB of them among a million leads. If that were more than nine tenths of
/// this, pages would be written to the log several times in one transaction, and all of its checksums computed anew.
const WRITER_CACHE: &str = "-32768";

/// How many pages the log grows by before they are folded into the file: a page that was written several times meanwhile is
/// folded in once.
const CHECKPOINT: &str = "16000"; // 62.5 MiB

/// The one writer: SQLite has room for one, and waiting for our own pool is fairer than its busy handler.
pub(crate) async fn sqlite_writer(
    file: &Path,
    options: &SqlOptions,
    renewal: &Renewal,
) -> Result<DatabaseConnection, ConnectError> {
    let connect = sqlite_options(file, options)
        .journal_mode(SqliteJournalMode::Wal)
        // With NORMAL a power cut loses commits that were already answered.
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", WRITER_CACHE)
        // So that a statement can be taken back, SQLite keeps the pages that it changes as they were: an import's are some
        // megabytes, and are written to a file otherwise.
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", CHECKPOINT);
    // A full disk makes SQLite end a transaction by itself. The driver does not notice, and would begin the next one as
    // a savepoint of the one that is gone: such a connection is closed. The ping waits for a rollback under way.
    let pool = pool_options::<Sqlite>(options).max_connections(1).after_release(|connection, _| {
        Box::pin(async move {
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    });
    let renewal = renewal.clone();
    let pool = pool.before_acquire(move |_connection, _| {
        let is_good = !renewal.is_due();
        Box::pin(async move { Ok(is_good) })
    });
    Ok(observed(sqlite_pool(pool, connect).await?, options))
}

async fn sqlite_readers(file: &Path, options: &SqlOptions) -> Result<DatabaseConnection, ConnectError> {
    let connect = sqlite_options(file, options).pragma("query_only", "ON");
    let pool = pool_options(options).max_connections(options.connections);
    Ok(observed(sqlite_pool(pool, connect).await?, options))
}

pub(crate) async fn sqlite_pool(
    pool: PoolOptions<Sqlite>,
    connect: SqliteConnectOptions,
) -> Result<DatabaseConnection, ConnectError> {
    // A file does not go away as a server does: its connections need neither age nor pings.
    let pool = pool.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    let pool: SqlitePool = pool.connect_with(connect).await.map_err(ConnectError::Unreachable)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

fn postgres_options(server: &PgConnectOptions, options: &SqlOptions) -> PgConnectOptions {
    let millis = |timeout: Duration| timeout.as_millis().to_string();
    server
        .clone()
        .options([
            ("statement_timeout", millis(options.statement_timeout)),
            ("lock_timeout", millis(options.lock_timeout)),
            ("idle_in_transaction_session_timeout", millis(options.idle_in_transaction_timeout)),
        ])
        .application_name("ashlar")
        .disable_statement_logging()
}

async fn postgres_pool(connect: PgConnectOptions, options: &SqlOptions) -> Result<Database, ConnectError> {
    insist_on_an_answer(&connect).await?;
    Postgres::new(connect, options).map(Database::Postgres)
}

/// A first connection may take this long; later ones have the acquire timeout.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

/// Connects once past the pool: it would keep trying until its time is up, and tell of that alone. Whoever starts the
/// server wants to read that the password is wrong or that nobody listens there.
pub(crate) async fn insist_on_an_answer(connect: &PgConnectOptions) -> Result<(), ConnectError> {
    let answer = tokio::time::timeout(FIRST_ANSWER, PgConnection::connect_with(connect)).await;
    let timed_out = |_elapsed| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    let connection = answer.unwrap_or_else(timed_out).map_err(ConnectError::Unreachable)?;
    connection.close().await.map_err(ConnectError::Unreachable)
}

pub(crate) fn pool_options<D: sqlx::Database>(options: &SqlOptions) -> PoolOptions<D> {
    PoolOptions::new().acquire_timeout(options.acquire_timeout)
}

fn observed(mut connection: DatabaseConnection, options: &SqlOptions) -> DatabaseConnection {
    let watch = Watch::new(options);
    connection.set_metric_callback(move |info| {
        watch.tell(&StatementSeen { sql: &info.statement.sql, elapsed: info.elapsed, failed: info.failed });
    });
    connection
}
