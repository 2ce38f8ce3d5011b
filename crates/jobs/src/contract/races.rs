//! Laws of what many workers at once could break. They are tried by racing, not by argument.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::collections::BTreeSet;

use ashlar_kernel::LogReader;
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture, Runner, StartRace,
    scene::{Everything, LEASE, Scene, look, noon, note, numbers},
    schedules::hourly,
};
use crate::{CatchUp, JobState, Subscribers};

const RUNNERS: u32 = 12;
const JOBS: u32 = 240;
/// More rounds than any race needs, so that one that never ends is noticed.
const ROUNDS: u32 = 2_000;

/// The same runner many times over.
fn runners<F>(scene: &Scene, run: impl Fn(Scene, u32) -> F) -> Vec<Runner>
where
    F: Future<Output = u64> + Send + 'static,
{
    (0..RUNNERS).map(|number| Box::pin(run(scene.clone(), number)) as Runner).collect()
}

fn count<T>(of: &[T]) -> u64 {
    u64::try_from(of.len()).unwrap()
}

/// However many claim at once, each job is given to one of them, and each to somebody.
pub async fn racing_claimers_never_share_a_job(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    scene.fixture.jobs.enqueue((0..JOBS).map(note).collect(), noon()).await.unwrap();
    let won = start(runners(&scene, async |scene, number| {
        let (worker, mut mine) = (format!("w{number}"), 0);
        for _round in 0..ROUNDS {
            let claimed = scene.claim(&worker, 7).await;
            if claimed.is_empty() {
                break;
            }
            assert!(claimed.iter().all(|job| job.lease().unwrap().worker == worker && job.token() == 1));
            mine += count(&claimed);
        }
        mine
    }))
    .await;

    // On PostgreSQL a claimer passes over what others are about to take, and may go home early; nothing is lost.
    let left = scene.claim("last", 20).await;
    assert_eq!(won.iter().sum::<u64>() + count(&left), u64::from(JOBS), "{won:?}");
    assert_eq!(scene.claim("last", 20).await, []);
    assert!(scene.all().await.iter().all(|job| job.token() == 1));
}

/// However many enqueue under one key at once, one job comes of it, and everybody learns which.
pub async fn racing_enqueuers_of_one_key_leave_one_job(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    let won = start(runners(&scene, async |scene, number| {
        let mut new = 0;
        for key in 0..10 {
            let job = note(number).once_per(format!("key {key}")).unwrap();
            let answers = scene.fixture.jobs.enqueue(vec![job], noon()).await.unwrap();
            assert_eq!(scene.stored(answers[0].id).await.dedupe_key(), Some(format!("key {key}").as_str()));
            new += u64::from(answers[0].is_new);
        }
        new
    }))
    .await;

    assert_eq!(won.iter().sum::<u64>(), 10);
    assert_eq!(scene.all().await.len(), 10);
}

/// However many relays there are, and while events keep coming: one job for each event, in the order of the log.
pub async fn racing_relays_neither_lose_nor_double(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    let won = start(runners(&scene, async |scene, number| {
        let relay = scene.relay(Subscribers::new().with(Everything("one")));
        let mut moved = 0;
        for _event in 0..10 {
            (scene.fixture.emit)(Uuid::from_u128(u128::from(number))).await;
            moved += u64::from(relay.step().await.unwrap());
        }
        moved
    }))
    .await;
    let relay = scene.relay(Subscribers::new().with(Everything("one")));
    let left = u64::from(relay.step().await.unwrap());
    assert_eq!(relay.step().await.unwrap(), 0);

    let events = u64::from(RUNNERS) * 10;
    assert_eq!(won.iter().sum::<u64>() + left, events, "{won:?} and {left}");
    let jobs = scene.all().await;
    let keys: BTreeSet<_> = jobs.iter().filter_map(crate::Job::dedupe_key).collect();
    assert_eq!((count(&jobs), keys.len()), (events, jobs.len()));
    insist_on_order(&scene, &jobs).await;
}

/// The jobs of each aggregate are done in the order of its events, whose ids rise.
async fn insist_on_order(scene: &Scene, jobs: &[crate::Job]) {
    let worker = scene.worker();
    for _round in 0..ROUNDS {
        if worker.step().await.unwrap().is_empty() {
            break;
        }
    }
    let done = std::mem::take(&mut look(&scene.world).attempts);
    assert_eq!(done.len(), jobs.len());
    for key in jobs.iter().filter_map(crate::Job::serial_key).collect::<BTreeSet<_>>() {
        let of_key = done.iter().filter(|job| job.serial_key() == Some(key));
        let events: Vec<_> = of_key.map(|job| job.payload().as_str().unwrap()).collect();
        assert!(events.len() == 10 && events.is_sorted(), "{key}: {events:?}");
    }
}

