//! The laws of large exports, on both databases.

use std::sync::Arc;

use ashlar_leads::contract::exports::ExportFixture;
use ashlar_sql::SqlStore;

use super::fixture_of;

fn exports_of(store: SqlStore, database: impl Send + Sync + 'static) -> ExportFixture {
    ExportFixture { store: Arc::new(store.clone()), leads: fixture_of(store, database) }
}

mod sqlite {
    use super::{ExportFixture, exports_of};
    use crate::support::{SqliteFile, store_on};

    async fn fixture() -> Option<ExportFixture> {
        let file = SqliteFile::new();
        Some(exports_of(store_on(file.options()).await, file))
    }

    ashlar_leads::export_store_contract!(fixture);
}

mod postgres {
    use super::{ExportFixture, exports_of};
    use crate::support::{PostgresDatabase, store_on};

    async fn fixture() -> Option<ExportFixture> {
        let database = PostgresDatabase::create().await?;
        Some(exports_of(store_on(database.options()).await, database))
    }

    ashlar_leads::export_store_contract!(fixture);
}
