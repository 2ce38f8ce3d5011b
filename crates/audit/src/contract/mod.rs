//! The laws every [`SealStore`], [`CheckpointStore`], [`TrailStore`] and [`AuditStore`] obey.
//! [`audit_store_contract!`](crate::audit_store_contract) makes one test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use std::{pin::Pin, sync::Arc};

use ashlar_kernel::{EventLog, TenantId};

use crate::{
    log::AuditStore,
    port::{CheckpointStore, RetentionStore, SealStore, SealTx, TrailStore},
};

pub mod checkpoints;
pub mod lookup;
pub mod races;
pub mod retention;
pub mod sealing;

/// Puts one event of the tenant into the log, as a unit of work would.
pub type Emit = Arc<dyn Fn(TenantId) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Stores to try a law on: empty, and nobody else's.
#[derive(Clone)]
pub struct Fixture {
    /// What waits, and the chains.
    pub seal: Arc<dyn SealStore>,
    /// The copies of checkpoints.
    pub checkpoints: Arc<dyn CheckpointStore>,
    /// The trail as verifiers see it.
    pub trail: Arc<dyn TrailStore>,
    /// Who writes the log.
    pub emit: Emit,
    /// The log as people look it up.
    pub log: Arc<dyn AuditStore>,
    /// Where bodies expire.
    pub retention: Arc<dyn RetentionStore>,
    /// The lists of the readers of the log.
    pub readers: Arc<dyn EventLog>,
}

/// Makes one test of each law. The argument is the path of a function `async fn() -> Option<Fixture>`; none means that
/// the database is not there, and the test passes after the function has said so. The crate that calls it needs tokio
/// with a runtime of several threads, so that races are races.
#[macro_export]
macro_rules! audit_store_contract {
    ($fixture:path) => {
        $crate::audit_store_contract!(@laws $fixture, sealing,
            what_was_sealed_verifies,
            an_event_is_sealed_once_and_waits_until_then,
            a_turn_that_was_dropped_has_sealed_nothing,
            each_tenant_has_a_chain_of_its_own,
            a_batch_is_a_batch,
            a_chain_goes_on_where_it_ended,
            a_snapshot_does_not_see_what_comes_later,
            a_page_holds_events_as_they_were_written,
            what_follows_a_checkpoint_verifies_without_what_came_before,
        );
        $crate::audit_store_contract!(@laws $fixture, checkpoints,
            a_longer_chain_wants_a_checkpoint,
            a_checkpoint_is_kept_as_it_was,
            what_was_put_away_waits_no_more,
        );
        $crate::audit_store_contract!(@laws $fixture, lookup,
            an_event_is_found_in_its_own_tenant,
            filters_let_through_what_they_say,
            events_are_read_in_order_page_by_page,
            personal_values_stand_beside_the_log,
            what_is_erased_is_gone_and_the_trail_is_whole,
        );
        $crate::audit_store_contract!(@laws $fixture, retention,
            what_was_kept_for_long_enough_goes_and_the_trail_is_whole,
            events_of_retention_stay,
            what_is_not_settled_stays,
            bodies_are_found_by_class_in_the_order_of_time,
            a_dropped_turn_lets_nothing_expire,
            places_are_made_once_and_no_event_goes_with_one,
        );
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn racing_runs_let_each_body_expire_once() {
            if let Some(fixture) = $fixture().await {
                let start = |runners: Vec<$crate::contract::races::Runner>| async move {
                    let runners: Vec<_> = runners.into_iter().map(::tokio::spawn).collect();
                    for runner in runners {
                        runner.await.expect("a run failed");
                    }
                };
                $crate::contract::retention::racing_runs_let_each_body_expire_once(fixture, start).await;
            }
        }
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn racing_sealers_leave_neither_gap_nor_double() {
            if let Some(fixture) = $fixture().await {
                let start = |runners: Vec<$crate::contract::races::Runner>| async move {
                    let runners: Vec<_> = runners.into_iter().map(::tokio::spawn).collect();
                    for runner in runners {
                        runner.await.expect("a sealer failed");
                    }
                };
                $crate::contract::races::racing_sealers_leave_neither_gap_nor_double(fixture, start).await;
            }
        }
    };
    (@laws $fixture:path, $subject:ident, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::$subject::$law(fixture).await;
                }
            }
        )+
    };
}

/// How often a law looks before it gives up.
const LOOKS: usize = 20_000;

/// Noon of a day that is far away.
pub(crate) fn noon() -> ashlar_kernel::Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

/// A tenant that need not exist.
pub(crate) fn other_tenant() -> TenantId {
    TenantId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0009))
}

impl Fixture {
    pub(crate) async fn emit(&self, tenant: TenantId, events: usize) {
        for _event in 0..events {
            (self.emit)(tenant).await;
        }
    }

    /// A turn with so many events. What happens elsewhere on a server of databases may hold them up for a while.
    pub(crate) async fn turn(&self, events: usize) -> Box<dyn SealTx> {
        for _look in 0..LOOKS {
            if let Some(mut turn) = self.seal.begin_seal().await.unwrap()
                && turn.pending(1_000).await.unwrap().len() == events
            {
                return turn;
            }
        }
        unreachable!("there were never {events} events to seal");
    }

    /// Seals until nothing waits; how many events.
    pub(crate) async fn seal_all(&self) -> u32 {
        let sealer = crate::Sealer::new(Arc::clone(&self.seal));
        let mut all = 0;
        for _step in 0..LOOKS {
            all += sealer.step(noon()).await.unwrap();
            if self.seal.unsealed().await.unwrap().events == 0 {
                return all;
            }
        }
        unreachable!("events still wait");
    }

    /// The report about the trail of `tenant`.
    pub(crate) async fn report(&self, tenant: TenantId) -> crate::Report {
        let mut snapshot = self.trail.snapshot().await.unwrap();
        crate::verify::verify_trail(&mut *snapshot, tenant, Vec::new(), &|_rows| ()).await.unwrap()
    }
}
