//! Databases of each test's own, and the few people who live in them.

mod people;
mod postgres;
mod proxy;
mod sqlite;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ashlar_identity::contract::store::Fixture;
use ashlar_kernel::{EventLog, EventRecord, IdSource, LogReader, StoreError};
use ashlar_sql::{SchemaConnection, SqlOptions, SqlStore};
use async_trait::async_trait;
use uuid::Uuid;

pub(crate) use self::{
    people::{context, key_of, member, newcomer, noon, register, sign_in},
    postgres::PostgresDatabase,
    proxy::Proxy,
    sqlite::SqliteFile,
};

/// Ids that rise, and are never given twice in this process.
#[derive(Clone, Copy, Default)]
pub(crate) struct RisingIds;

impl IdSource for RisingIds {
    fn next(&self) -> Uuid {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        Uuid::from_u128(0x0196_0000_0000_7000_8000_0000_0000_0000 + u128::from(count))
    }

    /// Nobody keeps anything from anybody here.
    fn salt(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// Brings the schema up to date.
pub(crate) async fn migrate(options: &SqlOptions) {
    let schema = SchemaConnection::open(options).await.unwrap();
    ashlar_migrations::up(schema.connection()).await.unwrap();
    schema.close().await;
}

/// A store on a database whose schema is up to date.
pub(crate) async fn connect(options: SqlOptions) -> SqlStore {
    SqlStore::connect(options, Arc::new(RisingIds)).await.unwrap()
}

/// A store on a database whose schema is made first.
pub(crate) async fn store_on(options: SqlOptions) -> SqlStore {
    migrate(&options).await;
    connect(options).await
}

/// A fixture of the contract; `database` goes when it does.
pub(crate) fn fixture_of(store: SqlStore, database: impl Send + Sync + 'static) -> Fixture {
    Fixture { store: Arc::new(store.clone()), log: Arc::new(LogOn { store, _database: database }) }
}

struct LogOn<D> {
    store: SqlStore,
    _database: D,
}

#[async_trait]
impl<D: Send + Sync> EventLog for LogOn<D> {
    async fn pending(&self, reader: LogReader, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        self.store.pending(reader, limit).await
    }

    async fn handled(&self, reader: LogReader, events: &[Uuid]) -> Result<(), StoreError> {
        self.store.handled(reader, events).await
    }
}
