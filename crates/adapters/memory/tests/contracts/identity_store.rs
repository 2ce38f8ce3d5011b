//! The store, and the log it writes.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_identity::contract::store::{Fixture, api_keys::ApiKeyFixture, signing_keys::SigningKeyFixture};
use ashlar_kernel::TimeOrderedIds;
use ashlar_memory::{ManualClock, MemoryStore, SeededEntropy};

fn memory_store() -> Arc<MemoryStore> {
    let clock = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids = Arc::new(TimeOrderedIds::new(clock, Arc::new(SeededEntropy::new(1))));
    Arc::new(MemoryStore::new(ids))
}

fn fixture_of(store: Arc<MemoryStore>) -> Fixture {
    Fixture { store: Arc::clone(&store) as Arc<_>, log: store }
}

fn empty_store() -> Ready<Option<Fixture>> {
    ready(Some(fixture_of(memory_store())))
}

fn empty_store_of_keys() -> Ready<Option<ApiKeyFixture>> {
    let store = memory_store();
    ready(Some(ApiKeyFixture { identity: fixture_of(Arc::clone(&store)), keys: store }))
}

fn empty_store_of_signing_keys() -> Ready<Option<SigningKeyFixture>> {
    let store = memory_store();
    ready(Some(SigningKeyFixture { identity: fixture_of(Arc::clone(&store)), keys: store }))
}

ashlar_identity::identity_store_contract!(empty_store);
ashlar_identity::api_key_store_contract!(empty_store_of_keys);
ashlar_identity::signing_key_store_contract!(empty_store_of_signing_keys);
