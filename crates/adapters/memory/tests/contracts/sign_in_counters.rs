//! Attempts counted in process.

use std::sync::Arc;

use ashlar_identity::contract::sign_in_counters::Fixture;
use ashlar_memory::MemorySignInCounters;

fn fixture() -> std::future::Ready<Option<Fixture>> {
    std::future::ready(Some(Fixture(Arc::new(MemorySignInCounters::new()))))
}

ashlar_identity::sign_in_counters_contract!(fixture);
