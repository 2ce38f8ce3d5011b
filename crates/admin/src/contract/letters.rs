//! Laws of who is written to.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{EventRecord, LogReader, StoreError, TenantId};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Scene, boss, dead, noon, system},
};
use crate::{NotificationFilter, NotificationId, Readers, Troubles};

fn readers() -> Readers {
    Readers { people: vec![Uuid::from_u128(1), Uuid::from_u128(2)], address: false }
}

/// From so many seconds after noon on, something critical is the matter; which notification it is.
async fn alarm(scene: &Scene, second: i64) -> NotificationId {
    scene.troubles(Troubles { oldest_unsealed: Some(noon() - TimeDelta::hours(1)), ..Troubles::default() });
    assert_eq!(scene.look(second).await.0, 1);
    newest(scene).await
}

async fn newest(scene: &Scene) -> NotificationId {
    let page = (ashlar_kernel::Limit::default(), None);
    let listed = scene.notifications().list(&boss(1, TenantId::MAIN), NotificationFilter::default(), page).await;
    listed.unwrap().data[0].id()
}

async fn announce(scene: &Scene, id: NotificationId, second: i64) -> Result<bool, StoreError> {
    let context = system(TenantId::MAIN, noon() + TimeDelta::seconds(second));
    scene.notifications().announce(&context, id, readers()).await
}

async fn announced(scene: &Scene) -> Vec<EventRecord> {
    let events = scene.fixture.log.pending(LogReader::Seal, 1_000).await.unwrap();
    events.into_iter().filter(|event| event.name == "admin.notification.announced").collect()
}

/// However often it is tried, and whatever happens to the notification meanwhile.
pub async fn who_is_written_to_is_decided_once(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = alarm(&scene, 0).await;

    assert!(announce(&scene, id, 1).await.unwrap());
    assert!(!announce(&scene, id, 2).await.unwrap());
    scene.look(30).await;
    scene.notifications().acknowledge(&boss(1, TenantId::MAIN), id).await.unwrap();
    assert!(!announce(&scene, id, 31).await.unwrap());

    let events = announced(&scene).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].targets[0].id, id.to_string());
    assert_eq!(events[0].data, json!({ "key": "audit.seal_lag", "people": readers().people, "address": false }));
}

/// What can wait is read in the list, and nobody is written to about what is another tenant's.
pub async fn nobody_is_written_to_about_what_is_not_critical_or_not_there(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1)]);
    scene.look(0).await;
    let warning = newest(&scene).await;
    assert!(!announce(&scene, warning, 1).await.unwrap());

    let critical = alarm(&scene, 30).await;
    let stranger = system(TenantId::from_uuid(Uuid::from_u128(77)), noon());
    assert!(!scene.notifications().announce(&stranger, critical, readers()).await.unwrap());
    assert_eq!(announced(&scene).await, []);
}

/// After three times within an hour it is in the list only, until an hour had fewer.
pub async fn what_comes_and_goes_is_written_about_three_times_an_hour(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for minute in [0, 10, 20, 30, 40, 90] {
        let second = minute * 60;
        let id = alarm(&scene, second).await;
        assert!(announce(&scene, id, second + 1).await.unwrap());
        scene.trouble(Vec::new());
        assert_eq!(scene.look(second + 60).await, (0, 1));
    }

    let written: Vec<_> = announced(&scene).await.iter().map(|event| event.data["people"] != json!([])).collect();
    assert_eq!(written, [true, true, true, false, false, true]);
}

/// As when a job is done by two workers.
pub async fn decisions_that_race_come_to_one(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let id = alarm(&scene, 0).await;
    let tries = (0..8).map(|second| {
        let scene = scene.clone();
        async move { announce(&scene, id, second).await }
    });

    let outcomes = join_all(tries).await;

    let decided = outcomes.iter().filter(|outcome| matches!(outcome, Ok(true))).count();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(StoreError::Stale))), "{outcomes:?}");
    assert_eq!((decided, announced(&scene).await.len()), (1, 1));
}
