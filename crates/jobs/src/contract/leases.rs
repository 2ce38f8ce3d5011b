//! Laws of leases, tokens and attempts.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::Clock;
use async_trait::async_trait;
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Hand, LEASE, Note, Scene, let_others_work, look, noon, note},
};
use crate::{
    Failure, Handler, Handlers, Idempotence, Job, JobState, Ran,
    port::{Ack, Heartbeat},
};

fn beat(job: &Job, now: ashlar_kernel::Timestamp) -> Heartbeat {
    Heartbeat { id: job.id(), token: job.token(), lease_until: now + LEASE, now }
}

/// Once a job was given to somebody else, whoever had it before can neither finish nor keep it.
pub async fn a_late_worker_cannot_say_how_it_ended(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1)).await;
    let late = scene.claim_one("late").await;
    scene.clock.advance(LEASE);
    assert_eq!(scene.worker().reap().await.unwrap(), 1);
    assert_eq!(scene.fixture.jobs.settle(late.clone().succeeded(scene.now()).unwrap()).await.unwrap(), Ack::Lost);
    scene.clock.advance(TimeDelta::hours(1));
    let second = scene.claim_one("second").await;

    let (jobs, now) = (&scene.fixture.jobs, scene.now());
    assert!(second.token() > late.token());
    assert_eq!(jobs.settle(late.clone().succeeded(now).unwrap()).await.unwrap(), Ack::Lost);
    assert_eq!(jobs.heartbeat(beat(&late, now)).await.unwrap(), Ack::Lost);
    assert_eq!(scene.stored(id).await, second, "nothing of it was saved");
    assert_eq!(jobs.settle(second.clone().succeeded(now).unwrap()).await.unwrap(), Ack::Saved);
    assert_eq!(jobs.settle(second.succeeded(now).unwrap()).await.unwrap(), Ack::Lost, "it ended once");
}

/// A sign of life lengthens the lease; one for a job that has ended is refused.
pub async fn a_heartbeat_keeps_a_job_and_a_late_one_is_refused(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1)).await;
    let job = scene.claim_one("w").await;
    scene.clock.advance(TimeDelta::seconds(40));
    assert_eq!(scene.fixture.jobs.heartbeat(beat(&job, scene.now())).await.unwrap(), Ack::Saved);
    scene.clock.advance(TimeDelta::seconds(40));

    assert_eq!(scene.worker().reap().await.unwrap(), 0);
    assert_eq!(scene.stored(id).await.lease().unwrap().until, noon() + TimeDelta::seconds(100));
    let done = job.clone().succeeded(scene.now()).unwrap();
    assert_eq!(scene.fixture.jobs.settle(done).await.unwrap(), Ack::Saved);
    assert_eq!(scene.fixture.jobs.heartbeat(beat(&job, scene.now())).await.unwrap(), Ack::Lost);
}

/// The attempt of a worker that did not come back counts.
pub async fn an_expired_lease_returns_with_one_more_attempt(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1)).await;
    scene.claim_one("w").await;

    scene.clock.advance(LEASE - TimeDelta::milliseconds(1));
    assert_eq!(scene.worker().reap().await.unwrap(), 0);
    scene.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(scene.worker().reap().await.unwrap(), 1);

    let job = scene.stored(id).await;
    assert_eq!((job.state(), job.attempts(), job.lease()), (JobState::Ready, 1, None));
    assert_eq!(scene.worker().reap().await.unwrap(), 0);
}

/// A worker that gives a sign of life after it was found missing, and before its job was taken, keeps the job.
pub async fn a_heartbeat_in_between_refutes_the_reaper(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.enqueue(note(1)).await;
    let job = scene.claim_one("w").await;
    scene.clock.advance(LEASE);
    let found = scene.fixture.jobs.expired(scene.now(), 10).await.unwrap();
    let [missing] = &found[..] else { panic!("one is missing: {found:?}") };
    assert_eq!(scene.fixture.jobs.heartbeat(beat(&job, scene.now())).await.unwrap(), Ack::Saved);

    let take = missing.clone().lease_expired(crate::Backoff::STANDARD, &Highest, scene.now()).unwrap();
    assert_eq!(scene.fixture.jobs.settle(take).await.unwrap(), Ack::Lost);
    assert_eq!(scene.fixture.jobs.settle(job.succeeded(scene.now()).unwrap()).await.unwrap(), Ack::Saved);
}

/// Dice that always show the most.
struct Highest;
impl ashlar_kernel::Entropy for Highest {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xFF);
    }
}

/// A worker that is told to stop gives back what it has: the next one has it at once, and no attempt is counted.
pub async fn a_worker_that_stops_gives_its_jobs_back(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1)).await;
    let stopping = scene.worker();
    let mut claimed = stopping.claim(1).await.unwrap();
    let job = claimed.remove(0);

    assert_eq!(stopping.release(job.clone()).await.unwrap(), Ran::Settled(JobState::Ready));
    assert_eq!(scene.stored(id).await.attempts(), 0);
    assert_eq!(scene.claim_one("next").await.id(), id);
    assert_eq!(stopping.release(job).await.unwrap(), Ran::Lost);
}

