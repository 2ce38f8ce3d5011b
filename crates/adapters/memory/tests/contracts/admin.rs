//! Notifications and the system log.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_admin::contract::Fixture;
use ashlar_kernel::{Clock, IdSource, TimeOrderedIds};
use ashlar_memory::{ManualClock, MemoryAdmin, MemoryStore, SeededEntropy};

fn empty_store() -> Ready<Option<Fixture>> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds::new(clock, Arc::new(SeededEntropy::new(1))));
    let log = MemoryStore::new(Arc::clone(&ids));
    let admin = Arc::new(MemoryAdmin::new(log.clone(), Arc::clone(&ids)));
    ready(Some(Fixture { notifications: Arc::clone(&admin) as Arc<_>, lines: admin, log: Arc::new(log), ids }))
}

ashlar_admin::admin_store_contract!(empty_store);
