//! Laws of what people do to jobs and see of them.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use chrono::TimeDelta;

use ashlar_kernel::{Limit, LogReader, TenantId};

use super::{
    Fixture,
    scene::{Scene, elsewhere, noon, note, numbers},
};
use crate::{
    JobId, JobState, NewJob,
    desk::{DeskError, JobFilter},
    port::{Ack, JobQuery},
};

/// The names of the events about jobs, in their order.
async fn told(scene: &Scene) -> Vec<String> {
    let events = scene.fixture.log.pending(LogReader::Seal, 1_000).await.unwrap();
    events.into_iter().map(|event| event.name).filter(|name| name.starts_with("jobs.")).collect()
}

/// Whoever runs it cannot finish it any more, and nobody gets it again.
pub async fn a_cancelled_job_is_lost_to_its_worker(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1)).await;
    let running = scene.claim_one("w").await;

    let refused = scene.desk().cancel(&scene.boss_of(elsewhere()), id).await;
    assert!(matches!(refused, Err(DeskError::NotFound(_))), "{refused:?}");
    assert_eq!(scene.desk().cancel(&scene.boss(), id).await.unwrap().state(), JobState::Cancelled);

    assert_eq!(scene.fixture.jobs.settle(running.succeeded(noon()).unwrap()).await.unwrap(), Ack::Lost);
    assert_eq!(scene.claim("w", 10).await, []);
    assert!(matches!(scene.desk().cancel(&scene.boss(), id).await, Err(DeskError::WrongState(_))));
}

async fn died(scene: &Scene, job: NewJob) -> JobId {
    let id = scene.enqueue(job).await;
    let running = scene.claim_one("w").await;
    let worker = scene.worker_with(crate::Handlers::new());
    // Nobody comes back, and there was one attempt.
    scene.clock.advance(super::scene::LEASE);
    assert_eq!(worker.reap().await.unwrap(), 1);
    assert_eq!(scene.stored(id).await.state(), JobState::Dead);
    assert_eq!(running.id(), id);
    id
}

/// A dead job has all its attempts again, at once; a live one needs no second chance.
pub async fn a_dead_job_is_given_another_chance(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = died(&scene, note(1).attempts(1).unwrap()).await;

    assert_eq!(scene.desk().retry(&scene.boss(), id).await.unwrap().state(), JobState::Ready);
    assert!(matches!(scene.desk().retry(&scene.boss(), id).await, Err(DeskError::WrongState(_))));
    let again = scene.claim_one("w").await;
    assert_eq!((again.id(), again.attempts(), again.token()), (id, 0, 2));
}

/// Where a live job has the key by now, the dead one stays dead, and nothing is told.
pub async fn a_second_chance_makes_no_second_live_job(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let keyed = || note(1).attempts(1).unwrap().once_per("k").unwrap();
    let dead = died(&scene, keyed()).await;
    let live = scene.enqueue(keyed()).await;

    let refused = scene.desk().retry(&scene.boss(), dead).await;
    assert!(matches!(refused, Err(DeskError::Duplicate)), "{refused:?}");
    assert_eq!(scene.stored(dead).await.state(), JobState::Dead);
    assert_eq!(told(&scene).await, [""; 0]);
    scene.desk().cancel(&scene.boss(), live).await.unwrap();
    scene.desk().retry(&scene.boss(), dead).await.unwrap();
}

/// It is taken at once; one that a worker has needs no hurry.
pub async fn a_waiting_job_is_hurried(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let later = scene.now() + TimeDelta::hours(5);
    let id = scene.enqueue(note(1).run_at(later)).await;
    assert_eq!(scene.claim("w", 10).await, []);

    assert_eq!(scene.desk().run_now(&scene.boss(), id).await.unwrap().run_at(), scene.now());
    let running = scene.claim_one("w").await;
    assert_eq!((running.id(), running.attempts()), (id, 0));
    assert!(matches!(scene.desk().run_now(&scene.boss(), id).await, Err(DeskError::WrongState(_))));
}

/// One event for each step that was taken, by whoever took it, on the job; none for what was refused.
pub async fn what_people_do_is_told_and_what_they_cannot_do_is_not(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (boss, id) = (scene.boss(), scene.enqueue(note(1).run_at(noon() + TimeDelta::hours(1))).await);
    scene.desk().run_now(&boss, id).await.unwrap();
    scene.desk().cancel(&boss, id).await.unwrap();
    scene.desk().run_now(&boss, id).await.unwrap_err();
    scene.desk().cancel(&boss, id).await.unwrap_err();
    scene.desk().retry(&boss, id).await.unwrap();

    assert_eq!(told(&scene).await, ["jobs.job.hurried", "jobs.job.cancelled", "jobs.job.retried"]);
    let events = scene.fixture.log.pending(LogReader::Seal, 10).await.unwrap();
    for event in events {
        assert_eq!((event.targets[0].kind.as_str(), event.targets[0].id.clone()), ("job", id.to_string()));
        assert_eq!((event.tenant, event.actor.kind.as_str()), (TenantId::MAIN, "user"));
        assert_eq!(event.data["kind"], "law.note");
    }
}

