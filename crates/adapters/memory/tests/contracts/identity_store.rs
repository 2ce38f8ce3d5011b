//! The store, and the log it writes.

use std::sync::Arc;

use ashlar_identity::contract::store::Fixture;
use ashlar_kernel::{SystemClock, TimeOrderedIds};
use ashlar_memory::{MemoryStore, SeededEntropy};

async fn empty_store() -> Option<Fixture> {
    let ids = Arc::new(TimeOrderedIds::new(Arc::new(SystemClock), Arc::new(SeededEntropy::new(1))));
    let store = Arc::new(MemoryStore::new(ids));
    Some(Fixture { store: Arc::clone(&store) as Arc<_>, log: store })
}

ashlar_identity::identity_store_contract!(empty_store);
