//! The laws of the audit trail, on both databases, and what is special about each.

mod leaves;
mod lookup;
mod postgres;
mod retention;
mod roles;
mod sqlite;

use std::sync::Arc;

use ashlar_audit::contract::Fixture;
use ashlar_identity::{SessionEvent, SessionId, UserId, port::IdentityStore};
use ashlar_kernel::{Change, Context, TenantId};
use ashlar_sql::SqlStore;
use uuid::Uuid;

use crate::support::context;

/// Puts one event of the tenant into the log.
async fn emit(store: &SqlStore, tenant: TenantId) {
    let aggregate = Uuid::from_u128(7);
    let session = SessionId::from_uuid(aggregate);
    let event = SessionEvent::RefreshRepeated { session, user: UserId::from_uuid(aggregate) };
    let context = Context { tenant, ..context() };
    let mut tx = IdentityStore::begin(store, &context).await.unwrap();
    tx.note_refresh_retry(Change::new(session, event)).await.unwrap();
    tx.commit().await.unwrap();
}

/// A fixture of the contract; `database` goes when it does.
fn fixture_of(store: SqlStore, database: impl Send + Sync + 'static) -> Fixture {
    let (stores, database) = (Arc::new(store.clone()), Arc::new(database));
    let emit = Arc::new(move |tenant| {
        let (store, database) = (store.clone(), Arc::clone(&database));
        Box::pin(async move {
            emit(&store, tenant).await;
            drop(database);
        }) as _
    });
    Fixture {
        seal: Arc::clone(&stores) as Arc<_>,
        checkpoints: Arc::clone(&stores) as Arc<_>,
        log: Arc::clone(&stores) as Arc<_>,
        retention: Arc::clone(&stores) as Arc<_>,
        readers: Arc::clone(&stores) as Arc<_>,
        trail: stores,
        emit,
    }
}

/// What must not be done to what is sealed.
const REWRITINGS: [&str; 4] = [
    "UPDATE audit_chain SET seq = seq + 100",
    "DELETE FROM audit_chain",
    "UPDATE audit_tree SET level = level + 1",
    "DELETE FROM audit_tree",
];
