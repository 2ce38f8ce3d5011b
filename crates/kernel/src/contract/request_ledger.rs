//! The laws every [`RequestLedger`] obeys, together with the units of work of its store.
//! [`request_ledger_contract!`](crate::request_ledger_contract) makes one test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, clippy::panic, reason = "a law reports by panicking")]

use std::{pin::Pin, sync::Arc};

use chrono::TimeDelta;
use futures::future::join_all;
use uuid::Uuid;

use crate::{
    ClaimedRequest, Fingerprint, IdempotencyKey, Receipt, RequestClaim, RequestLedger, RequestName, RequestState,
    StoreError, StoredAnswer, TenantId, Timestamp,
};

/// Remembers a receipt in a unit of work that also changes something, and commits it or not.
pub type Work =
    Arc<dyn Fn(Receipt, bool) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>> + Send + Sync>;

/// Erases what was answered about something, in a unit of work that it commits or not; how many answers those were.
pub type Forget = Arc<
    dyn Fn(TenantId, Vec<Uuid>, bool) -> Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send>> + Send + Sync,
>;

/// A store to try a law on: empty, and nobody else's.
#[derive(Clone)]
pub struct Fixture {
    /// The ledger.
    pub ledger: Arc<dyn RequestLedger>,
    /// A unit of work.
    pub work: Work,
    /// Another.
    pub forget: Forget,
}

fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn name(key: &str) -> RequestName {
    RequestName { tenant: TenantId::MAIN, caller: "anonymous:7".to_owned(), key: IdempotencyKey::parse(key).unwrap() }
}

fn claim(name: RequestName, token: u128, at: TimeDelta) -> RequestClaim {
    let now = noon() + at;
    RequestClaim {
        claimed: ClaimedRequest { name, token: Uuid::from_u128(token) },
        fingerprint: Fingerprint([7; 32]),
        now,
        held_until: now + TimeDelta::seconds(35),
        kept_until: now + TimeDelta::hours(24),
    }
}

