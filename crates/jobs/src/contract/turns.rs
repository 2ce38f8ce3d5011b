//! Laws of jobs that take turns.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Entropy, TenantId};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Note, Scene, elsewhere, noon, note, numbers},
};
use crate::{Backoff, Failure, NewJob, Transition, port::Ack};

fn turn(number: u32) -> NewJob {
    note(number).in_turn("lamp").unwrap()
}

async fn save(scene: &Scene, step: Transition) {
    assert_eq!(scene.fixture.jobs.settle(step).await.unwrap(), Ack::Saved);
}

struct Highest;
impl Entropy for Highest {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xFF);
    }
}

/// Whatever their priorities and times: the next one when the one before has ended.
pub async fn jobs_of_one_key_run_one_at_a_time_and_in_order(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let earlier = noon() - TimeDelta::hours(1);
    let jobs = vec![turn(1), turn(2).with_priority(-5), turn(3).run_at(earlier), note(9)];
    scene.fixture.jobs.enqueue(jobs, noon()).await.unwrap();

    assert_eq!(numbers(&scene.claim("w", 20).await), [1, 9]);
    for number in 1..=3 {
        assert_eq!(scene.claim("w", 20).await, [], "{number} runs");
        let mut running = scene.all().await;
        running.retain(|job| job.lease().is_some() && job.serial_key().is_some());
        assert_eq!(numbers(&running), [number]);
        save(&scene, running.remove(0).succeeded(noon()).unwrap()).await;
        assert_eq!(scene.claim("w", 20).await.len(), usize::from(number < 3));
    }
}

/// The others wait while a failed job waits for its next attempt.
pub async fn a_failed_job_is_not_overtaken(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.fixture.jobs.enqueue(vec![turn(1), turn(2)], noon()).await.unwrap();
    let failed = scene.claim_one("w").await;
    let failure = Failure::Transient("x".to_owned());
    save(
        &scene,
        failed.failed(&failure, Backoff { base: TimeDelta::hours(1), ..Backoff::STANDARD }, &Low(5), noon()).unwrap(),
    )
    .await;

    scene.clock.advance(TimeDelta::milliseconds(4));
    assert_eq!(scene.claim("w", 20).await, []);
    scene.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(numbers(&scene.claim("w", 20).await), [1]);
}

/// Dice that show a small number.
struct Low(u8);
impl Entropy for Low {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
        buffer.iter_mut().take(1).for_each(|byte| *byte = self.0);
    }
}

/// The others wait for the worker that understands it.
pub async fn a_parked_job_is_not_overtaken(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.fixture.jobs.enqueue(vec![turn(1), turn(2)], noon()).await.unwrap();
    let first = scene.claim_one("w").await;
    save(&scene, first.parked(noon()).unwrap()).await;
    assert_eq!(scene.claim("w", 20).await, []);

    assert_eq!(scene.fixture.jobs.unpark("law.note", 1..=1, noon()).await.unwrap(), 1);
    assert_eq!(numbers(&scene.claim("w", 20).await), [1]);
}

/// What has come to an end is waited for no longer; when it comes back by hand, it waits for whoever runs.
pub async fn a_dead_or_cancelled_job_makes_way(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.fixture.jobs.enqueue(vec![turn(1), turn(2), turn(3)], noon()).await.unwrap();
    let first = scene.claim_one("w").await;
    let failure = Failure::Permanent("x".to_owned());
    let dead = first.failed(&failure, Backoff::STANDARD, &Highest, noon()).unwrap();
    let again = dead.next().clone().retried(noon()).unwrap();
    save(&scene, dead).await;

    let second = scene.claim_one("w").await;
    save(&scene, again).await;
    assert_eq!(scene.claim("w", 20).await, [], "the second runs");
    save(&scene, second.cancelled(noon()).unwrap()).await;
    assert_eq!(numbers(&scene.claim("w", 20).await), [1]);
}

/// One lamp does not wait for another, nor for the lamp of another tenant.
pub async fn keys_are_of_one_tenant_and_do_not_wait_for_each_other(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let of = |tenant, number: u32, key| {
        NewJob::new(tenant, <Note as crate::Handler>::KIND, 1, &number).unwrap().in_turn(key).unwrap()
    };
    let jobs = vec![of(TenantId::MAIN, 1, "a"), of(TenantId::MAIN, 2, "b"), of(elsewhere(), 3, "a")];
    scene.fixture.jobs.enqueue(jobs, noon()).await.unwrap();
    assert_eq!(numbers(&scene.claim("w", 20).await), [1, 2, 3]);
}
