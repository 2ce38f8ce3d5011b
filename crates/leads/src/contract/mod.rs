//! The laws every [`LeadStore`] obeys, together with the [`EventLog`] it writes.
//! [`lead_store_contract!`](crate::lead_store_contract) makes one test of each.

use std::{pin::Pin, sync::Arc};

use ashlar_kernel::EventLog;

use crate::port::LeadStore;

pub mod arrivals;
pub mod clients;
pub mod contacts;
pub mod duplicates;
pub mod exports;
pub mod files;
pub mod forms;
pub mod leads;
pub mod lists;
pub mod mergers;
pub mod newsletter;
pub mod notes;
mod office;
pub mod owners;
pub mod purges;
pub mod races;
mod scene;
pub mod stats;
pub mod transfers;

/// A store to try a law on: empty but for the tenant `main`, and nobody else's.
pub struct Fixture {
    /// The store on trial.
    pub store: Arc<dyn LeadStore>,
    /// The log it writes.
    pub log: Arc<dyn EventLog>,
}

/// One of many who do the same at once. True if it won; a runner that fails otherwise than by losing panics.
pub type Runner = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Starts all runners at once, in parallel where the runtime can, and gathers who won.
pub type StartRace = fn(Vec<Runner>) -> Pin<Box<dyn Future<Output = Vec<bool>> + Send>>;

/// Makes one test of each law of [`LeadStore`](crate::port::LeadStore). The argument is the path of a function
/// `async fn() -> Option<Fixture>`; none means that the database is not there, and the test passes after the function
/// has said so. The crate that calls it needs tokio with a runtime of several threads, so that races are races.
#[macro_export]
macro_rules! lead_store_contract {
    ($fixture:path) => {
        $crate::lead_store_contract!(@laws $fixture, leads,
            a_lead_survives_storage,
            a_lead_is_of_one_tenant,
            a_dropped_unit_of_work_leaves_neither_lead_nor_event,
            a_taken_address_is_reported_by_name,
            an_address_is_free_when_its_lead_is_put_away_or_spam,
            an_address_that_was_taken_meanwhile_is_not_given_back,
            a_stale_copy_of_a_lead_is_refused,
            a_lead_that_was_put_away_is_seen_by_nobody,
            an_erased_lead_leaves_nothing_but_events,
        );
        $crate::lead_store_contract!(@laws $fixture, arrivals,
            an_added_lead_is_whole,
            a_lead_that_is_not_added_leaves_nothing,
        );
        $crate::lead_store_contract!(@laws $fixture, notes,
            a_lead_stands_where_its_history_says,
            a_move_from_elsewhere_is_stale,
            what_was_done_survives_storage,
            pages_of_notes_neither_skip_nor_repeat,
        );
        $crate::lead_store_contract!(@laws $fixture, lists,
            leads_are_filtered,
            leads_are_searched,
            a_search_follows_edits,
            pages_of_leads_neither_skip_nor_repeat,
            leads_are_counted_as_far_as_asked,
            alternatives_are_listed_together,
            what_is_looked_for_comes_first,
        );
        $crate::lead_store_contract!(@laws $fixture, mergers,
            what_was_noted_goes_along,
            a_merger_is_whole_or_not_at_all,
            the_address_of_a_part_may_be_taken,
            numbers_follow_mergers,
        );
        $crate::lead_store_contract!(@laws $fixture, duplicates,
            leads_that_are_alike_are_paired,
            pages_of_pairs_neither_skip_nor_repeat,
            of_many_equals_the_nearest_are_paired,
        );
        $crate::lead_store_contract!(@laws $fixture, purges,
            parts_go_with_the_lead,
            who_unsubscribed_is_not_written_to_again,
            a_message_is_erased,
        );
        $crate::lead_store_contract!(@laws $fixture, owners,
            leads_of_whoever_left_are_nobodys,
            leads_are_released_some_at_a_time,
        );
        $crate::lead_store_contract!(@laws $fixture, contacts,
            a_message_survives_storage,
            pages_of_messages_neither_skip_nor_repeat,
            messages_go_with_their_lead,
        );
        $crate::lead_store_contract!(@laws $fixture, stats,
            numbers_are_those_of_a_recount,
            many_leads_come_at_once,
        );
        $crate::lead_store_contract!(@laws $fixture, forms,
            a_form_says_no_more_than_strangers_may,
            a_touch_leaves_the_lead_as_it_is,
            what_no_person_sends_leaves_nothing,
        );
        $crate::lead_store_contract!(@laws $fixture, clients,
            a_client_survives_storage,
            a_lead_becomes_one_client,
            a_contract_survives_storage,
            pages_of_clients_and_contracts_neither_skip_nor_repeat,
            files_of_contracts_have_places,
            files_of_open_contracts_go,
        );
        mod race {
            use super::*;

            type Outcomes = ::std::pin::Pin<Box<dyn Future<Output = Vec<bool>> + Send>>;

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

            $crate::lead_store_contract!(@races $fixture, start, races,
                racing_leads_of_one_address_leave_one,
                racing_moves_of_one_lead_have_one_winner,
            );
            $crate::lead_store_contract!(@races $fixture, start, arrivals,
                racing_newcomers_have_each_their_own_outcome,
                racing_newcomers_of_one_address_leave_one,
            );
            $crate::lead_store_contract!(@races $fixture, start, clients,
                racing_conversions_make_one_client,
            );
            $crate::lead_store_contract!(@races $fixture, start, mergers,
                racing_mergers_of_one_lead_have_one_winner,
                a_merger_and_an_edit_are_one_after_the_other,
                a_merger_and_a_conversion_leave_one_client,
            );
            $crate::lead_store_contract!(@races $fixture, start, forms,
                racing_forms_of_one_address_leave_one_lead_and_touches,
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
    (@races $fixture:path, $start:ident, $subject:ident, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::$subject::$law(fixture, $start).await;
                }
            }
        )+
    };
}
