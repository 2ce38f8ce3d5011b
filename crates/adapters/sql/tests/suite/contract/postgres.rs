//! On PostgreSQL.

use std::sync::Arc;

use ashlar_identity::contract::store::{Fixture, api_keys::ApiKeyFixture, signing_keys::SigningKeyFixture};

use crate::support::{PostgresDatabase, fixture_of, store_on};

async fn fixture() -> Option<Fixture> {
    let database = PostgresDatabase::create().await?;
    Some(fixture_of(store_on(database.options()).await, database))
}

async fn fixture_of_keys() -> Option<ApiKeyFixture> {
    let database = PostgresDatabase::create().await?;
    let store = store_on(database.options()).await;
    Some(ApiKeyFixture { keys: Arc::new(store.clone()), identity: fixture_of(store, database) })
}

async fn fixture_of_signing_keys() -> Option<SigningKeyFixture> {
    let database = PostgresDatabase::create().await?;
    let store = store_on(database.options()).await;
    Some(SigningKeyFixture { keys: Arc::new(store.clone()), identity: fixture_of(store, database) })
}

ashlar_identity::identity_store_contract!(fixture);
ashlar_identity::api_key_store_contract!(fixture_of_keys);
ashlar_identity::signing_key_store_contract!(fixture_of_signing_keys);
