//! Jobs, the relay and schedules.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_identity::{SessionEvent, SessionId, UserId, port::IdentityStore};
use ashlar_jobs::contract::Fixture;
use ashlar_kernel::{Change, Clock, IdSource, TimeOrderedIds};
use ashlar_memory::{ManualClock, MemoryJobs, MemoryStore, SeededEntropy, anonymous};

fn empty_store() -> Ready<Option<Fixture>> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds::new(Arc::clone(&clock), Arc::new(SeededEntropy::new(1))));
    let store = Arc::new(MemoryStore::new(Arc::clone(&ids)));
    let jobs = Arc::new(MemoryJobs::new((*store).clone(), ids));
    let log = Arc::clone(&store);
    let emit = Arc::new(move |aggregate| {
        let (store, context) = (Arc::clone(&store), anonymous(&*clock));
        let session = SessionId::from_uuid(aggregate);
        let event = SessionEvent::RefreshRepeated { session, user: UserId::from_uuid(aggregate) };
        Box::pin(async move {
            let mut tx = store.begin(&context).await.unwrap();
            tx.note_refresh_retry(Change::new(session, event)).await.unwrap();
            tx.commit().await.unwrap();
        }) as _
    });
    let outbox = Arc::clone(&jobs) as Arc<_>;
    let (schedules, bell) = (Arc::clone(&jobs) as Arc<_>, Arc::clone(&jobs) as Arc<_>);
    let desk = Arc::clone(&jobs) as Arc<_>;
    ready(Some(Fixture { jobs, outbox, schedules, desk, bell, log, emit }))
}

ashlar_jobs::job_store_contract!(empty_store);
