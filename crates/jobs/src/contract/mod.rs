//! The laws every [`JobStore`], [`Outbox`] and [`ScheduleStore`] obey, and those of the worker on top of them.
//! [`job_store_contract!`](crate::job_store_contract) makes one test of each.

use std::{pin::Pin, sync::Arc};

use ashlar_kernel::EventLog;
use uuid::Uuid;

use crate::{
    desk::DeskStore,
    port::{Bell, JobStore, Outbox, ScheduleStore},
};

pub mod bell;
pub mod by_hand;
pub mod leases;
pub mod queue;
pub mod races;
pub mod relay;
mod scene;
pub mod schedules;
pub mod turns;
pub mod windows;

/// Puts one event about the aggregate into the log, as a unit of work would.
pub type Emit = Arc<dyn Fn(Uuid) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Stores to try a law on: empty, and nobody else's.
#[derive(Clone)]
pub struct Fixture {
    /// The jobs.
    pub jobs: Arc<dyn JobStore>,
    /// The way from the log to the jobs.
    pub outbox: Arc<dyn Outbox>,
    /// The firings.
    pub schedules: Arc<dyn ScheduleStore>,
    /// Where people's steps are saved.
    pub desk: Arc<dyn DeskStore>,
    /// Says when there is something to do.
    pub bell: Arc<dyn Bell>,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Who writes the log.
    pub emit: Emit,
}

/// One of many who do the same at once. Answers how often it won.
pub type Runner = Pin<Box<dyn Future<Output = u64> + Send>>;

/// Starts all runners at once, in parallel where the runtime can, and gathers how often each won.
pub type StartRace = fn(Vec<Runner>) -> Pin<Box<dyn Future<Output = Vec<u64>> + Send>>;

/// Makes one test of each law. The argument is the path of a function `async fn() -> Option<Fixture>`; none means that
/// the database is not there, and the test passes after the function has said so. The crate that calls it needs tokio
/// with a runtime of several threads, so that races are races.
#[macro_export]
macro_rules! job_store_contract {
    ($fixture:path) => {
        $crate::job_store_contract!(@laws $fixture, queue,
            a_job_survives_storage,
            jobs_are_claimed_by_priority_time_and_id,
            a_job_is_claimed_in_its_time_and_from_its_queue_only,
            a_claim_takes_no_more_than_it_may,
            a_dedupe_key_finds_the_live_job,
            a_dedupe_key_is_of_one_tenant_and_kind,
            a_dedupe_key_counts_within_one_batch,
            a_job_nobody_understands_is_parked_and_taken_up_again,
            figures_are_of_each_queue,
            jobs_are_purged_when_their_time_is_over,
        );
        $crate::job_store_contract!(@laws $fixture, leases,
            a_late_worker_cannot_say_how_it_ended,
            a_heartbeat_keeps_a_job_and_a_late_one_is_refused,
            an_expired_lease_returns_with_one_more_attempt,
            a_heartbeat_in_between_refutes_the_reaper,
            a_worker_that_stops_gives_its_jobs_back,
            a_job_that_kills_its_workers_dies,
            a_failed_job_waits_within_its_bounds,
            a_handler_that_panics_fails_its_job_only,
            a_long_attempt_outlives_its_first_lease,
            an_attempt_that_lost_its_job_is_dropped,
        );
        $crate::job_store_contract!(@laws $fixture, turns,
            jobs_of_one_key_run_one_at_a_time_and_in_order,
            a_failed_job_is_not_overtaken,
            a_parked_job_is_not_overtaken,
            a_dead_or_cancelled_job_makes_way,
            keys_are_of_one_tenant_and_do_not_wait_for_each_other,
        );
        $crate::job_store_contract!(@laws $fixture, by_hand,
            a_cancelled_job_is_lost_to_its_worker,
            a_dead_job_is_given_another_chance,
            a_second_chance_makes_no_second_live_job,
            a_waiting_job_is_hurried,
            what_people_do_is_told_and_what_they_cannot_do_is_not,
            a_job_remembers_why_it_failed,
            jobs_are_shown_to_those_who_may_and_of_their_tenant,
            the_list_is_filtered_and_newest_first,
        );
        $crate::job_store_contract!(@laws $fixture, relay,
            an_event_leads_to_one_job_for_each_subscriber,
            an_event_nobody_wants_leaves_the_list,
            events_wait_until_they_are_moved,
            a_batch_is_a_batch,
        );
        $crate::job_store_contract!(@laws $fixture, schedules,
            a_schedule_begins_when_it_is_first_asked_about,
            a_moment_is_fired_for_once,
            a_scheduler_fires_what_is_due,
            the_last_firing_is_never_forgotten,
            a_schedule_is_run_by_hand_and_told,
        );
        $crate::job_store_contract!(@laws $fixture, bell,
            new_work_rings,
            a_ring_before_the_question_is_heard,
            everybody_who_listens_hears_it,
        );
        $crate::job_store_contract!(@laws $fixture, windows,
            effects_are_once_wherever_the_worker_stops,
            effects_are_once_whenever_the_worker_is_dropped,
        );
        mod job_race {
            use super::*;

            type Outcomes = ::std::pin::Pin<Box<dyn Future<Output = Vec<u64>> + Send>>;

            fn start(runners: Vec<$crate::contract::Runner>) -> Outcomes {
                let runners: Vec<_> = runners.into_iter().map(::tokio::spawn).collect();
                Box::pin(async move {
                    let mut won = Vec::new();
                    for runner in runners {
                        won.push(runner.await.expect("a runner neither won nor lost"));
                    }
                    won
                })
            }

            $crate::job_store_contract!(@races $fixture, start,
                racing_claimers_never_share_a_job,
                racing_enqueuers_of_one_key_leave_one_job,
                racing_relays_neither_lose_nor_double,
                racing_schedulers_fire_once,
                racing_workers_keep_the_order_of_a_key,
                racing_reapers_count_an_attempt_once,
                racing_operators_and_workers_agree,
            );
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
    (@races $fixture:path, $start:ident, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::races::$law(fixture, $start).await;
                }
            }
        )+
    };
}
