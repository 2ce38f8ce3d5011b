//! Laws of the way from events to jobs.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::collections::BTreeSet;

use ashlar_kernel::LogReader;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Everything, Scene, noon},
};
use crate::{Subscribers, port::Backlog};

/// Two subscribers, two events of one thing and one of another: six jobs, each told apart and each in its turn.
pub async fn an_event_leads_to_one_job_for_each_subscriber(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (lamp, door) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for aggregate in [lamp, lamp, door] {
        (scene.fixture.emit)(aggregate).await;
    }
    let relay = scene.relay(Subscribers::new().with(Everything("one")).with(Everything("two")));

    assert_eq!(relay.step().await.unwrap(), 3);
    assert_eq!(relay.step().await.unwrap(), 0);

    let jobs = scene.all().await;
    let distinct =
        |of: fn(&crate::Job) -> Option<&str>| jobs.iter().map(|job| of(job).unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(jobs.len(), 6);
    assert_eq!(distinct(crate::Job::dedupe_key).len(), 6);
    assert_eq!(distinct(crate::Job::serial_key).len(), 4);
    assert_eq!(scene.fixture.log.pending(LogReader::Dispatch, 10).await.unwrap(), []);
    assert_eq!(scene.fixture.log.pending(LogReader::Seal, 10).await.unwrap().len(), 3, "the sealer reads for itself");
}

/// What no subscriber wants is handled too.
pub async fn an_event_nobody_wants_leaves_the_list(fixture: Fixture) {
    let scene = Scene::new(fixture);
    (scene.fixture.emit)(Uuid::from_u128(1)).await;

    assert_eq!(scene.relay(Subscribers::new()).step().await.unwrap(), 1);
    assert_eq!(scene.relay(Subscribers::new()).step().await.unwrap(), 0);
    assert_eq!(scene.all().await, []);
}

/// What waits is counted, with the time of the first.
pub async fn events_wait_until_they_are_moved(fixture: Fixture) {
    let scene = Scene::new(fixture);
    assert_eq!(scene.fixture.outbox.backlog().await.unwrap(), Backlog::default());
    (scene.fixture.emit)(Uuid::from_u128(1)).await;
    (scene.fixture.emit)(Uuid::from_u128(1)).await;

    let backlog = scene.fixture.outbox.backlog().await.unwrap();
    assert_eq!(backlog.events, 2);
    let first = scene.fixture.log.pending(LogReader::Dispatch, 1).await.unwrap().remove(0);
    assert_eq!(backlog.oldest, Some(first.occurred_at));
    scene.relay(Subscribers::new()).step().await.unwrap();
    assert_eq!(scene.fixture.outbox.backlog().await.unwrap(), Backlog::default());
}

/// No more events at a time than asked for, the oldest first.
pub async fn a_batch_is_a_batch(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for _event in 0..5 {
        (scene.fixture.emit)(Uuid::from_u128(1)).await;
    }
    let waiting = scene.fixture.log.pending(LogReader::Dispatch, 10).await.unwrap();
    let none = |_: &ashlar_kernel::EventRecord| Vec::new();

    assert_eq!(scene.fixture.outbox.relay(2, noon(), &none).await.unwrap(), 2);
    assert_eq!(scene.fixture.log.pending(LogReader::Dispatch, 10).await.unwrap(), waiting[2..]);
}
