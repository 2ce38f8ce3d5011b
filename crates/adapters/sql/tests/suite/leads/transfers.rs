//! The laws of imports, on both databases.

use std::sync::Arc;

use ashlar_leads::contract::transfers::TransferFixture;
use ashlar_sql::SqlStore;

use super::fixture_of;

fn transfers_of(store: SqlStore, database: impl Send + Sync + 'static) -> TransferFixture {
    TransferFixture { store: Arc::new(store.clone()), leads: fixture_of(store, database) }
}

mod sqlite {
    use super::{TransferFixture, transfers_of};
    use crate::support::{SqliteFile, store_on};

    async fn fixture() -> Option<TransferFixture> {
        let file = SqliteFile::new();
        Some(transfers_of(store_on(file.options()).await, file))
    }

    ashlar_leads::transfer_store_contract!(fixture);
}

mod postgres {
    use super::{TransferFixture, transfers_of};
    use crate::support::{PostgresDatabase, store_on};

    async fn fixture() -> Option<TransferFixture> {
        let database = PostgresDatabase::create().await?;
        Some(transfers_of(store_on(database.options()).await, database))
    }

    ashlar_leads::transfer_store_contract!(fixture);
}
