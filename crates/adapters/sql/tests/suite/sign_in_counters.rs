//! The laws of counted attempts, on both databases.

use std::sync::Arc;

use ashlar_identity::{
    CounterKey,
    contract::sign_in_counters::Fixture,
    port::{CounterWrite, SignInCounters, StoredCounter},
};
use ashlar_kernel::{StoreError, Timestamp};
use ashlar_sql::SqlStore;
use async_trait::async_trait;

/// A store whose database goes when it does.
struct Own<D> {
    store: SqlStore,
    _database: D,
}

#[async_trait]
impl<D: Send + Sync> SignInCounters for Own<D> {
    async fn counter(&self, key: &CounterKey) -> Result<Option<StoredCounter>, StoreError> {
        self.store.counter(key).await
    }
    async fn put_counter(&self, write: CounterWrite) -> Result<bool, StoreError> {
        self.store.put_counter(write).await
    }
    async fn purge_counters(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.store.purge_counters(before, limit).await
    }
}

mod sqlite {
    use super::{Arc, Fixture, Own};
    use crate::support::{SqliteFile, store_on};

    async fn fixture() -> Option<Fixture> {
        let file = SqliteFile::new();
        Some(Fixture(Arc::new(Own { store: store_on(file.options()).await, _database: file })))
    }

    ashlar_identity::sign_in_counters_contract!(fixture);
}

mod postgres {
    use super::{Arc, Fixture, Own};
    use crate::support::{PostgresDatabase, store_on};

    async fn fixture() -> Option<Fixture> {
        let database = PostgresDatabase::create().await?;
        Some(Fixture(Arc::new(Own { store: store_on(database.options()).await, _database: database })))
    }

    ashlar_identity::sign_in_counters_contract!(fixture);
}