fn receipt(claim: &RequestClaim) -> Receipt {
    let headers = vec![("location".to_owned(), "/api/v1/things/ä".to_owned())];
    let answer = StoredAnswer { status: 201, headers, body: r#"{"name":"Zoë \"q\""}"#.to_owned() };
    Receipt { claimed: claim.claimed.clone(), answer }
}

const NOW: TimeDelta = TimeDelta::zero();

/// What was remembered with its change is answered again, and what ran before that is said to run.
pub async fn an_answer_is_remembered_with_its_change(fixture: Fixture) {
    let first = claim(name("a"), 1, NOW);
    assert_eq!(fixture.ledger.claim(&first).await.unwrap(), RequestState::Claimed);
    let again = RequestClaim { fingerprint: Fingerprint([8; 32]), ..claim(name("a"), 2, NOW) };
    assert_eq!(fixture.ledger.claim(&again).await.unwrap(), RequestState::Running(first.fingerprint));

    (fixture.work)(receipt(&first), true).await.unwrap();

    let answered = RequestState::Answered(first.fingerprint, receipt(&first).answer);
    assert_eq!(fixture.ledger.claim(&again).await.unwrap(), answered);
    fixture.ledger.release(&first.claimed).await.unwrap();
    assert!(!fixture.ledger.conclude(&receipt(&first)).await.unwrap(), "an answer is final");
    assert_eq!(fixture.ledger.claim(&again).await.unwrap(), answered);
}

/// No change, no answer.
pub async fn work_that_is_dropped_leaves_no_answer(fixture: Fixture) {
    let first = claim(name("a"), 1, NOW);
    fixture.ledger.claim(&first).await.unwrap();

    (fixture.work)(receipt(&first), false).await.unwrap();

    let again = fixture.ledger.claim(&claim(name("a"), 2, NOW)).await.unwrap();
    assert_eq!(again, RequestState::Running(first.fingerprint));
}

/// Nobody answers for a claim that another has taken over, and no change of theirs is saved.
pub async fn who_lost_the_claim_cannot_answer(fixture: Fixture) {
    let slow = claim(name("a"), 1, NOW);
    fixture.ledger.claim(&slow).await.unwrap();
    let next = claim(name("a"), 2, TimeDelta::seconds(34));
    assert_ne!(fixture.ledger.claim(&next).await.unwrap(), RequestState::Claimed, "it is still held");
    let next = claim(name("a"), 2, TimeDelta::seconds(35));
    assert_eq!(fixture.ledger.claim(&next).await.unwrap(), RequestState::Claimed, "its process is taken for dead");

    let refused = (fixture.work)(receipt(&slow), true).await;

    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    assert!(!fixture.ledger.conclude(&receipt(&slow)).await.unwrap());
    fixture.ledger.release(&slow.claimed).await.unwrap();
    (fixture.work)(receipt(&next), true).await.unwrap();
}

/// Tenants, callers and keys are apart.
pub async fn requests_are_apart(fixture: Fixture) {
    let elsewhere = TenantId::from_uuid(Uuid::from_u128(9));
    let apart = [
        name("a"),
        name("A"),
        name("ab"),
        RequestName { tenant: elsewhere, ..name("a") },
        RequestName { caller: "user:7".to_owned(), ..name("a") },
        RequestName { caller: "anonymous:8".to_owned(), ..name("a") },
    ];
    for (token, name) in apart.into_iter().enumerate() {
        let claim = claim(name, u128::try_from(token).unwrap(), NOW);
        assert_eq!(fixture.ledger.claim(&claim).await.unwrap(), RequestState::Claimed, "{claim:?}");
    }
}

/// A request that failed for a reason of ours may be made again at once.
pub async fn a_released_request_is_free(fixture: Fixture) {
    let first = claim(name("a"), 1, NOW);
    fixture.ledger.claim(&first).await.unwrap();

    fixture.ledger.release(&first.claimed).await.unwrap();

    assert_eq!(fixture.ledger.claim(&claim(name("a"), 2, NOW)).await.unwrap(), RequestState::Claimed);
}

/// A refusal is an answer too.
pub async fn a_refusal_is_remembered(fixture: Fixture) {
    let first = claim(name("a"), 1, NOW);
    fixture.ledger.claim(&first).await.unwrap();
    let refusal = StoredAnswer { status: 409, headers: Vec::new(), body: "{}".to_owned() };

    let saved = fixture.ledger.conclude(&Receipt { claimed: first.claimed, answer: refusal.clone() }).await.unwrap();

    assert!(saved);
    let again = fixture.ledger.claim(&claim(name("a"), 2, NOW)).await.unwrap();
    assert_eq!(again, RequestState::Answered(first.fingerprint, refusal));
}

/// What was told of something goes with it, and its key stays taken: nothing is done twice.
pub async fn answers_about_what_is_erased_are_erased(fixture: Fixture) {
    let ids = [1, 2, 3].map(Uuid::from_u128);
    let told = |key: &str, about: &[Uuid]| {
        let claim = claim(name(key), key.bytes().map(u128::from).sum(), NOW);
        let headers = vec![("location".to_owned(), "/api/v1/things/Zoë".to_owned())];
        let answer = StoredAnswer { status: 201, headers, body: format!(r#"{{"name":"Zoë","ids":{about:?}}}"#) };
        (claim.clone(), Receipt { claimed: claim.claimed, answer })
    };
    let requests = [told("a", &ids[..1]), told("b", &ids[1..2]), told("c", &ids[2..]), told("d", &ids)];
    let (running, _) = told("e", &[]);
    fixture.ledger.claim(&running).await.unwrap();
    for (claim, receipt) in &requests {
        fixture.ledger.claim(claim).await.unwrap();
        (fixture.work)(receipt.clone(), true).await.unwrap();
    }
    let forget = async |tenant, about: &[Uuid], commit| (fixture.forget)(tenant, about.to_vec(), commit).await.unwrap();
    assert_eq!(forget(TenantId::MAIN, &[], true).await, 0);
    assert_eq!(forget(TenantId::from_uuid(ids[0]), &ids, true).await, 0, "what another tenant was told");
    assert_eq!(forget(TenantId::MAIN, &ids[..2], false).await, 3, "but not if the work is dropped");
    assert_eq!(forget(TenantId::MAIN, &ids[..2], true).await, 3);
    assert_eq!(forget(TenantId::MAIN, &ids[..2], true).await, 0, "there is nothing left of it");

    for (claim, receipt) in requests {
        let is_left = claim.claimed.name.key.as_str() == "c";
        let answer = if is_left { receipt.answer } else { StoredAnswer::erased() };
        let state = fixture.ledger.claim(&claim).await.unwrap();
        assert_eq!(state, RequestState::Answered(claim.fingerprint, answer), "{claim:?}");
    }
    let state = fixture.ledger.claim(&running).await.unwrap();
    assert_eq!(state, RequestState::Running(running.fingerprint));
}

/// After a day a key means nothing any more, and after a while it is gone.
pub async fn keys_become_free_and_are_purged(fixture: Fixture) {
    for (token, key) in ["a", "b", "c"].into_iter().enumerate() {
        let claim = claim(name(key), u128::try_from(token).unwrap(), TimeDelta::seconds(i64::try_from(token).unwrap()));
        fixture.ledger.claim(&claim).await.unwrap();
        (fixture.work)(receipt(&claim), true).await.unwrap();
    }
    let day = TimeDelta::hours(24);
    let purge = async |at, limit| fixture.ledger.purge_requests(noon() + at, limit).await.unwrap();

    assert_eq!(purge(day, 10).await, 0);
    assert_eq!(purge(day + TimeDelta::seconds(3), 2).await, 2, "the oldest, so many at a time");
    let third = claim(name("c"), 9, day + TimeDelta::seconds(2));
    assert_eq!(fixture.ledger.claim(&third).await.unwrap(), RequestState::Claimed);
    assert_eq!(purge(day + TimeDelta::seconds(3), 10).await, 0, "it is in use again");
}

/// Of many who make one request at once, one carries it out.
pub async fn one_of_many_carries_it_out(fixture: Fixture) {
    let claims: Vec<_> = (0..20).map(|token| claim(name("race"), token, NOW)).collect();

    let states = join_all(claims.iter().map(|claim| fixture.ledger.claim(claim))).await;

    let states: Vec<_> = states.into_iter().map(Result::unwrap).collect();
    assert_eq!(states.iter().filter(|state| **state == RequestState::Claimed).count(), 1, "{states:?}");
    if let Some(other) = states.iter().find(|state| matches!(state, RequestState::Answered(..))) {
        panic!("nobody has answered: {other:?}");
    }
}

/// Makes one test of each law. The argument is the path of a function `async fn() -> Option<Fixture>`; none means that
/// the database is not there, and the test passes after the function has said so. The crate that calls it needs tokio.
#[macro_export]
macro_rules! request_ledger_contract {
    ($fixture:path) => {
        $crate::request_ledger_contract!(@laws $fixture,
            an_answer_is_remembered_with_its_change,
            work_that_is_dropped_leaves_no_answer,
            who_lost_the_claim_cannot_answer,
            requests_are_apart,
            a_released_request_is_free,
            a_refusal_is_remembered,
            answers_about_what_is_erased_are_erased,
            keys_become_free_and_are_purged,
            one_of_many_carries_it_out,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::request_ledger::$law(fixture).await;
                }
            }
        )+
    };
}
