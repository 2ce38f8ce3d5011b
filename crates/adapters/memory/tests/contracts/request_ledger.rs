//! Requests that clients gave a name.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_identity::{SessionEvent, SessionId, UserId, port::IdentityStore};
use ashlar_kernel::{Change, Clock, IdSource, TimeOrderedIds, contract::request_ledger::Fixture};
use ashlar_memory::{ManualClock, MemoryStore, SeededEntropy, anonymous};

fn empty_store() -> Ready<Option<Fixture>> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds::new(Arc::clone(&clock), Arc::new(SeededEntropy::new(1))));
    let store = Arc::new(MemoryStore::new(ids));
    let ledger = Arc::clone(&store) as Arc<_>;
    let (other, moment) = (Arc::clone(&store), Arc::clone(&clock));
    let forget = Arc::new(move |tenant, about: Vec<uuid::Uuid>, commit| {
        let (store, context) = (Arc::clone(&other), anonymous(&*moment));
        Box::pin(async move {
            let mut tx = IdentityStore::begin(&*store, &context).await?;
            let forgotten = tx.forget_answers(tenant, &about).await?;
            if commit { tx.commit().await.map(|()| forgotten) } else { Ok(forgotten) }
        }) as _
    });
    let work = Arc::new(move |receipt: ashlar_kernel::Receipt, commit| {
        let (store, context) = (Arc::clone(&store), anonymous(&*clock));
        Box::pin(async move {
            let token = receipt.claimed.token;
            let session = SessionId::from_uuid(token);
            let event = SessionEvent::RefreshRepeated { session, user: UserId::from_uuid(token) };
            let mut tx = store.begin(&context).await?;
            tx.note_refresh_retry(Change::new(session, event)).await.unwrap();
            tx.remember(receipt).await?;
            if commit { tx.commit().await } else { Ok(()) }
        }) as _
    });
    ready(Some(Fixture { ledger, work, forget }))
}

ashlar_kernel::request_ledger_contract!(empty_store);
