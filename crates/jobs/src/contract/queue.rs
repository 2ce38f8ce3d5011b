//! Laws of what goes in and what comes out.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::TenantId;
use chrono::TimeDelta;
use serde_json::json;

use super::{
    Fixture,
    scene::{LEASE, Scene, elsewhere, noon, note, numbers},
};
use crate::{
    Handlers, JobState, NewJob, Ran,
    port::{CLAIM_MAX, Claim, Purge, QueueStats},
};

/// A job comes out as it went in, and a claim gives its worker a lease and a token.
pub async fn a_job_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let payload =
        json!({ "text": "\u{e4} \" \\ \u{1F980}", "big": 9_007_199_254_740_993_i64, "float": 1.5e300, "none": null });
    let ask = NewJob::new(TenantId::MAIN, "law.note", 7, &payload).unwrap();
    let ask = ask.in_queue("slow").unwrap().with_priority(-3).attempts(4).unwrap();
    let ask = ask.once_per("o\u{e4}").unwrap().in_turn("s").unwrap().traced("00-abc-def-01").unwrap();
    let id = scene.enqueue(ask.run_at(noon() - TimeDelta::milliseconds(1))).await;

    let stored = scene.stored(id).await;
    let queues = ["slow".to_owned()];
    let claim = Claim { worker: "w1", queues: &queues, limit: 5, lease_until: noon() + LEASE, now: noon() };
    let claimed = scene.fixture.jobs.claim(claim).await.unwrap();

    assert_eq!(stored.payload(), &payload);
    assert_eq!((stored.queue(), stored.kind(), stored.version()), ("slow", "law.note", 7));
    assert_eq!((stored.priority(), stored.max_attempts(), stored.attempts()), (-3, 4, 0));
    assert_eq!((stored.dedupe_key(), stored.serial_key()), (Some("o\u{e4}"), Some("s")));
    assert_eq!((stored.trace_context(), stored.created_at()), (Some("00-abc-def-01"), noon()));
    assert_eq!((stored.state(), stored.run_at()), (JobState::Ready, noon() - TimeDelta::milliseconds(1)));
    let lease = crate::Lease { worker: "w1".to_owned(), until: noon() + LEASE };
    assert_eq!(claimed, [stored.claimed(lease, noon()).unwrap().next().clone()]);
    assert_eq!(scene.stored(id).await, claimed[0]);
    assert!(scene.fixture.jobs.find(elsewhere(), id).await.unwrap().is_none(), "it is another tenant's");
}

/// The smaller priority first, then the earlier time, then the older job.
pub async fn jobs_are_claimed_by_priority_time_and_id(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let early = |millis| noon() - TimeDelta::milliseconds(millis);
    let jobs = [
        note(5).run_at(early(1)),
        note(6).run_at(early(1)),
        note(7).run_at(early(0)),
        note(3).run_at(early(1_500)),
        note(4).run_at(early(1_000)),
        note(1).with_priority(-1),
        note(8).with_priority(1).run_at(early(9_000)),
        note(2).with_priority(-1),
    ];
    scene.fixture.jobs.enqueue(jobs.to_vec(), noon()).await.unwrap();

    assert_eq!(numbers(&scene.claim("w", 3).await), [1, 2, 3]);
    assert_eq!(numbers(&scene.claim("w", 20).await), [4, 5, 6, 7, 8]);
}

/// Neither before its time, nor by a worker of another queue, nor twice.
pub async fn a_job_is_claimed_in_its_time_and_from_its_queue_only(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.enqueue(note(1).in_queue("other").unwrap()).await;
    scene.enqueue(note(2).run_at(noon() + TimeDelta::milliseconds(1))).await;

    assert_eq!(scene.claim("w", 10).await, []);
    scene.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(numbers(&scene.claim("w", 10).await), [2]);
    assert_eq!(scene.claim("w", 10).await, []);
}

/// As many as it asks for, and never more than [`CLAIM_MAX`].
pub async fn a_claim_takes_no_more_than_it_may(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.fixture.jobs.enqueue((0..50).map(note).collect(), noon()).await.unwrap();

    assert_eq!(scene.claim("w", 0).await, []);
    assert_eq!(scene.claim("w", 3).await.len(), 3);
    assert_eq!(scene.claim("w", 1_000).await.len(), usize::try_from(CLAIM_MAX).unwrap());
}

/// As long as a job with the key may still run, there is no other.
pub async fn a_dedupe_key_finds_the_live_job(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let keyed = || note(1).once_per("daily").unwrap();
    let first = scene.enqueue(keyed()).await;

    assert_eq!(scene.enqueue(keyed()).await, first, "it waits");
    let claimed = scene.claim_one("w").await;
    assert_eq!(scene.enqueue(keyed()).await, first, "it runs");
    let step = claimed.succeeded(noon()).unwrap();
    scene.fixture.jobs.settle(step).await.unwrap();
    let second = scene.enqueue(keyed()).await;
    assert_ne!(second, first, "it is done");
    assert_eq!(scene.all().await.len(), 2);
}

