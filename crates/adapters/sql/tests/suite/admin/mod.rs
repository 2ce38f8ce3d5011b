//! The laws of notifications and the system log, on both databases; and whether tallies are what one would count.

mod plans;
mod tallies;

use std::sync::Arc;

use ashlar_admin::contract::Fixture;
use ashlar_kernel::IdSource;
use ashlar_sql::SqlStore;
use uuid::Uuid;

use crate::support::{PostgresDatabase, RisingIds, SqliteFile, store_on};

/// Ids; the database goes when they do.
struct IdsOn<D>(D);

impl<D: Send + Sync> IdSource for IdsOn<D> {
    fn next(&self) -> Uuid {
        let Self(_database) = self;
        RisingIds.next()
    }

    fn salt(&self) -> [u8; 32] {
        RisingIds.salt()
    }
}

fn fixture_of(store: SqlStore, database: impl Send + Sync + 'static) -> Fixture {
    let store = Arc::new(store);
    Fixture {
        notifications: Arc::clone(&store) as Arc<_>,
        lines: Arc::clone(&store) as Arc<_>,
        log: store,
        ids: Arc::new(IdsOn(database)),
    }
}

mod sqlite {
    use super::{Fixture, SqliteFile, fixture_of, store_on};

    async fn fixture() -> Option<Fixture> {
        let file = SqliteFile::new();
        Some(fixture_of(store_on(file.options()).await, file))
    }

    ashlar_admin::admin_store_contract!(fixture);
}

mod postgres {
    use super::{Fixture, PostgresDatabase, fixture_of, store_on};

    async fn fixture() -> Option<Fixture> {
        let database = PostgresDatabase::create().await?;
        Some(fixture_of(store_on(database.options()).await, database))
    }

    ashlar_admin::admin_store_contract!(fixture);
}
