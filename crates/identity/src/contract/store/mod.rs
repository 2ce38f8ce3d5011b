//! The laws every [`IdentityStore`] obeys, together with the [`EventLog`] it writes.
//! [`identity_store_contract!`](crate::identity_store_contract) makes one test of each.

use std::{pin::Pin, sync::Arc};

use ashlar_kernel::EventLog;

use crate::port::IdentityStore;

pub mod accounts;
pub mod administration;
pub mod api_keys;
pub mod bootstrap;
pub mod devices;
pub mod erasure;
pub mod events;
pub mod factors;
pub mod imports;
pub mod links;
pub mod login_history;
pub mod logins;
pub mod races;
mod scene;
pub mod sessions;
pub mod signing_keys;
pub mod tenancies;

/// A store to try a law on: empty but for the tenant `main`, and nobody else's.
pub struct Fixture {
    /// The store on trial.
    pub store: Arc<dyn IdentityStore>,
    /// The log it writes.
    pub log: Arc<dyn EventLog>,
}

/// One of many who do the same at once. True if it won; a runner that fails otherwise than by losing panics.
pub type Runner = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Starts all runners at once, in parallel where the runtime can, and gathers who won.
pub type StartRace = fn(Vec<Runner>) -> Pin<Box<dyn Future<Output = Vec<bool>> + Send>>;

