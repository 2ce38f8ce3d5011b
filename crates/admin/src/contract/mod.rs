//! The laws every [`NotificationStore`] and [`LogStore`] obey. [`admin_store_contract!`](crate::admin_store_contract) makes
//! one test of each.

use std::sync::Arc;

use ashlar_kernel::{EventLog, IdSource};

use crate::{LogStore, NotificationStore};

pub mod letters;
pub mod log;
pub mod notifications;
pub mod numbers;
mod scene;
pub mod storage;

/// Stores to try a law on: empty, and nobody else's.
#[derive(Clone)]
pub struct Fixture {
    /// Notifications.
    pub notifications: Arc<dyn NotificationStore>,
    /// Lines.
    pub lines: Arc<dyn LogStore>,
    /// What happened.
    pub log: Arc<dyn EventLog>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
}

/// Makes one test of each law. The argument is the path of a function `async fn() -> Option<Fixture>`; none means that
/// the database is not there, and the test passes after the function has said so. The crate that calls it needs tokio.
#[macro_export]
macro_rules! admin_store_contract {
    ($fixture:path) => {
        $crate::admin_store_contract!(@laws $fixture, notifications,
            what_is_the_matter_is_raised_once_and_counted,
            what_several_notice_at_once_counts_once,
            what_is_over_is_resolved_and_may_come_back,
            the_first_to_acknowledge_is_remembered,
            notifications_are_of_one_tenant_and_for_those_who_may,
            the_list_is_filtered_and_newest_first,
            what_was_resolved_long_ago_is_forgotten,
            watchers_who_race_raise_once,
        );
        $crate::admin_store_contract!(@laws $fixture, letters,
            who_is_written_to_is_decided_once,
            nobody_is_written_to_about_what_is_not_critical_or_not_there,
            what_comes_and_goes_is_written_about_three_times_an_hour,
            decisions_that_race_come_to_one,
        );
        $crate::admin_store_contract!(@laws $fixture, storage,
            places_that_fail_are_raised_and_resolved_by_themselves,
            what_one_process_sees_is_not_taken_back_by_the_next,
            looks_and_surveys_leave_each_other_alone,
        );
        $crate::admin_store_contract!(@laws $fixture, log,
            lines_survive_storage,
            every_filter_counts_and_pages_follow_each_other,
            lines_are_for_operators,
            lines_of_long_ago_are_forgotten,
            too_many_lines_are_trimmed,
        );
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
