//! Work behind the scenes: as tasks of this process, as processes of the program, and under `kill -9`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test reports by panicking")]

mod crew;
mod kill_nine;
mod processes;
mod windows;

use std::{sync::Arc, time::Duration};

use ashlar_audit::Sealer;
use ashlar_jobs::{Handlers, Schedule, Subscribers};
use ashlar_kernel::{Clock, SystemClock, Timestamp};
use ashlar_memory::SeededEntropy;
use ashlar_server::work::{Sealing, SharedClock, Work};
use ashlar_sql::SqlStore;
use chrono::TimeDelta;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The clock of this machine, ahead by some time.
struct Ahead(TimeDelta);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }
}

/// Work on a store by a clock that is ahead.
fn work(store: &SqlStore, ahead: TimeDelta, handlers: Handlers) -> Work {
    let local: Arc<dyn Clock> = Arc::new(Ahead(ahead));
    let exact = Arc::new(|| Box::pin(std::future::ready(Ok(TimeDelta::zero()))) as _);
    Work {
        jobs: Arc::new(store.clone()),
        outbox: Arc::new(store.clone()),
        firings: Arc::new(store.clone()),
        bell: Arc::new(store.clone()),
        clock: SharedClock::new(local, exact),
        entropy: Arc::new(SeededEntropy::new(7)),
        handlers,
        subscribers: Subscribers::new(),
        schedules: Vec::<Schedule>::new(),
        errands: Vec::new(),
        concurrency: 4,
        sealing: Sealing { sealer: Sealer::new(Arc::new(store.clone())), checkpointer: None, every: PATIENCE },
        transfers: None,
        watch: None,
    }
}

/// Waits until `holds`, but not for ever.
async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "it never came to this: {what}");
}