/// Makes one test of each law of [`IdentityStore`](crate::port::IdentityStore). The argument is the path of a function
/// `async fn() -> Option<Fixture>`; none means that the database is not there, and the test passes after the function
/// has said so. The crate that calls it needs tokio with a runtime of several threads, so that races are races.
#[macro_export]
macro_rules! identity_store_contract {
    ($fixture:path) => {
        $crate::identity_store_contract!(@laws $fixture, accounts,
            an_account_is_found_by_address_and_handle_in_any_spelling,
            an_account_survives_storage,
            an_account_is_seen_within_its_own_unit_of_work,
            a_dropped_unit_of_work_leaves_neither_row_nor_event,
            a_unit_of_work_that_was_refused_a_write_cannot_be_committed,
            a_taken_address_is_reported_by_name,
            a_taken_handle_is_reported_by_name,
            a_taken_address_is_reported_within_one_unit_of_work,
            a_stale_copy_of_an_account_is_refused,
            an_unknown_identifier_has_no_credential,
            a_credential_outside_its_tenant_has_no_account,
            a_shut_account_is_told_apart,
            the_main_tenant_is_always_there,
            the_first_administrator_is_claimed_once,
            a_dropped_claim_leaves_the_claim_free,
        );
        $crate::identity_store_contract!(@laws $fixture, bootstrap,
            one_token_waits_for_the_first_administrator,
            a_token_is_spent_once_and_in_time,
        );
        $crate::identity_store_contract!(@laws $fixture, factors,
            an_account_is_read_with_whether_it_has_a_second_factor,
            a_stale_copy_of_a_second_factor_is_refused,
        );
        $crate::identity_store_contract!(@laws $fixture, events,
            an_event_carries_its_envelope,
            events_keep_their_order,
            each_reader_has_a_list_of_its_own,
            a_handled_event_is_not_offered_again,
            a_reader_is_offered_as_many_events_as_it_asks_for,
        );
        $crate::identity_store_contract!(@laws $fixture, sessions,
            a_session_survives_storage,
            a_session_is_read_with_its_holder,
            a_session_of_nobodys_member_has_no_account,
            an_ended_session_is_found_and_an_unknown_one_is_not,
            a_stale_copy_of_a_session_is_refused,
            the_list_holds_living_sessions_only,
            the_list_is_sorted_to_the_millisecond,
            pages_of_the_list_neither_skip_nor_repeat,
            the_list_is_of_one_person_in_one_tenant,
            a_session_is_touched_at_most_once_a_minute,
            a_touch_leaves_no_event_and_makes_no_copy_stale,
            sessions_that_were_over_long_ago_are_purged,
        );
        $crate::identity_store_contract!(@laws $fixture, administration,
            a_person_is_seen_in_their_own_tenants_only,
            the_directory_is_sorted_three_ways,
            the_directory_is_filtered_and_searched,
            pages_of_the_directory_neither_skip_nor_repeat,
            people_are_counted_as_far_as_asked,
            a_changed_role_is_seen_at_once_and_a_stale_copy_is_refused,
            the_last_administrator_stays,
            a_shut_administrator_administers_nothing,
            a_person_is_taken_in_once_and_let_go,
            the_sessions_of_a_person_end_together,
            a_person_is_seen_by_the_work_that_takes_them_in,
        );
        $crate::identity_store_contract!(@laws $fixture, tenancies,
            a_tenant_survives_storage,
            a_short_name_is_given_once,
            a_stale_copy_of_a_tenant_is_refused,
            members_of_a_suspended_tenant_are_known,
            tenants_and_memberships_are_listed_by_short_name,
            a_session_moves_to_another_tenant,
            an_operator_is_told_apart,
        );
        $crate::identity_store_contract!(@laws $fixture, logins,
            a_failed_login_leaves_an_event_though_no_row_changes,
            a_login_makes_no_copy_of_the_account_stale,
            a_repeated_refresh_leaves_an_event_though_no_row_changes,
        );
        $crate::identity_store_contract!(@laws $fixture, login_history,
            attempts_follow_from_events,
            attempts_are_listed_by_person_and_by_tenant,
            pages_of_attempts_neither_skip_nor_repeat,
            attempts_of_long_ago_are_purged,
        );
        $crate::identity_store_contract!(@laws $fixture, erasure,
            what_is_held_about_a_person_is_found,
            an_erased_account_leaves_a_tombstone,
            the_names_of_an_erased_account_are_released,
            the_last_administrator_is_not_erased,
        );
        $crate::identity_store_contract!(@laws $fixture, devices,
            a_device_survives_storage,
            devices_of_every_tenant_are_found,
            an_id_and_a_place_are_of_one_device,
            sessions_end_with_their_device,
            devices_of_long_ago_are_purged,
        );
        $crate::identity_store_contract!(@laws $fixture, links,
            a_link_takes_the_place_of_the_one_before,
            a_link_is_used_once,
            a_registration_is_accepted_once_and_takes_its_siblings_along,
            registrations_that_ran_out_are_purged,
            sessions_end_together_but_for_one,
            a_login_with_credentials_of_before_is_stale,
            a_taken_address_is_no_new_address,
            a_request_leaves_an_event_though_no_row_changes,
        );
        $crate::identity_store_contract!(@laws $fixture, imports,
            an_imported_account_survives_storage,
            what_stands_in_the_way_of_an_import_is_named,
            an_import_that_is_too_late_is_stale,
            the_classes_of_hashes_are_counted,
            a_rehash_replaces_the_hash_and_nothing_else,
            a_rehash_that_is_too_late_leaves_no_trace,
            a_weak_password_is_known_until_the_next_one,
        );
        mod race {
            use super::*;

            $crate::identity_store_contract!(@start);

            $crate::identity_store_contract!(@races $fixture, start, races,
                racing_inserts_of_one_address_leave_one_account,
                racing_inserts_of_one_handle_leave_one_account,
                racing_claims_make_one_administrator,
                racing_updates_of_one_session_have_one_winner,
                administrators_who_demote_each_other_leave_one,
                administrators_who_shut_each_other_leave_one,
                racing_rehashes_of_one_password_have_one_winner,
            );
            $crate::identity_store_contract!(@races $fixture, start, bootstrap,
                racing_uses_of_one_token_have_one_winner,
            );

            $crate::identity_store_contract!(@races $fixture, start, devices, racing_devices_take_a_place_once);

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn racing_uses_of_one_link_have_one_winner() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::store::links::racing_uses_of_one_link_have_one_winner(fixture, start).await;
                }
            }
        }
    };
    (@laws $fixture:path, $subject:ident, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::store::$subject::$law(fixture).await;
                }
            }
        )+
    };
    (@start) => {
        type Outcomes = ::std::pin::Pin<Box<dyn Future<Output = Vec<bool>> + Send>>;

        fn start(runners: Vec<$crate::contract::store::Runner>) -> Outcomes {
            let runners: Vec<_> = runners.into_iter().map(::tokio::spawn).collect();
            Box::pin(async move {
                let mut won = Vec::new();
                for runner in runners {
                    won.push(runner.await.expect("a runner neither won nor lost"));
                }
                won
            })
        }
    };
    (@races $fixture:path, $start:ident, $subject:ident, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::store::$subject::$law(fixture, $start).await;
                }
            }
        )+
    };
}
