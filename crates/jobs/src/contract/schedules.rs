//! Laws of schedules and their firings.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Clock, LogReader, TenantId, Timestamp};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, noon, note},
};
use crate::{CatchUp, NewJob, Schedule, Scheduler, desk::DeskError, port::Firing};

fn firing(hour: i64) -> Firing {
    let due_at = noon() + TimeDelta::hours(hour);
    Firing { schedule: "hourly".to_owned(), due_at, job: note(1), now: due_at }
}

pub(super) fn hourly(scene: &Scene, catch_up: CatchUp) -> Scheduler {
    let job = |at: Timestamp| NewJob::new(TenantId::MAIN, "law.note", 1, &at).unwrap();
    let schedule = Schedule::new("hourly", "0 * * * *", "Europe/Berlin", catch_up, job).unwrap();
    let clock = Arc::clone(&scene.clock) as Arc<dyn Clock>;
    Scheduler::new(Arc::clone(&scene.fixture.schedules), clock, vec![schedule])
}

/// From then on, and not from the beginning of time; and later askers hear the same.
pub async fn a_schedule_begins_when_it_is_first_asked_about(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let since =
        async |name, hours| scene.fixture.schedules.since(name, noon() + TimeDelta::hours(hours)).await.unwrap();

    assert_eq!(since("hourly", 0).await, noon());
    assert_eq!(since("hourly", 5).await, noon());
    assert_eq!(since("daily", 5).await, noon() + TimeDelta::hours(5));
}

/// The second to fire for a moment is told so, and enqueues nothing.
pub async fn a_moment_is_fired_for_once(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let fire = async |hour| scene.fixture.schedules.fire(firing(hour)).await.unwrap();

    assert!(fire(1).await);
    assert!(!fire(1).await);
    assert!(fire(2).await);
    let other = Firing { schedule: "daily".to_owned(), ..firing(1) };
    assert!(scene.fixture.schedules.fire(other).await.unwrap());
    assert_eq!(scene.all().await.len(), 3);
    assert_eq!(scene.fixture.schedules.since("hourly", noon()).await.unwrap(), noon() + TimeDelta::hours(2));
}

/// Once each hour; and after five hours of silence as often as the policy says.
pub async fn a_scheduler_fires_what_is_due(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (once, all) = (hourly(&scene, CatchUp::Once), hourly(&scene, CatchUp::All(3)));
    assert_eq!(once.step().await.unwrap(), 0, "nothing was missed before the beginning");
    scene.clock.advance(TimeDelta::minutes(60));
    assert_eq!(once.step().await.unwrap(), 1);
    assert_eq!(once.step().await.unwrap(), 0);
    scene.clock.advance(TimeDelta::minutes(5 * 60 + 5));
    assert_eq!(once.step().await.unwrap(), 1);
    scene.clock.advance(TimeDelta::hours(5));
    assert_eq!(all.step().await.unwrap(), 3);
    assert_eq!(all.next(), Some(noon() + TimeDelta::hours(12)));

    let mut due: Vec<String> = scene.all().await.iter().map(|job| job.payload().as_str().unwrap().to_owned()).collect();
    due.sort();
    let hours = [13, 18, 21, 22, 23].map(|hour| format!("2030-01-01T{hour}:00:00Z"));
    assert_eq!(due, hours);
}

/// However old, the last firing tells where to go on.
pub async fn the_last_firing_is_never_forgotten(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for hour in 1..=4 {
        scene.fixture.schedules.fire(firing(hour)).await.unwrap();
    }
    let forget = async |hour| scene.fixture.schedules.forget_firings(noon() + TimeDelta::hours(hour)).await.unwrap();

    assert_eq!(forget(2).await, 1);
    assert_eq!(forget(100).await, 2);
    assert_eq!(forget(100).await, 0);
    assert_eq!(scene.fixture.schedules.since("hourly", noon()).await.unwrap(), noon() + TimeDelta::hours(4));
    assert!(!scene.fixture.schedules.fire(firing(4)).await.unwrap());
}

/// At once, beside the calendar, once while its job waits; the list tells when it was and will be.
pub async fn a_schedule_is_run_by_hand_and_told(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.clock.advance(TimeDelta::minutes(20));
    let (desk, boss, now) = (scene.desk(), scene.boss(), scene.now());
    let line = desk.schedules(&boss).await.unwrap().remove(0);
    let next = Some(noon() + TimeDelta::hours(1));
    assert_eq!((line.name.as_str(), line.cron.as_str(), line.zone), ("hourly", "0 * * * *", "Europe/Berlin"));
    assert_eq!((line.last_run, line.next_run), (None, next));

    let id = desk.run_schedule(&boss, "hourly").await.unwrap();
    assert_eq!(scene.stored(id).await.run_at(), now);
    scene.clock.advance(TimeDelta::minutes(1));
    let again = desk.run_schedule(&scene.boss(), "hourly").await;
    assert!(matches!(again, Err(DeskError::Duplicate)), "{again:?}");
    assert!(matches!(desk.run_schedule(&boss, "daily").await, Err(DeskError::NotFound(_))));

    let line = desk.schedules(&boss).await.unwrap().remove(0);
    assert_eq!((line.last_run, line.next_run), (Some(now), next), "what was refused has left nothing");
    let events = scene.fixture.log.pending(LogReader::Seal, 10).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.name.as_str(), event.targets[0].id.as_str())).collect();
    assert_eq!(told, [("jobs.schedule.run", "hourly")]);
}
