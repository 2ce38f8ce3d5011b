//! The laws of the bell.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::TenantId;
use futures::{FutureExt as _, future};

use super::{
    Fixture,
    scene::{Everything, noon},
};
use crate::{
    NewJob, Subscribers,
    port::{Firing, News},
};

fn job() -> NewJob {
    NewJob::new(TenantId::MAIN, "law.note", 1, &()).unwrap()
}

/// How often it has rung so far.
fn count(fixture: &Fixture) -> u64 {
    let nothing_yet = fixture.bell.rung(News::Jobs, 0).now_or_never();
    nothing_yet.unwrap_or(0)
}

/// Work that is there now and was not before is rung for: enqueued, moved from the log, fired.
pub async fn new_work_rings(fixture: Fixture) {
    let before = count(&fixture);
    fixture.jobs.enqueue(vec![job()], noon()).await.unwrap();
    let enqueued = count(&fixture);
    assert_ne!(enqueued, before, "a job was enqueued");

    (fixture.emit)(uuid::Uuid::from_u128(1)).await;
    let before = count(&fixture);
    let subscribers = Subscribers::new().with(Everything("law"));
    fixture.outbox.relay(100, noon(), &|event| subscribers.plan(event)).await.unwrap();
    let moved = count(&fixture);
    assert_ne!(moved, before, "an event became a job");

    let firing = Firing { schedule: "law".to_owned(), due_at: noon(), job: job(), now: noon() };
    fixture.schedules.fire(firing.clone()).await.unwrap();
    let fired = count(&fixture);
    assert_ne!(fired, moved, "a schedule was fired");
    fixture.schedules.fire(firing).await.unwrap();
    assert_eq!(count(&fixture), fired, "nothing came of the second firing");
}

/// Who looks, finds nothing and then listens does not miss what came in between.
pub async fn a_ring_before_the_question_is_heard(fixture: Fixture) {
    let heard = count(&fixture);

    fixture.jobs.enqueue(vec![job()], noon()).await.unwrap();

    let now = fixture.bell.rung(News::Jobs, heard).await;
    assert_ne!(now, heard);
    assert_eq!(fixture.bell.rung(News::Jobs, now).now_or_never(), None, "it is heard once");
}

/// One ring calls everybody.
pub async fn everybody_who_listens_hears_it(fixture: Fixture) {
    let heard = count(&fixture);
    let listeners = future::join_all((0..5).map(|_| fixture.bell.rung(News::Jobs, heard)));
    let ringer = async { fixture.jobs.enqueue(vec![job()], noon()).await.unwrap() };

    let (rings, _) = future::join(listeners, ringer).await;

    assert!(rings.iter().all(|ring| *ring != heard));
}
