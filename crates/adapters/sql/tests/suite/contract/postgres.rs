//! On PostgreSQL.

use ashlar_identity::contract::store::Fixture;

use crate::support::{PostgresDatabase, fixture_of, store_on};

async fn fixture() -> Option<Fixture> {
    let database = PostgresDatabase::create().await?;
    Some(fixture_of(store_on(database.options()).await, database))
}

ashlar_identity::identity_store_contract!(fixture);
