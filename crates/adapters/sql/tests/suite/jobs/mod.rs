//! The laws of jobs, relay and schedules, on both databases.

mod bell;
mod constraints;
mod postgres;
mod sqlite;

use std::sync::Arc;

use ashlar_identity::{SessionEvent, SessionId, UserId, port::IdentityStore};
use ashlar_jobs::contract::Fixture;
use ashlar_kernel::Change;
use ashlar_sql::SqlStore;

use crate::support::context;

/// A fixture of the contract; `database` goes when it does.
fn fixture_of(store: SqlStore, database: impl Send + Sync + 'static) -> Fixture {
    let (stores, database) = (Arc::new(store.clone()), Arc::new(database));
    let emit = Arc::new(move |aggregate| {
        let (store, database) = (store.clone(), Arc::clone(&database));
        let session = SessionId::from_uuid(aggregate);
        let event = SessionEvent::RefreshRepeated { session, user: UserId::from_uuid(aggregate) };
        Box::pin(async move {
            let mut tx = store.begin(&context()).await.unwrap();
            tx.note_refresh_retry(Change::new(session, event)).await.unwrap();
            tx.commit().await.unwrap();
            drop(database);
        }) as _
    });
    Fixture {
        jobs: Arc::clone(&stores) as Arc<_>,
        outbox: Arc::clone(&stores) as Arc<_>,
        schedules: Arc::clone(&stores) as Arc<_>,
        desk: Arc::clone(&stores) as Arc<_>,
        bell: Arc::clone(&stores) as Arc<_>,
        log: stores,
        emit,
    }
}
