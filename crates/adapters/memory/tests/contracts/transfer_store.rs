//! The store of imports.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_kernel::TimeOrderedIds;
use ashlar_leads::contract::{Fixture, transfers::TransferFixture};
use ashlar_memory::{ManualClock, MemoryStore, SeededEntropy};

fn empty_store() -> Ready<Option<TransferFixture>> {
    let clock = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids = Arc::new(TimeOrderedIds::new(clock, Arc::new(SeededEntropy::new(1))));
    let store = Arc::new(MemoryStore::new(ids));
    let leads = Fixture { store: Arc::clone(&store) as Arc<_>, log: Arc::clone(&store) as Arc<_> };
    ready(Some(TransferFixture { store, leads }))
}

ashlar_leads::transfer_store_contract!(empty_store);
