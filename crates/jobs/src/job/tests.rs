//! What can and cannot happen to a job.

use ashlar_memory::SeededEntropy;
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn ready(max_attempts: u32) -> Job {
    let what = NewJob::new(TenantId::MAIN, "mail.send", 1, &json!({"to": 7})).unwrap().attempts(max_attempts).unwrap();
    Job::enqueued(Id::from_uuid(Uuid::from_u128(1)), what, at(0))
}

fn running(max_attempts: u32) -> Job {
    claim(ready(max_attempts), 0)
}

fn claim(job: Job, second: i64) -> Job {
    let lease = Lease { worker: "w".to_owned(), until: at(second + 60) };
    next(job.claimed(lease, at(second)))
}

fn next(step: Result<Transition, WrongState>) -> Job {
    step.unwrap().next().clone()
}

fn entropy() -> SeededEntropy {
    SeededEntropy::new(1)
}

fn fail(job: Job, failure: &Failure, second: i64) -> Job {
    next(job.failed(failure, Backoff::STANDARD, &entropy(), at(second)))
}

#[test]
fn a_claim_gives_a_lease_and_a_new_token() {
    let job = running(3);
    assert_eq!((job.state(), job.token(), job.attempts()), (JobState::Running, 1, 0));
    assert_eq!(job.lease().unwrap().until, at(60));
}

#[test]
fn success_is_the_end() {
    let job = next(running(3).succeeded(at(5)));
    assert_eq!((job.state(), job.attempts(), job.finished_at()), (JobState::Done, 1, Some(at(5))));
    assert_eq!(job.lease(), None);
    assert_eq!(job.clone().cancelled(at(6)), Err(WrongState { state: JobState::Done }));
    assert_eq!(job.retried(at(6)), Err(WrongState { state: JobState::Done }));
}

#[test]
fn a_transient_failure_is_tried_again_until_attempts_run_out() {
    let passing = Failure::Transient("ask ada@example.org".to_owned());
    let once = fail(running(2), &passing, 10);
    assert_eq!((once.state(), once.attempts()), (JobState::Ready, 1));
    assert!(once.run_at() >= at(10) && once.run_at() <= at(12));
    assert_eq!(once.last_error(), Some("ask [address]"));

    let twice = fail(claim(once, 20), &passing, 21);
    assert_eq!((twice.state(), twice.attempts(), twice.finished_at()), (JobState::Dead, 2, Some(at(21))));
}

#[test]
fn a_permanent_failure_is_not_tried_again() {
    let dead = fail(running(9), &Failure::Permanent("no such user".to_owned()), 1);
    assert_eq!((dead.state(), dead.attempts()), (JobState::Dead, 1));
}

#[test]
fn a_rate_limited_job_waits_as_long_as_it_was_told_within_reason() {
    let told = |until| fail(running(9), &Failure::RateLimited { until, note: String::new() }, 10).run_at();
    assert_eq!(told(at(500)), at(500));
    assert_eq!(told(at(3)), at(10), "the past is now");
    assert_eq!(told(at(10) + TimeDelta::days(400)), at(10) + TimeDelta::days(1));
}

#[test]
fn an_expired_lease_counts_an_attempt_and_a_living_one_does_not_expire() {
    let expire = |job: Job, second| job.lease_expired(Backoff::STANDARD, &entropy(), at(second));
    assert_eq!(expire(running(2), 59), Err(WrongState { state: JobState::Running }));

    let step = expire(running(2), 60).unwrap();
    assert_eq!(step.guard().lease_until, Some(at(60)));
    assert_eq!((step.next().state(), step.next().attempts()), (JobState::Ready, 1));
    let again = claim(step.next().clone(), 100);
    assert_eq!(again.token(), 2);
    assert_eq!(next(expire(again, 160)).state(), JobState::Dead);
}

#[test]
fn giving_back_and_parking_count_no_attempt() {
    let back = next(running(1).released(at(7)));
    assert_eq!((back.state(), back.attempts(), back.run_at()), (JobState::Ready, 0, at(7)));
    let parked = next(running(1).parked(at(7)));
    assert_eq!((parked.state(), parked.attempts()), (JobState::Parked, 0));
    assert_eq!(next(parked.unparked(at(9))).state(), JobState::Ready);
}

#[test]
fn a_retry_by_hand_gives_all_attempts_again() {
    let dead = fail(running(1), &Failure::Transient("x".to_owned()), 1);
    let again = next(dead.retried(at(50)));
    assert_eq!((again.state(), again.attempts(), again.run_at()), (JobState::Ready, 0, at(50)));
    assert_eq!(again.last_error(), Some("x"), "until it succeeds, the reason stays");
}

#[test]
fn a_row_whose_parts_contradict_each_other_is_corrupt() {
    let row = running(1).to_row();
    assert_eq!(Job::restore(row.clone()).unwrap(), running(1));
    for broken in [
        JobRow { lease_until: None, ..row.clone() },
        JobRow { state: "done".to_owned(), ..row.clone() },
        JobRow { state: "gone".to_owned(), ..row.clone() },
        JobRow { payload: "{".to_owned(), ..row.clone() },
        JobRow { payload_version: 0, ..row.clone() },
        JobRow { max_attempts: 0, ..row.clone() },
        JobRow { kind: "No Kind".to_owned(), ..row },
    ] {
        assert!(Job::restore(broken.clone()).is_err(), "{broken:?}");
    }
}

/// One thing that happens to a job after another.
fn happen(job: Job, event: u8, now: Timestamp) -> Result<Transition, WrongState> {
    let (backoff, entropy) = (Backoff::STANDARD, entropy());
    match event {
        0 => job.claimed(Lease { worker: "w".to_owned(), until: now + TimeDelta::seconds(60) }, now),
        1 => job.succeeded(now),
        2 => job.failed(&Failure::Transient("t".to_owned()), backoff, &entropy, now),
        3 => job.failed(&Failure::Permanent("p".to_owned()), backoff, &entropy, now),
        4 => job.failed(&Failure::RateLimited { until: now, note: "r".to_owned() }, backoff, &entropy, now),
        5 => job.lease_expired(backoff, &entropy, now),
        6 => job.cancelled(now),
        7 => job.retried(now),
        8 => job.released(now),
        9 => job.parked(now),
        _ => job.unparked(now),
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_parts_of_a_job_fit_together(
        events in prop::collection::vec((0_u8..11, 0_i64..90), 0..60), max in 1_u32..5,
    ) {
        let (mut job, mut now) = (ready(max), at(0));
        for (event, seconds) in events {
            now += TimeDelta::seconds(seconds);
            let before = job.clone();
            let Ok(step) = happen(job.clone(), event, now) else { continue };
            job = step.next().clone();
            prop_assert_eq!(step.guard().state, before.state());
            prop_assert_eq!(step.guard().token, before.token());
            prop_assert!(job.attempts() <= max);
            prop_assert!(job.token() >= before.token());
            prop_assert!(before.state() != JobState::Done, "nothing follows success");
            let is_spent = job.attempts() == max;
            prop_assert!(!(is_spent && job.state() == JobState::Ready), "spent attempts, still ready");
            prop_assert_eq!(Job::restore(job.to_row()).unwrap(), normal(&job));
        }
    }
}

/// Storage keeps the moment of running and not what was asked for.
fn normal(job: &Job) -> Job {
    let mut job = job.clone();
    job.what.run_at = None;
    job
}
