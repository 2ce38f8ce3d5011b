//! The laws every [`RateLimiter`] obeys. [`rate_limiter_contract!`](crate::rate_limiter_contract) makes one test of
//! each. They choose keys of their own, so that they may share a store.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use std::{slice::from_ref, sync::Arc, time::Duration};

use futures::future::join_all;

use crate::{Charge, RateLimiter, RatePolicy, Timestamp, Verdict};

/// A quiet caller may spend the whole limit at once and not one request more; the answers count down.
pub async fn limit_is_spent_and_not_exceeded(limiter: Arc<dyn RateLimiter>) {
    let charge = charge("law-spend", 5, 60, "somebody");
    for left in (0..5).rev() {
        let verdict = spend(&*limiter, from_ref(&charge), 0).await;
        assert!(verdict.is_allowed());
        assert_eq!(verdict.standings[0].remaining, left);
    }
    let verdict = spend(&*limiter, from_ref(&charge), 0).await;
    assert!(!verdict.is_allowed());
    let tightest = verdict.tightest().unwrap();
    assert_eq!((tightest.policy.name(), tightest.remaining), ("law-spend", 0));
    assert_eq!(tightest.reset_after, Duration::from_secs(12), "five a minute is one each twelve seconds");
}

/// One request is regained each `window / limit`, and after a whole window all are.
pub async fn requests_are_regained_evenly(limiter: Arc<dyn RateLimiter>) {
    let charge = [charge("law-regain", 5, 60, "somebody")];
    for _ in 0..5 {
        assert!(spend(&*limiter, &charge, 0).await.is_allowed());
    }
    assert!(!spend(&*limiter, &charge, 11_999).await.is_allowed());
    assert!(spend(&*limiter, &charge, 12_000).await.is_allowed());
    assert!(!spend(&*limiter, &charge, 12_000).await.is_allowed());
    let verdict = spend(&*limiter, &charge, 12_000 + 60_000).await;
    assert_eq!(verdict.standings[0].remaining, 4);
}

/// Knocking at a closed door does not close it for longer.
pub async fn refused_requests_cost_nothing(limiter: Arc<dyn RateLimiter>) {
    let charge = [charge("law-knock", 1, 10, "somebody")];
    assert!(spend(&*limiter, &charge, 0).await.is_allowed());
    for at in 1..10 {
        assert!(!spend(&*limiter, &charge, at * 1_000).await.is_allowed());
    }
    assert!(spend(&*limiter, &charge, 10_000).await.is_allowed());
}

/// Callers and policies are counted apart, also where one key continues as the other begins.
pub async fn keys_and_policies_are_apart(limiter: Arc<dyn RateLimiter>) {
    let apart = [
        charge("law-apart", 1, 60, "a"),
        charge("law-apart", 1, 60, "ab"),
        charge("law-apart", 1, 60, "a:b"),
        charge("law-apart", 1, 60, ""),
        charge("law-apart:a", 1, 60, "b"),
    ];
    for charge in apart {
        assert!(spend(&*limiter, from_ref(&charge), 0).await.is_allowed(), "{charge:?}");
        assert!(!spend(&*limiter, from_ref(&charge), 0).await.is_allowed());
    }
}

/// A request that one policy refuses is charged to no policy, and only the refusing one is named.
pub async fn refusal_charges_no_policy(limiter: Arc<dyn RateLimiter>) {
    let (wide, narrow) = (charge("law-wide", 3, 60, "both"), charge("law-narrow", 1, 60, "both"));
    assert!(spend(&*limiter, &[wide.clone(), narrow.clone()], 0).await.is_allowed());
    for _ in 0..5 {
        let verdict = spend(&*limiter, &[wide.clone(), narrow.clone()], 0).await;
        let named: Vec<_> = verdict.violated.iter().map(|standing| standing.policy.name()).collect();
        assert_eq!(named, ["law-narrow"]);
        assert_eq!(verdict.standings[0].remaining, 2, "nothing was taken");
    }
    assert!(spend(&*limiter, from_ref(&wide), 0).await.is_allowed());
}

/// Nothing to count means nothing to refuse.
pub async fn nothing_charged_is_allowed(limiter: Arc<dyn RateLimiter>) {
    let verdict = spend(&*limiter, &[], 0).await;
    assert!(verdict.is_allowed() && verdict.tightest().is_none());
}

/// A clock that goes back by seconds, as between two machines, costs a caller those seconds and nothing more.
pub async fn clock_may_go_back(limiter: Arc<dyn RateLimiter>) {
    let charge = [charge("law-back", 3, 60, "somebody")];
    assert!(spend(&*limiter, &charge, 5_000).await.is_allowed());
    assert!(spend(&*limiter, &charge, 0).await.is_allowed());
    assert!(!spend(&*limiter, &charge, 4_999).await.is_allowed());
    assert!(spend(&*limiter, &charge, 5_000).await.is_allowed());
    assert!(!spend(&*limiter, &charge, 24_999).await.is_allowed());
    assert!(spend(&*limiter, &charge, 25_000).await.is_allowed());
}

/// However many ask at once, as many as the limit are let through.
pub async fn race_lets_the_limit_through(limiter: Arc<dyn RateLimiter>) {
    let charge = [charge("law-race", 20, 3_600, "somebody")];
    let runners = (0..100).map(|_| spend(&*limiter, &charge, 0));
    let allowed = join_all(runners).await.into_iter().filter(Verdict::is_allowed).count();
    assert_eq!(allowed, 20);
}

async fn spend(limiter: &dyn RateLimiter, charges: &[Charge], milliseconds: i64) -> Verdict {
    let noon = 1_893_499_200_000; // 2030-01-01T12:00:00Z
    let now = Timestamp::from_timestamp_millis(noon + milliseconds).unwrap();
    limiter.charge(charges, now).await.unwrap()
}

fn charge(policy: &'static str, limit: u32, seconds: u64, key: &str) -> Charge {
    Charge { policy: RatePolicy::new(policy, limit, Duration::from_secs(seconds)).unwrap(), key: key.to_owned() }
}

/// Makes one test of each law, under `#[tokio::test]`. The argument is the name of an async function without arguments
/// that answers a fresh limiter as `Option<Arc<dyn RateLimiter>>`, none where it cannot be had.
#[macro_export]
macro_rules! rate_limiter_contract {
    ($fresh:path) => {
        $crate::rate_limiter_contract!($fresh,
            limit_is_spent_and_not_exceeded,
            requests_are_regained_evenly,
            refused_requests_cost_nothing,
            keys_and_policies_are_apart,
            refusal_charges_no_policy,
            nothing_charged_is_allowed,
            clock_may_go_back,
            race_lets_the_limit_through,
        );
    };
    ($fresh:path, $($law:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $law() {
            if let Some(limiter) = $fresh().await {
                $crate::contract::rate_limiter::$law(limiter).await;
            }
        }
    )+};
}
