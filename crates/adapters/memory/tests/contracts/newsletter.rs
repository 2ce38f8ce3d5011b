//! The store of the newsletter, and the log it writes.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_kernel::TimeOrderedIds;
use ashlar_leads::contract::newsletter::NewsletterFixture;
use ashlar_memory::{ManualClock, MemoryStore, SeededEntropy};

fn empty_store() -> Ready<Option<NewsletterFixture>> {
    let clock = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids = Arc::new(TimeOrderedIds::new(clock, Arc::new(SeededEntropy::new(1))));
    let store = Arc::new(MemoryStore::new(ids));
    ready(Some(NewsletterFixture { store: Arc::clone(&store) as Arc<_>, log: store }))
}

ashlar_leads::newsletter_store_contract!(empty_store);
