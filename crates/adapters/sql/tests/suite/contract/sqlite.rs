//! On SQLite.

use std::sync::Arc;

use ashlar_identity::contract::store::{Fixture, api_keys::ApiKeyFixture, signing_keys::SigningKeyFixture};

use crate::support::{SqliteFile, fixture_of, store_on};

async fn fixture() -> Option<Fixture> {
    let file = SqliteFile::new();
    Some(fixture_of(store_on(file.options()).await, file))
}

async fn fixture_of_keys() -> Option<ApiKeyFixture> {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    Some(ApiKeyFixture { keys: Arc::new(store.clone()), identity: fixture_of(store, file) })
}

async fn fixture_of_signing_keys() -> Option<SigningKeyFixture> {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    Some(SigningKeyFixture { keys: Arc::new(store.clone()), identity: fixture_of(store, file) })
}

ashlar_identity::identity_store_contract!(fixture);
ashlar_identity::api_key_store_contract!(fixture_of_keys);
ashlar_identity::signing_key_store_contract!(fixture_of_signing_keys);
