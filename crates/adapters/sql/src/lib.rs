//! PostgreSQL and SQLite behind Ashlar's store ports, from one body of code.
//!
//! The crate promises that a change and the events that explain it are saved together or not at all; that what two
//! requests could break between them is kept by constraints of the database and reported by name; that a database which
//! is gone, locked, full or read-only answers [`Unavailable`](ashlar_kernel::StoreError::Unavailable) or
//! [`Contended`](ashlar_kernel::StoreError::Contended), and the store works again when the database does; and that one
//! process at a time has a SQLite file.
//!
//! It deliberately has no rules of any domain, and none of its tables' types leaves it. The schema is made by
//! `ashlar-migrations`, over a [`SchemaConnection`].
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use ashlar_kernel::IdSource;
//! use ashlar_sql::{SchemaConnection, SqlOptions, SqlStore};
//!
//! # async fn example(ids: Arc<dyn IdSource>) -> Result<(), Box<dyn std::error::Error>> {
//! let options = SqlOptions::parse("sqlite:data/ashlar.db")?;
//! let schema = SchemaConnection::open(&options).await?;
//! ashlar_migrations::up(schema.connection()).await?;
//! schema.close().await;
//! let store = SqlStore::connect(options, ids).await?;
//! store.health().await?;
//! # Ok(())
//! # }
//! ```

mod admin;
mod api_key;
mod audit;
mod bell;
mod clock;
mod connect;
mod database;
mod device;
mod dialect;
mod errors;
mod event_log;
mod file_lock;
mod identity;
mod job;
mod leads;
mod many;
mod newsletter;
mod options;
mod pool;
mod postgres;
mod request_ledger;
mod schema;
mod signing_key;
mod transaction;
mod turn;
mod watch;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ashlar_kernel::{IdSource, StoreError};
use sea_orm::{DbErr, EntityTrait, QuerySelect};

pub use connect::ConnectError;
pub use dialect::Backend;
pub use options::{InvalidDatabaseUrl, Observer, SqlOptions, StatementSeen, WaitObserver};
pub use pool::PoolFigures;
pub use schema::SchemaConnection;

use crate::{
    bell::Rings, connect::Connections, database::Database, errors::store_error, file_lock::FileLock, leads::Gathering,
    watch::Watch,
};

/// A database, as every store port. Clones share it.
#[derive(Clone)]
pub struct SqlStore(Arc<Shared>);

struct Shared {
    connections: Connections,
    lock: Mutex<Option<FileLock>>,
    rings: Rings,
    watch: Watch,
    backend: Backend,
    ids: Arc<dyn IdSource>,
    account_sql: OnceLock<String>,
    presented_key_sql: OnceLock<String>,
    newcomers: Gathering,
}

impl SqlStore {
    /// Connects. On SQLite the file is made if there is none, for its owner only, and is kept from other processes as
    /// long as the store lives. Events and rows that have no id of their own get one from `ids`.
    pub async fn connect(options: SqlOptions, ids: Arc<dyn IdSource>) -> Result<Self, ConnectError> {
        let mut connections = Connections::open(&options).await?;
        let lock = Mutex::new(connections.lock.take());
        let rings = Rings::new(connections.listening.take());
        Ok(Self(Arc::new(Shared {
            connections,
            lock,
            rings,
            watch: Watch::new(&options),
            backend: options.backend(),
            ids,
            account_sql: OnceLock::new(),
            presented_key_sql: OnceLock::new(),
            newcomers: Gathering::default(),
        })))
    }

    /// Connects to look: a SQLite file is neither made nor locked, so that a running server is not disturbed. Whatever
    /// writes is refused there.
    pub async fn inspect(options: SqlOptions, ids: Arc<dyn IdSource>) -> Result<Self, ConnectError> {
        let connections = Connections::inspect(&options).await?;
        Ok(Self(Arc::new(Shared {
            connections,
            lock: Mutex::new(None),
            rings: Rings::new(None),
            watch: Watch::new(&options),
            backend: options.backend(),
            ids,
            account_sql: OnceLock::new(),
            presented_key_sql: OnceLock::new(),
            newcomers: Gathering::default(),
        })))
    }

    /// Which kind of database it is.
    pub fn backend(&self) -> Backend {
        self.0.backend
    }

    /// Whether the database answers. Reads a row, because SQLite answers what needs none without looking at its file.
    pub async fn health(&self) -> Result<(), StoreError> {
        let any = identity::entity::tenant::Entity::find().select_only().column(identity::entity::tenant::Column::Id);
        any.limit(1).into_tuple::<uuid::Uuid>().one(self.reader()).await.map(drop).map_err(store_error)
    }

    /// Waits for what is under way and lets go of the database. Whatever is asked afterwards is answered
    /// [`Unavailable`](StoreError::Unavailable).
    pub async fn close(&self) {
        self.0.connections.close().await;
        self.0.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn writer(&self) -> &Database {
        &self.0.connections.writer
    }

    pub(crate) fn reader(&self) -> &Database {
        &self.0.connections.reader
    }

    /// What a failed write means to the caller. A writer that cannot work is connected anew before its next use.
    pub(crate) fn write_error(&self, error: DbErr) -> StoreError {
        let was_busy = matches!(error, DbErr::ConnectionAcquire(_));
        let error = store_error(error);
        if !was_busy && matches!(error, StoreError::Unavailable(_)) {
            self.0.connections.renewal.ask();
        }
        error
    }

    pub(crate) fn account_sql(&self) -> &OnceLock<String> {
        &self.0.account_sql
    }

    pub(crate) fn presented_key_sql(&self) -> &OnceLock<String> {
        &self.0.presented_key_sql
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.0.watch
    }

    pub(crate) fn rings(&self) -> &Rings {
        &self.0.rings
    }

    /// Leads that wait to be added.
    pub(crate) fn newcomers(&self) -> &Gathering {
        &self.0.newcomers
    }

    pub(crate) fn ids(&self) -> &Arc<dyn IdSource> {
        &self.0.ids
    }
}

// The tests' support is shared with the suite in `tests/`, which sees the crate from outside.
#[cfg(test)]
extern crate self as ashlar_sql;
#[cfg(test)]
mod tests;
