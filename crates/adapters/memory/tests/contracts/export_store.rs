//! The store of large exports.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_kernel::TimeOrderedIds;
use ashlar_leads::contract::{Fixture, exports::ExportFixture};
use ashlar_memory::{ManualClock, MemoryStore, SeededEntropy};

fn empty_store() -> Ready<Option<ExportFixture>> {
    let clock = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids = Arc::new(TimeOrderedIds::new(clock, Arc::new(SeededEntropy::new(1))));
    let store = Arc::new(MemoryStore::new(ids));
    let leads = Fixture { store: Arc::clone(&store) as Arc<_>, log: Arc::clone(&store) as Arc<_> };
    ready(Some(ExportFixture { store, leads }))
}

ashlar_leads::export_store_contract!(empty_store);
