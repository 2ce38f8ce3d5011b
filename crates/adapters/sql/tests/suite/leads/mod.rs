//! The laws of the store of leads, on both databases.

mod constraints;
mod exports;
mod filters;
mod gathering;
mod lookups;
mod olden;
mod plans;
mod transfers;
mod ways;

use std::sync::Arc;

use ashlar_leads::contract::Fixture;
use ashlar_sql::SqlStore;

use crate::support;

/// A fixture of the contract; `database` goes when it does.
fn fixture_of(store: SqlStore, database: impl Send + Sync + 'static) -> Fixture {
    let log = support::fixture_of(store.clone(), database).log;
    Fixture { store: Arc::new(store), log }
}

mod sqlite {
    use super::{Fixture, fixture_of};
    use crate::support::{SqliteFile, store_on};

    async fn fixture() -> Option<Fixture> {
        let file = SqliteFile::new();
        Some(fixture_of(store_on(file.options()).await, file))
    }

    ashlar_leads::lead_store_contract!(fixture);
}

mod postgres {
    use super::{Fixture, fixture_of};
    use crate::support::{PostgresDatabase, store_on};

    async fn fixture() -> Option<Fixture> {
        let database = PostgresDatabase::create().await?;
        Some(fixture_of(store_on(database.options()).await, database))
    }

    ashlar_leads::lead_store_contract!(fixture);
}
