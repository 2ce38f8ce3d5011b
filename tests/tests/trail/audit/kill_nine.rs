//! A sealer that is killed a hundred times leaves neither gap nor double.

use std::{sync::Arc, time::Duration};

use ashlar_audit::{
    Extension, Head, Sealer,
    port::{SealStore, SealTx, TrailStore as _, Unsealed},
    verify::verify_trail,
};
use ashlar_kernel::{Clock as _, EventRecord, StoreError, SystemClock, TenantId, Timestamp};
use ashlar_sql::SqlStore;
use ashlar_tests::{
    laws_of_databases,
    mortal::{Death, dies, every_window, orders},
    stores::{open, prepare},
};
use async_trait::async_trait;

use super::{emit, seal_all};

/// Before and after each step: one that was not made, and one whose answer was not heard.
const WINDOWS: [&str; 10] = [
    "before the turn",
    "after the turn",
    "before the list",
    "after the list",
    "before the ends",
    "after the ends",
    "before the links",
    "after the links",
    "before the commit",
    "after the commit",
];
const ROUNDS: usize = 10;
const EVENTS: usize = 3;

struct Mortal {
    store: SqlStore,
    death: Arc<Death>,
}

struct MortalTurn {
    turn: Box<dyn SealTx>,
    death: Arc<Death>,
}

#[async_trait]
impl SealStore for Mortal {
    async fn begin_seal(&self) -> Result<Option<Box<dyn SealTx>>, StoreError> {
        let turn = self.death.around(0, self.store.begin_seal()).await?;
        let mortal = |turn| Box::new(MortalTurn { turn, death: Arc::clone(&self.death) }) as Box<dyn SealTx>;
        Ok(turn.map(mortal))
    }
    async fn unsealed(&self) -> Result<Unsealed, StoreError> {
        SealStore::unsealed(&self.store).await
    }
}

#[async_trait]
impl SealTx for MortalTurn {
    async fn pending(&mut self, _limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        // Two at a time, so that there is more than one turn.
        self.death.around(2, self.turn.pending(2)).await
    }
    async fn heads(&mut self, tenants: &[TenantId]) -> Result<Vec<Head>, StoreError> {
        self.death.around(4, self.turn.heads(tenants)).await
    }
    async fn append(&mut self, extensions: &[Extension], sealed_at: Timestamp) -> Result<(), StoreError> {
        self.death.around(6, self.turn.append(extensions, sealed_at)).await
    }
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { turn, death } = *self;
        death.around(8, turn.commit()).await
    }
}

/// Started by the tests below, in a process of its own: three things happen, it seals, and dies of it. Without orders it is no test.
#[tokio::test(flavor = "multi_thread")]
async fn mortal() {
    let Some((number, window, pass, url)) = orders::<(u64, usize, usize, String)>() else { return };
    let store = open(&url, number).await;
    emit(&store, EVENTS).await;
    let death = Arc::new(Death::in_window(window, pass));
    let sealer = Sealer::new(Arc::new(Mortal { store, death }));
    // Transactions elsewhere on the server may hold it up.
    for _step in 0..1_000 {
        sealer.step(SystemClock.now()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn a_sealer_survives_kill_nine(url: &str) {
    prepare(url).await;
    for (number, window) in every_window(ROUNDS, WINDOWS.len()) {
        // With three events and two at a time there are two turns at least.
        let orders = (number, window, 1 + number % 2, url);
        dies(module_path!(), &orders, &format!("process {number}, {},", WINDOWS[window]));
    }

    let store = open(url, 0).await;
    seal_all(&store).await;

    let mut snapshot = store.snapshot().await.unwrap();
    let report = verify_trail(&mut *snapshot, TenantId::MAIN, Vec::new(), &|_rows| ()).await.unwrap();
    assert_eq!(report.breach, None);
    assert_eq!(report.verified, u64::try_from(ROUNDS * WINDOWS.len() * EVENTS).unwrap());
    assert_eq!(snapshot.unsealed(TenantId::MAIN).await.unwrap(), Unsealed::default());
}

laws_of_databases!(a_sealer_survives_kill_nine);