/// Each attempt with its number and reason, the last ten, and a second chance does not forget them.
pub async fn a_job_remembers_why_it_failed(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1).attempts(12).unwrap()).await;
    let worker = scene.worker_with(crate::Handlers::new());
    for _attempt in 0..12 {
        scene.clock.advance(TimeDelta::hours(2));
        scene.claim_one("w").await;
        scene.clock.advance(super::scene::LEASE);
        assert_eq!(worker.reap().await.unwrap(), 1);
    }

    let dead = scene.stored(id).await;
    assert_eq!(dead.state(), JobState::Dead);
    let numbers: Vec<_> = dead.failures().iter().map(|failed| failed.number).collect();
    assert_eq!(numbers, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(dead.failures()[9].note, dead.last_error().unwrap());
    assert_eq!(Some(dead.failures()[9].at), dead.finished_at());
    scene.desk().retry(&scene.boss(), id).await.unwrap();
    assert_eq!(scene.stored(id).await.failures(), dead.failures());
}

/// Nobody sees or changes a job without the permission, and nobody those of another tenant.
pub async fn jobs_are_shown_to_those_who_may_and_of_their_tenant(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ids: Vec<_> = {
        let jobs = vec![note(1), note(2), note(3), NewJob::new(elsewhere(), "law.note", 1, &4).unwrap()];
        scene.fixture.jobs.enqueue(jobs, noon()).await.unwrap().into_iter().map(|job| job.id).collect()
    };
    let (desk, boss, any) = (scene.desk(), scene.boss(), JobFilter::default);
    let two = Limit::parse(2).unwrap();

    let first = desk.jobs(&boss, any(), (two, None)).await.unwrap();
    assert_eq!(numbers(&first.data), [3, 2]);
    let rest = desk.jobs(&boss, any(), (two, first.next_cursor.as_deref())).await.unwrap();
    assert_eq!((numbers(&rest.data), rest.next_cursor), (vec![1], None));
    let running = JobFilter { state: Some(JobState::Running), ..any() };
    let other_list = desk.jobs(&boss, running, (two, first.next_cursor.as_deref())).await;
    assert!(matches!(other_list, Err(DeskError::Cursor(_))), "{other_list:?}");

    assert!(matches!(desk.job(&boss, ids[3]).await, Err(DeskError::NotFound(_))));
    assert_eq!(desk.job(&scene.boss_of(elsewhere()), ids[3]).await.unwrap().id(), ids[3]);
    let nobody = scene.nobody();
    assert!(matches!(desk.jobs(&nobody, any(), (two, None)).await, Err(DeskError::Access(_))));
    assert!(matches!(desk.job(&nobody, ids[0]).await, Err(DeskError::Access(_))));
    for refused in [desk.cancel(&nobody, ids[0]).await, desk.retry(&nobody, ids[0]).await] {
        assert!(matches!(refused, Err(DeskError::Access(_))), "{refused:?}");
    }
    assert!(matches!(desk.run_schedule(&nobody, "hourly").await, Err(DeskError::Access(_))));
    assert_eq!(scene.stored(ids[0]).await.state(), JobState::Ready);
}

/// Every filter counts, pages follow each other, and the newest is first.
pub async fn the_list_is_filtered_and_newest_first(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let other_kind = NewJob::new(TenantId::MAIN, "law.other", 1, &4).unwrap();
    let other_tenant = NewJob::new(elsewhere(), "law.note", 1, &5).unwrap();
    let jobs = vec![note(1), note(2), note(3).in_queue("slow").unwrap(), other_kind, other_tenant];
    scene.fixture.jobs.enqueue(jobs, noon()).await.unwrap();
    let later = noon() + TimeDelta::hours(1);
    scene.fixture.jobs.enqueue(vec![note(6)], later).await.unwrap();
    scene.claim("w", 1).await;
    let list = async |query| numbers(&scene.fixture.jobs.list(JobQuery { rows: 10, ..query }).await.unwrap());
    let any = JobQuery::default;

    assert_eq!(list(any()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(list(JobQuery { from: Some(later), ..any() }).await, [6]);
    assert_eq!(list(JobQuery { to: Some(later), ..any() }).await, [5, 4, 3, 2, 1]);
    assert_eq!(list(JobQuery { tenant: Some(elsewhere()), ..any() }).await, [5]);
    assert_eq!(list(JobQuery { state: Some(JobState::Running), ..any() }).await, [1]);
    assert_eq!(list(JobQuery { queue: Some("slow".to_owned()), ..any() }).await, [3]);
    assert_eq!(list(JobQuery { kind: Some("law.other".to_owned()), ..any() }).await, [4]);
    let page = scene.fixture.jobs.list(JobQuery { rows: 3, ..any() }).await.unwrap();
    assert_eq!(numbers(&page), [6, 5, 4]);
    assert_eq!(list(JobQuery { after: Some(page[2].id()), ..any() }).await, [3, 2, 1]);
}
