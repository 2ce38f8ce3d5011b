//! Laws of what operators do and see.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Clock, TenantId};

use super::{
    Fixture,
    scene::{Scene, elsewhere, noon, note, numbers},
};
use crate::{
    ByHandError, JobId, JobState, NewJob, Operator,
    port::{Ack, JobQuery},
};

fn operator(scene: &Scene) -> Operator {
    Operator::new(Arc::clone(&scene.fixture.jobs), Arc::clone(&scene.clock) as Arc<dyn Clock>)
}

/// Whoever runs it cannot finish it any more, and nobody gets it again.
pub async fn a_cancelled_job_is_lost_to_its_worker(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = scene.enqueue(note(1)).await;
    let running = scene.claim_one("w").await;

    let refused = operator(&scene).cancel(elsewhere(), id).await;
    assert!(matches!(refused, Err(ByHandError::NotFound)), "{refused:?}");
    assert_eq!(operator(&scene).cancel(TenantId::MAIN, id).await.unwrap(), JobState::Cancelled);

    assert_eq!(scene.fixture.jobs.settle(running.succeeded(noon()).unwrap()).await.unwrap(), Ack::Lost);
    assert_eq!(scene.claim("w", 10).await, []);
    assert!(matches!(operator(&scene).cancel(TenantId::MAIN, id).await, Err(ByHandError::WrongState(_))));
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

    assert_eq!(operator(&scene).retry(TenantId::MAIN, id).await.unwrap(), JobState::Ready);
    assert!(matches!(operator(&scene).retry(TenantId::MAIN, id).await, Err(ByHandError::WrongState(_))));
    let again = scene.claim_one("w").await;
    assert_eq!((again.id(), again.attempts(), again.token()), (id, 0, 2));
}

/// Where a live job has the key by now, the dead one stays dead.
pub async fn a_second_chance_makes_no_second_live_job(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let keyed = || note(1).attempts(1).unwrap().once_per("k").unwrap();
    let dead = died(&scene, keyed()).await;
    let live = scene.enqueue(keyed()).await;

    let refused = operator(&scene).retry(TenantId::MAIN, dead).await;
    assert!(matches!(refused, Err(ByHandError::Duplicate)), "{refused:?}");
    assert_eq!(scene.stored(dead).await.state(), JobState::Dead);
    operator(&scene).cancel(TenantId::MAIN, live).await.unwrap();
    operator(&scene).retry(TenantId::MAIN, dead).await.unwrap();
}

/// Every filter counts, pages follow each other, and the newest is first.
pub async fn the_list_is_filtered_and_newest_first(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let other_kind = NewJob::new(TenantId::MAIN, "law.other", 1, &4).unwrap();
    let other_tenant = NewJob::new(elsewhere(), "law.note", 1, &5).unwrap();
    let jobs = vec![note(1), note(2), note(3).in_queue("slow").unwrap(), other_kind, other_tenant];
    scene.fixture.jobs.enqueue(jobs, noon()).await.unwrap();
    scene.claim("w", 1).await;
    let list = async |query| numbers(&scene.fixture.jobs.list(JobQuery { rows: 10, ..query }).await.unwrap());
    let any = JobQuery::default;

    assert_eq!(list(any()).await, [5, 4, 3, 2, 1]);
    assert_eq!(list(JobQuery { tenant: Some(elsewhere()), ..any() }).await, [5]);
    assert_eq!(list(JobQuery { state: Some(JobState::Running), ..any() }).await, [1]);
    assert_eq!(list(JobQuery { queue: Some("slow".to_owned()), ..any() }).await, [3]);
    assert_eq!(list(JobQuery { kind: Some("law.other".to_owned()), ..any() }).await, [4]);
    let page = scene.fixture.jobs.list(JobQuery { rows: 2, ..any() }).await.unwrap();
    assert_eq!(numbers(&page), [5, 4]);
    assert_eq!(list(JobQuery { after: Some(page[1].id()), ..any() }).await, [3, 2, 1]);
}