/// The same key means nothing to another tenant or kind.
pub async fn a_dedupe_key_is_of_one_tenant_and_kind(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let job = |tenant, kind| NewJob::new(tenant, kind, 1, &0).unwrap().once_per("k").unwrap();
    for job in [job(TenantId::MAIN, "a"), job(TenantId::MAIN, "b"), job(elsewhere(), "a"), note(1), note(1)] {
        scene.enqueue(job).await;
    }
    assert_eq!(scene.all().await.len(), 5);
}

/// Twins in one batch are one job, and the answers say which.
pub async fn a_dedupe_key_counts_within_one_batch(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let key = |key: &str| note(0).once_per(key).unwrap();
    let answers = scene.fixture.jobs.enqueue(vec![key("a"), key("b"), note(1), key("a")], noon()).await.unwrap();

    assert_eq!(answers.iter().map(|answer| answer.is_new).collect::<Vec<_>>(), [true, true, true, false]);
    assert_eq!(answers[0].id, answers[3].id);
    assert_eq!(scene.all().await.len(), 3);
}

/// A job of an unknown kind or version waits, uncounted, for a worker that knows it.
pub async fn a_job_nobody_understands_is_parked_and_taken_up_again(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let newer = NewJob::new(TenantId::MAIN, "law.note", 2, &0).unwrap();
    let (newer, known) = (scene.enqueue(newer).await, scene.enqueue(note(1)).await);

    let ignorant = scene.worker_with(Handlers::new());
    assert_eq!(ignorant.step().await.unwrap(), [Ran::Settled(JobState::Parked), Ran::Settled(JobState::Parked)]);
    assert_eq!(ignorant.tend().await.unwrap().unparked, 0);
    let worker = scene.worker();
    assert_eq!(worker.tend().await.unwrap().unparked, 1);
    assert_eq!(worker.step().await.unwrap(), [Ran::Settled(JobState::Done)]);

    assert_eq!(scene.stored(known).await.state(), JobState::Done);
    let parked = scene.stored(newer).await;
    assert_eq!((parked.state(), parked.attempts()), (JobState::Parked, 0));
}

/// Waiting, running, dead and parked jobs are counted, and the longest wait is told.
pub async fn figures_are_of_each_queue(fixture: Fixture) {
    let scene = Scene::new(fixture);
    assert_eq!(scene.fixture.jobs.stats(noon()).await.unwrap(), []);
    for job in [
        note(1).run_at(noon() - TimeDelta::milliseconds(90_500)),
        note(2).run_at(noon() + TimeDelta::hours(1)),
        note(3).in_queue("later").unwrap().run_at(noon() + TimeDelta::hours(1)),
        note(4).with_priority(-9),
        note(5).with_priority(-8),
        note(6).with_priority(-7),
        note(7).with_priority(-6),
    ] {
        scene.enqueue(job).await;
    }
    let mut claimed = scene.claim("w", 4).await.into_iter();
    let mut next = || claimed.next().unwrap();
    let settle = |step| scene.fixture.jobs.settle(step);
    settle(next().succeeded(noon()).unwrap()).await.unwrap();
    settle(next().parked(noon()).unwrap()).await.unwrap();
    let failure = crate::Failure::Permanent("x".to_owned());
    let dead = next().failed(&failure, crate::Backoff::STANDARD, &NoDice, noon()).unwrap();
    settle(dead).await.unwrap();

    let of = |queue: &str| QueueStats { queue: queue.to_owned(), ..QueueStats::default() };
    let default = QueueStats { ready: 2, running: 1, dead: 1, parked: 1, oldest_seconds: 90, ..of("default") };
    let later = QueueStats { ready: 1, ..of("later") };
    assert_eq!(scene.fixture.jobs.stats(noon()).await.unwrap(), [default, later]);
}

struct NoDice;
impl ashlar_kernel::Entropy for NoDice {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// Done and cancelled jobs go before dead ones, live ones never, and not more at a time than asked for.
pub async fn jobs_are_purged_when_their_time_is_over(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let failure = crate::Failure::Permanent("x".to_owned());
    for number in 0..4 {
        scene.enqueue(note(number)).await;
    }
    let settle = |step| scene.fixture.jobs.settle(step);
    let mut claimed = scene.claim("w", 3).await.into_iter();
    settle(claimed.next().unwrap().succeeded(noon()).unwrap()).await.unwrap();
    settle(claimed.next().unwrap().cancelled(noon()).unwrap()).await.unwrap();
    let dead = claimed.next().unwrap().failed(&failure, crate::Backoff::STANDARD, &NoDice, noon()).unwrap();
    settle(dead).await.unwrap();

    let later = noon() + TimeDelta::milliseconds(1);
    let purge = |done_before, dead_before, limit| scene.fixture.jobs.purge(Purge { done_before, dead_before, limit });
    assert_eq!(purge(noon(), noon(), 9).await.unwrap(), 0, "they ended at noon, and not before");
    assert_eq!(purge(later, noon(), 1).await.unwrap(), 1);
    assert_eq!(purge(later, noon(), 9).await.unwrap(), 1);
    assert_eq!(purge(later, later, 9).await.unwrap(), 1);
    assert_eq!(numbers(&scene.all().await), [3]);
}