/// Even when nobody lives to tell, attempts run out.
pub async fn a_job_that_kills_its_workers_dies(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1).attempts(3).unwrap()).await;
    for _worker in 0..3 {
        scene.claim_one("victim").await;
        scene.clock.advance(LEASE);
        assert_eq!(scene.worker().reap().await.unwrap(), 1);
        scene.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(scene.claim("victim", 10).await, []);
    let job = scene.stored(id).await;
    assert_eq!((job.state(), job.attempts(), job.token()), (JobState::Dead, 3, 3));
    assert!(job.last_error().is_some() && job.finished_at().is_some());
}

/// Fails, always.
struct Fail;

#[async_trait]
impl Handler for Fail {
    const KIND: &'static str = "law.fail";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = bool;

    async fn handle(&self, is_passing: bool, _job: &Job) -> Result<(), Failure> {
        let note = "ask ada@example.org".to_owned();
        assert!(is_passing, "defect");
        Err(Failure::Transient(note))
    }
}

fn failing(payload: &impl serde::Serialize) -> crate::NewJob {
    crate::NewJob::new(ashlar_kernel::TenantId::MAIN, Fail::KIND, 1, payload).unwrap()
}

/// Each wait lies between nothing and twice the one before at most, and the last failure is the end.
pub async fn a_failed_job_waits_within_its_bounds(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(failing(&true).attempts(15).unwrap()).await;
    let worker = scene.worker_with(Handlers::new().with(Fail));
    for attempt in 1..15_u32 {
        assert_eq!(worker.step().await.unwrap(), [Ran::Settled(JobState::Ready)]);
        let job = scene.stored(id).await;
        let wait = job.run_at() - scene.now();
        assert!(wait >= TimeDelta::zero() && wait <= crate::Backoff::STANDARD.ceiling(attempt), "{attempt}: {wait}");
        assert_eq!((job.attempts(), job.last_error()), (attempt, Some("ask [address]")));
        scene.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(worker.step().await.unwrap(), [Ran::Settled(JobState::Dead)]);
    assert_eq!(scene.stored(id).await.attempts(), 15);
}

/// A defect costs an attempt, and nobody else's job; a payload of another shape fails for good.
pub async fn a_handler_that_panics_fails_its_job_only(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let jobs = [scene.enqueue(failing(&false)).await, scene.enqueue(failing(&"?")).await, scene.enqueue(note(1)).await];
    let worker = scene.worker_with(Handlers::new().with(Fail).with(Note(Arc::clone(&scene.world))));

    let ran = worker.step().await.unwrap();

    assert_eq!(ran, [JobState::Ready, JobState::Dead, JobState::Done].map(Ran::Settled));
    assert_eq!(scene.stored(jobs[0]).await.last_error(), Some("the handler panicked: defect"));
    assert_eq!(scene.stored(jobs[1]).await.last_error(), Some("the payload has another shape"));
}

/// Works until so many seconds have passed since noon, or for ever.
struct Long(Arc<Hand>);

/// More looks at the clock than any attempt needs, so that one that never ends is noticed.
const LOOKS: u32 = 20_000_000;

#[async_trait]
impl Handler for Long {
    const KIND: &'static str = "law.long";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Option<i64>;

    async fn handle(&self, seconds: Option<i64>, _job: &Job) -> Result<(), Failure> {
        let Some(seconds) = seconds else { return futures::future::pending().await };
        let until = noon() + TimeDelta::seconds(seconds);
        for _look in 0..LOOKS {
            if self.0.now() >= until {
                return Ok(());
            }
            let_others_work().await;
        }
        Err(Failure::Permanent("time stands still".to_owned()))
    }
}

fn long(seconds: Option<i64>) -> crate::NewJob {
    crate::NewJob::new(ashlar_kernel::TenantId::MAIN, Long::KIND, 1, &seconds).unwrap()
}

/// The worker's signs of life keep the job as long as the attempt takes.
pub async fn a_long_attempt_outlives_its_first_lease(fixture: Fixture) {
    // Time passes only while somebody waits, 20 s at a time: the first lease is over before the attempt is.
    let scene = Scene::with_naps(fixture, Some(TimeDelta::seconds(20)));
    let id = scene.enqueue(long(Some(200))).await;
    let worker = scene.worker_with(Handlers::new().with(Long(Arc::clone(&scene.clock))));

    assert_eq!(worker.step().await.unwrap(), [Ran::Settled(JobState::Done)]);
    assert_eq!(scene.stored(id).await.attempts(), 1);
}

/// An attempt that would never end is dropped at the heartbeat that finds its job gone.
pub async fn an_attempt_that_lost_its_job_is_dropped(fixture: Fixture) {
    let scene = Scene::with_naps(fixture, Some(TimeDelta::seconds(20)));
    let id = scene.enqueue(long(None)).await;
    let worker = scene.worker_with(Handlers::new().with(Long(Arc::clone(&scene.clock))));
    let mut claimed = worker.claim(1).await.unwrap();
    let job = claimed.remove(0);
    let cancel = job.clone().cancelled(scene.now()).unwrap();
    assert_eq!(scene.fixture.jobs.settle(cancel).await.unwrap(), Ack::Saved);

    assert_eq!(worker.run(job).await.unwrap(), Ran::Lost);
    assert_eq!(scene.stored(id).await.state(), JobState::Cancelled);
    assert!(look(&scene.world).attempts.is_empty());
}