/// However many schedulers there are, each moment is fired for once.
pub async fn racing_schedulers_fire_once(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    assert_eq!(hourly(&scene, CatchUp::All(24)).step().await.unwrap(), 0);
    scene.clock.advance(TimeDelta::hours(24));
    let won = start(runners(&scene, async |scene, _number| {
        u64::from(hourly(&scene, CatchUp::All(24)).step().await.unwrap())
    }))
    .await;

    assert_eq!(won.iter().sum::<u64>(), 24, "{won:?}");
    assert_eq!(scene.all().await.len(), 24);
}

/// However many workers there are, jobs of one key run one at a time and in order.
pub async fn racing_workers_keep_the_order_of_a_key(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    let key = |number: u32| format!("key {}", number % 3);
    let jobs = (0..60).map(|number| note(number).in_turn(key(number)).unwrap()).collect();
    scene.fixture.jobs.enqueue(jobs, noon()).await.unwrap();
    let won = start(runners(&scene, async |scene, _number| {
        let (worker, mut done) = (scene.worker(), 0);
        for _round in 0..ROUNDS {
            done += count(&worker.step().await.unwrap());
            if look(&scene.world).effects.len() == 60 {
                break;
            }
        }
        done
    }))
    .await;

    assert_eq!(won.iter().sum::<u64>(), 60, "{won:?}");
    let effects = numbers(&look(&scene.world).attempts);
    for key in 0..3 {
        let of_key: Vec<_> = effects.iter().copied().filter(|number| number % 3 == key).collect();
        assert!(of_key.is_sorted() && of_key.len() == 20, "{of_key:?}");
    }
}

/// However many find a worker missing at once, its attempt counts once.
pub async fn racing_reapers_count_an_attempt_once(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    scene.fixture.jobs.enqueue((0..20).map(note).collect(), noon()).await.unwrap();
    assert_eq!(scene.claim("gone", 20).await.len(), 20);
    scene.clock.advance(LEASE);
    let won = start(runners(&scene, async |scene, _number| scene.worker().reap().await.unwrap())).await;

    assert_eq!(won.iter().sum::<u64>(), 20, "{won:?}");
    assert!(scene.all().await.iter().all(|job| job.attempts() == 1 && job.state() == JobState::Ready));
}

/// Whoever cancels and hurries while workers claim and finish: each job has one end, and there is one event for each
/// cancellation that was granted.
pub async fn racing_operators_and_workers_agree(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    let later = noon() + TimeDelta::hours(1);
    let asked = (0..60).map(|number| if number % 2 == 0 { note(number) } else { note(number).run_at(later) });
    let jobs = scene.fixture.jobs.enqueue(asked.collect(), noon()).await.unwrap();
    let ids: Vec<_> = jobs.into_iter().map(|job| job.id).collect();
    let won = start(runners(&scene, move |scene, number| {
        let ids = ids.clone();
        async move { if number % 2 == 0 { work_on(&scene).await } else { interfere(&scene, &ids).await } }
    }))
    .await;

    let jobs = scene.all().await;
    let in_state = |state| jobs.iter().filter(|job| job.state() == state).count();
    assert_eq!(in_state(JobState::Done) + in_state(JobState::Cancelled), jobs.len(), "{won:?}");
    assert_eq!(won.iter().sum::<u64>(), u64::try_from(in_state(JobState::Cancelled)).unwrap());
    let events = scene.fixture.log.pending(LogReader::Seal, 10_000).await.unwrap();
    let told = events.iter().filter(|event| event.name == "jobs.job.cancelled").count();
    assert_eq!(told, in_state(JobState::Cancelled));
}

/// Works until there should be nothing left.
async fn work_on(scene: &Scene) -> u64 {
    let worker = scene.worker();
    for _round in 0..20 {
        worker.step().await.unwrap();
    }
    0
}

/// Hurries and cancels every job; how many were cancelled.
async fn interfere(scene: &Scene, ids: &[crate::JobId]) -> u64 {
    let (desk, boss, mut cancelled) = (scene.desk(), scene.boss(), 0);
    for id in ids {
        let _may_run_or_have_ended = desk.run_now(&boss, *id).await;
        cancelled += u64::from(desk.cancel(&boss, *id).await.is_ok());
    }
    cancelled
}
