//! The audit trail.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_audit::contract::Fixture;
use ashlar_identity::{SessionEvent, SessionId, UserId, port::IdentityStore};
use ashlar_kernel::{Change, Clock, Context, IdSource, TimeOrderedIds};
use ashlar_memory::{ManualClock, MemoryStore, SeededEntropy, anonymous};
use uuid::Uuid;

fn empty_store() -> Ready<Option<Fixture>> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds::new(Arc::clone(&clock), Arc::new(SeededEntropy::new(1))));
    let store = Arc::new(MemoryStore::new(ids));
    let log = Arc::clone(&store);
    let emit = Arc::new(move |tenant| {
        let (store, context) = (Arc::clone(&log), Context { tenant, ..anonymous(&*clock) });
        let aggregate = Uuid::from_u128(7);
        let session = SessionId::from_uuid(aggregate);
        let event = SessionEvent::RefreshRepeated { session, user: UserId::from_uuid(aggregate) };
        Box::pin(async move {
            let mut tx = store.begin(&context).await.unwrap();
            tx.note_refresh_retry(Change::new(session, event)).await.unwrap();
            tx.commit().await.unwrap();
        }) as _
    });
    let (seal, checkpoints) = (Arc::clone(&store) as Arc<_>, Arc::clone(&store) as Arc<_>);
    let looked_up = Arc::clone(&store) as Arc<_>;
    let (retention, readers) = (Arc::clone(&store) as Arc<_>, Arc::clone(&store) as Arc<_>);
    ready(Some(Fixture { seal, checkpoints, trail: store, emit, log: looked_up, retention, readers }))
}

ashlar_audit::audit_store_contract!(empty_store);
