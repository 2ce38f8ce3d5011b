//! On SQLite.

use ashlar_identity::contract::store::Fixture;

use crate::support::{SqliteFile, fixture_of, store_on};

async fn fixture() -> Option<Fixture> {
    let file = SqliteFile::new();
    Some(fixture_of(store_on(file.options()).await, file))
}

ashlar_identity::identity_store_contract!(fixture);
