//! The laws every [`Brake`] of the rule [`BrakeRule::STUFFING`](crate::BrakeRule::STUFFING) obeys.
//! [`brake_contract!`](crate::brake_contract) makes one test of each. They choose sources of their own, so that they may
//! share a store.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use std::sync::Arc;

use futures::future::join_all;

use crate::{Brake, Timestamp};

const MINUTE: i64 = 60_000;

/// Twenty subjects put the brake on, which is said once; nineteen do not.
pub async fn twenty_subjects_put_it_on(brake: Arc<dyn Brake>) {
    for subject in 0..19 {
        assert!(!fail(&*brake, "law-twenty", subject, 0).await);
    }
    assert!(!is_on(&*brake, "law-twenty", 0).await);
    assert!(fail(&*brake, "law-twenty", 19, 1).await);
    assert!(is_on(&*brake, "law-twenty", 1).await);
    for subject in 20..60 {
        assert!(!fail(&*brake, "law-twenty", subject, 2).await);
    }
}

/// One subject is one, however often it fails.
pub async fn one_subject_counts_once(brake: Arc<dyn Brake>) {
    for _ in 0..10 {
        for subject in 0..19 {
            assert!(!fail(&*brake, "law-once", subject, 0).await);
        }
    }
    assert!(!is_on(&*brake, "law-once", 0).await);
}

/// A subject counts for ten minutes after its last failure.
pub async fn failures_of_long_ago_do_not_count(brake: Arc<dyn Brake>) {
    for subject in 0..19 {
        assert!(!fail(&*brake, "law-long-ago", subject, 0).await);
    }
    assert!(!fail(&*brake, "law-long-ago", 0, 5 * MINUTE).await, "counts for longer now");
    assert!(!fail(&*brake, "law-long-ago", 19, 10 * MINUTE).await, "of the others none is left");
    for subject in 20..37 {
        assert!(!fail(&*brake, "law-long-ago", subject, 10 * MINUTE).await);
    }
    assert!(fail(&*brake, "law-long-ago", 37, 15 * MINUTE - 1).await);
}

/// The brake comes off after an hour, and then all begins anew.
pub async fn it_comes_off_after_an_hour(brake: Arc<dyn Brake>) {
    for subject in 0..20 {
        fail(&*brake, "law-hour", subject, 0).await;
    }
    assert!(is_on(&*brake, "law-hour", 60 * MINUTE - 1).await);
    assert!(!is_on(&*brake, "law-hour", 60 * MINUTE).await);
    for subject in 20..39 {
        assert!(!fail(&*brake, "law-hour", subject, 60 * MINUTE).await);
    }
    assert!(fail(&*brake, "law-hour", 39, 60 * MINUTE).await);
    assert!(is_on(&*brake, "law-hour", 119 * MINUTE).await);
}

/// Sources are counted apart, also where one is called as another with something behind it.
pub async fn sources_are_apart(brake: Arc<dyn Brake>) {
    for subject in 0..10 {
        for source in ["law-apart", "law-apart:1", "law-apart:"] {
            assert!(!fail(&*brake, source, subject, 0).await);
        }
    }
    for subject in 10..20 {
        fail(&*brake, "law-apart", subject, 0).await;
    }
    assert!(is_on(&*brake, "law-apart", 0).await);
    for other in ["law-apart:1", "law-apart:", ""] {
        assert!(!is_on(&*brake, other, 0).await, "{other}");
    }
}

/// However many fail at once, one of them is told.
pub async fn race_puts_it_on_once(brake: Arc<dyn Brake>) {
    let runners = (0..100).map(|subject| fail(&*brake, "law-race", subject, 0));
    let told = join_all(runners).await.into_iter().filter(|told| *told).count();
    assert_eq!(told, 1);
}

async fn fail(brake: &dyn Brake, source: &str, subject: u32, milliseconds: i64) -> bool {
    brake.note_failure(source, &subject.to_string(), at(milliseconds)).await.unwrap()
}

async fn is_on(brake: &dyn Brake, source: &str, milliseconds: i64) -> bool {
    brake.is_on(source, at(milliseconds)).await.unwrap()
}

fn at(milliseconds: i64) -> Timestamp {
    let noon = 1_893_499_200_000; // 2030-01-01T12:00:00Z
    Timestamp::from_timestamp_millis(noon + milliseconds).unwrap()
}

/// Makes one test of each law, under `#[tokio::test]`. The argument is the name of an async function without arguments
/// that answers a fresh brake as `Option<Arc<dyn Brake>>`, none where it cannot be had.
#[macro_export]
macro_rules! brake_contract {
    ($fresh:path) => {
        $crate::brake_contract!($fresh,
            twenty_subjects_put_it_on,
            one_subject_counts_once,
            failures_of_long_ago_do_not_count,
            it_comes_off_after_an_hour,
            sources_are_apart,
            race_puts_it_on_once,
        );
    };
    ($fresh:path, $($law:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $law() {
            if let Some(brake) = $fresh().await {
                $crate::contract::brake::$law(brake).await;
            }
        }
    )+};
}
