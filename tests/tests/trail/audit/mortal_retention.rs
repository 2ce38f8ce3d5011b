//! Whoever lets bodies expire and is killed at it leaves nothing half done.

use std::sync::Arc;

use ashlar_audit::{
    log::AuditEvent,
    port::{CheckpointStore as _, RetentionStore, RetentionTx, SignedCheckpoint, TrailStore as _},
    retention::{Applied, Candidate, Expirable, Expiry, Periods, Retention},
    verify::verify_trail,
};
use ashlar_kernel::{
    Change, Clock as _, Context, EventLog as _, LogReader, Receipt, RequestId, StoreError, SystemClock, TenantId,
    UnitOfWork,
};
use ashlar_sql::SqlStore;
use ashlar_tests::{
    Past, laws_of_databases,
    mortal::{Death, dies, every_window, orders},
    stores::{open, prepare},
};
use async_trait::async_trait;
use chrono::TimeDelta;
use uuid::Uuid;

use super::{emit, seal_all};

/// Before and after each step: one that was not made, and one whose answer was not heard.
const WINDOWS: [&str; 10] = [
    "before the turn",
    "after the turn",
    "before the search",
    "after the search",
    "before it is written down",
    "after it is written down",
    "before the deletion",
    "after the deletion",
    "before the commit",
    "after the commit",
];
const ROUNDS: usize = 2;
const EVENTS: usize = 3;

struct Mortal {
    store: SqlStore,
    death: Arc<Death>,
}

struct MortalTurn {
    turn: Box<dyn RetentionTx>,
    death: Arc<Death>,
}

#[async_trait]
impl RetentionStore for Mortal {
    async fn covered_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.store.covered_tenants().await
    }
    async fn expirable(&self, search: &Expirable) -> Result<Vec<Candidate>, StoreError> {
        // Two at a time, so that there is more than one turn.
        RetentionStore::expirable(&self.store, &Expirable { limit: 2, ..*search }).await
    }
    async fn begin_retention(&self, context: &Context) -> Result<Option<Box<dyn RetentionTx>>, StoreError> {
        let turn = self.death.around(0, self.store.begin_retention(context)).await?;
        let mortal = |turn| Box::new(MortalTurn { turn, death: Arc::clone(&self.death) }) as Box<dyn RetentionTx>;
        Ok(turn.map(mortal))
    }
}

#[async_trait]
impl UnitOfWork for MortalTurn {
    async fn remember(&mut self, receipt: Receipt) -> Result<(), StoreError> {
        self.turn.remember(receipt).await
    }
    async fn forget_answers(&mut self, tenant: TenantId, about: &[Uuid]) -> Result<u64, StoreError> {
        self.turn.forget_answers(tenant, about).await
    }
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { turn, death } = *self;
        death.around(8, turn.commit()).await
    }
}

#[async_trait]
impl RetentionTx for MortalTurn {
    async fn unrecorded(&mut self, tenant: TenantId, found: Vec<Candidate>) -> Result<Vec<Candidate>, StoreError> {
        self.death.around(2, self.turn.unrecorded(tenant, found)).await
    }
    async fn record(&mut self, change: Change<Expiry, AuditEvent>) -> Result<(), StoreError> {
        self.death.around(4, self.turn.record(change)).await
    }
    async fn delete_recorded(&mut self) -> Result<Option<u64>, StoreError> {
        self.death.around(6, self.turn.delete_recorded()).await
    }
}

/// Everything that happened is sealed, signed and elsewhere, and the relay has handled it.
async fn settle(store: &SqlStore) {
    seal_all(store).await;
    let heads = store.uncovered(10).await.unwrap();
    let signed = |head: &ashlar_audit::Head| SignedCheckpoint {
        tenant: head.tenant(),
        size: head.size(),
        note: "note".to_owned(),
    };
    let signed: Vec<_> = heads.iter().map(signed).collect();
    store.save_checkpoints(&signed, SystemClock.now()).await.unwrap();
    store.mark_published(&signed, SystemClock.now()).await.unwrap();
    let waiting = store.pending(LogReader::Dispatch, 1_000).await.unwrap();
    let ids: Vec<_> = waiting.iter().map(|event| event.id).collect();
    store.handled(LogReader::Dispatch, &ids).await.unwrap();
}

/// When everything is old.
fn context() -> Context {
    let later = SystemClock.now() + TimeDelta::days(1_000);
    Context::system("retention", TenantId::MAIN, RequestId::parse("retention").unwrap(), later)
}

/// Started by the tests below, in a process of its own: three things happen, and are let go of long after; the process dies
/// of it. Without orders it is no test.
#[tokio::test(flavor = "multi_thread")]
async fn mortal() {
    let Some((number, window, pass, url)) = orders::<(u64, usize, usize, String)>() else { return };
    let store = open(&url, number).await;
    emit(&store, EVENTS).await;
    let death = Arc::new(Death::in_window(window, pass));
    let mortal = Mortal { store: store.clone(), death };
    let retention = Retention::new(Arc::new(mortal), Periods::default());
    for _night in 0..100 {
        settle(&store).await;
        retention.apply(&context()).await.unwrap();
    }
}

async fn retention_survives_kill_nine(url: &str) {
    prepare(url).await;
    for (number, window) in every_window(ROUNDS, WINDOWS.len()) {
        // With three events and two at a time there are two turns at least.
        let orders = (number, window, 1 + number % 2, url);
        dies(module_path!(), &orders, &format!("process {number}, {},", WINDOWS[window]));
    }

    let store = open(url, 0).await;
    let retention = Retention::new(Arc::new(store.clone()), Periods::default());
    for _night in 0..10 {
        settle(&store).await;
        if retention.apply(&context()).await.unwrap() == Applied::default() {
            break;
        }
    }

    let mut snapshot = store.snapshot().await.unwrap();
    let report = verify_trail(&mut *snapshot, TenantId::MAIN, Vec::new(), &|_rows| ()).await.unwrap();
    assert_eq!((report.breach, report.expired), (None, u64::try_from(ROUNDS * WINDOWS.len() * EVENTS).unwrap()));
    let past = Past::the_product(url);
    let left = "SELECT count(*) FROM event WHERE name <> 'audit.retention.applied'";
    assert_eq!(past.number(left).await, 0);
    assert_eq!(past.number("SELECT count(*) FROM audit_expiry_pending").await, 0);
}

laws_of_databases!(retention_survives_kill_nine);
