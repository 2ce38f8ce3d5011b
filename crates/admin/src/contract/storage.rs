//! Laws of what is the matter with the places where things are kept.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Limit, TenantId};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, boss, dead, noon, system},
};
use crate::{NotificationFilter, Places};

fn failing() -> Places {
    Places { files_fail: true, ..Places::default() }
}

async fn survey(scene: &Scene, places: &Places, minute: i64) -> (u64, u64) {
    let context = system(TenantId::MAIN, noon() + TimeDelta::minutes(minute));
    scene.notifications().survey(places, &context).await.unwrap()
}

/// The keys of what is the matter still, newest first.
async fn open(scene: &Scene) -> Vec<String> {
    let filter = NotificationFilter { is_resolved: Some(false), ..NotificationFilter::default() };
    let listed = scene.notifications().list(&boss(1, TenantId::MAIN), filter, (Limit::default(), None)).await;
    listed.unwrap().data.iter().map(|found| found.row().dedupe_key.clone()).collect()
}

/// Once each, however often it is seen; and each ends by itself.
pub async fn places_that_fail_are_raised_and_resolved_by_themselves(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let both = Places { low: vec!["database"], least_free: 5, ..failing() };
    assert_eq!(survey(&scene, &both, 0).await, (2, 0));
    assert_eq!(survey(&scene, &both, 5).await, (0, 0));
    assert_eq!(open(&scene).await, ["disk.low", "storage.unwritable"]);

    assert_eq!(survey(&scene, &failing(), 20).await, (0, 1));
    assert_eq!(open(&scene).await, ["storage.unwritable"]);
    assert_eq!(survey(&scene, &Places::default(), 40).await, (0, 1));
    assert_eq!(open(&scene).await, [""; 0]);
    assert_eq!(survey(&scene, &failing(), 60).await, (1, 0));
}

/// Where one process sees it and the next does not, it neither ends nor begins again and again.
pub async fn what_one_process_sees_is_not_taken_back_by_the_next(fixture: Fixture) {
    let scene = Scene::new(fixture);
    assert_eq!(survey(&scene, &failing(), 0).await, (1, 0));
    assert_eq!(survey(&scene, &Places::default(), 5).await, (0, 0));
    assert_eq!(survey(&scene, &failing(), 10).await, (0, 0));
    assert_eq!(survey(&scene, &Places::default(), 15).await, (0, 0));
    assert_eq!(survey(&scene, &Places::default(), 20).await, (0, 1));
    assert_eq!(scene.told().await, ["admin.notification.raised", "admin.notification.resolved"]);
}

/// Neither ends what is the other's.
pub async fn looks_and_surveys_leave_each_other_alone(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1)]);
    assert_eq!(scene.look(0).await, (1, 0));
    assert_eq!(survey(&scene, &failing(), 0).await, (1, 0));

    assert_eq!(scene.look(30).await, (0, 0));
    assert_eq!(survey(&scene, &Places::default(), 30).await, (0, 1));
    assert_eq!(open(&scene).await, ["jobs.dead:a"]);
    scene.trouble(Vec::new());
    assert_eq!(survey(&scene, &Places::default(), 60).await, (0, 0));
    assert_eq!(scene.look(3_600).await, (0, 1));
}
