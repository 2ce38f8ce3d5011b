//! The laws every [`SignInCounters`] obeys. [`sign_in_counters_contract!`](crate::sign_in_counters_contract) makes one
//! test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, clippy::panic, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{MacKey, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::store::StartRace;
use crate::{
    CounterKey, Entry, Identifier, Ladder, SignInCounter,
    port::{CounterWrite, SignInCounters, StoredCounter},
};

/// Counters to try a law on: none yet.
pub struct Fixture(pub Arc<dyn SignInCounters>);

fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn key(name: &str) -> CounterKey {
    CounterKey::of_strangers(&MacKey::from_bytes([1; 32]), &Identifier::parse(name).unwrap())
}

/// A counter after one failure, and the stamp `number`.
fn failed(number: u128) -> StoredCounter {
    let mut counter = SignInCounter::default();
    let Entry::Admitted(slot) = counter.enter(Ladder::PASSWORD, noon()) else { panic!("the first try is admitted") };
    StoredCounter { counter: counter.fail(slot, Ladder::PASSWORD, noon()).0, stamp: Uuid::from_u128(number) }
}

fn write(name: &str, before: Option<u128>, after: Option<u128>) -> CounterWrite {
    let after = after.map(|number| (failed(number), noon() + TimeDelta::hours(1)));
    CounterWrite { key: key(name), before: before.map(Uuid::from_u128), after }
}

/// What was put is found, under its own key.
pub async fn a_counter_is_found_as_it_was_put(Fixture(counters): Fixture) {
    assert_eq!(counters.counter(&key("ada")).await.unwrap(), None);
    assert!(counters.put_counter(write("ada", None, Some(1))).await.unwrap());
    assert_eq!(counters.counter(&key("ada")).await.unwrap(), Some(failed(1)));
    assert_eq!(counters.counter(&key("bob")).await.unwrap(), None);
}

/// Who has not read the last write changes nothing.
pub async fn a_write_on_top_of_another_state_is_refused(Fixture(counters): Fixture) {
    assert!(counters.put_counter(write("ada", None, Some(1))).await.unwrap());
    assert!(!counters.put_counter(write("ada", None, Some(2))).await.unwrap(), "there is one already");
    assert!(!counters.put_counter(write("ada", Some(7), Some(2))).await.unwrap(), "it is another");
    assert!(!counters.put_counter(write("ada", Some(7), None)).await.unwrap());
    assert!(!counters.put_counter(write("bob", Some(1), Some(2))).await.unwrap(), "there is none");
    assert_eq!(counters.counter(&key("ada")).await.unwrap(), Some(failed(1)));

    assert!(counters.put_counter(write("ada", Some(1), Some(2))).await.unwrap());
    assert_eq!(counters.counter(&key("ada")).await.unwrap(), Some(failed(2)));
    assert!(counters.put_counter(write("ada", Some(2), None)).await.unwrap());
    assert_eq!(counters.counter(&key("ada")).await.unwrap(), None);
    assert!(counters.put_counter(write("ada", None, None)).await.unwrap(), "nothing becomes nothing");
}

/// Of many who have read the same state one writes.
pub async fn racing_writes_have_one_winner(Fixture(counters): Fixture, start: StartRace) {
    for (before, round) in [(None, 10), (Some(10), 20)] {
        let runner = |number: u128| {
            let counters = Arc::clone(&counters);
            let stamp = if number == 0 { round } else { round + 1_000 + number };
            Box::pin(async move { counters.put_counter(write("ada", before, Some(stamp))).await.unwrap() }) as _
        };
        let won = start((0..8).map(runner).collect()).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        let winner = counters.counter(&key("ada")).await.unwrap().unwrap().stamp;
        // The next round begins where this one should have ended.
        let again = CounterWrite { before: Some(winner), ..write("ada", None, Some(round)) };
        assert!(counters.put_counter(again).await.unwrap());
    }
}

/// Only what need not be kept is tidied away.
pub async fn what_is_over_is_purged(Fixture(counters): Fixture) {
    for name in ["ada", "bob", "cleo"] {
        assert!(counters.put_counter(write(name, None, Some(1))).await.unwrap());
    }
    let end = noon() + TimeDelta::hours(1);
    assert_eq!(counters.purge_counters(end, 10).await.unwrap(), 0);
    assert_eq!(counters.purge_counters(end + TimeDelta::milliseconds(1), 2).await.unwrap(), 2);
    assert_eq!(counters.purge_counters(end + TimeDelta::milliseconds(1), 2).await.unwrap(), 1);
}

/// Makes one test of each law of [`SignInCounters`](crate::port::SignInCounters). The argument is the path of a function
/// `async fn() -> Option<Fixture>`; none means that what it needs is not there.
#[macro_export]
macro_rules! sign_in_counters_contract {
    ($fixture:path) => {
        $crate::sign_in_counters_contract!(@laws $fixture,
            a_counter_is_found_as_it_was_put,
            a_write_on_top_of_another_state_is_refused,
            what_is_over_is_purged,
        );

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn racing_writes_have_one_winner() {
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
            if let Some(fixture) = $fixture().await {
                $crate::contract::sign_in_counters::racing_writes_have_one_winner(fixture, start).await;
            }
        }
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::sign_in_counters::$law(fixture).await;
                }
            }
        )+
    };
}
