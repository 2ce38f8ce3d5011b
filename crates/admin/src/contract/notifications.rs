//! Laws of notifications.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Id, Limit, TenantId};
use chrono::TimeDelta;
use futures::future::join_all;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Scene, boss, dead, nobody, noon},
};
use crate::{AcknowledgeError, Notification, NotificationFilter, Severity, StuckJobs};

async fn listed(scene: &Scene, filter: NotificationFilter) -> Vec<Notification> {
    let page = scene.notifications().list(&boss(1, TenantId::MAIN), filter, (Limit::default(), None)).await;
    page.unwrap().data
}

/// However often it is noticed there is one, which counts how often, with the newest words; and one event.
pub async fn what_is_the_matter_is_raised_once_and_counted(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1)]);
    assert_eq!(scene.look(0).await, (1, 0));
    scene.trouble(vec![dead("a", 3)]);
    assert_eq!(scene.look(30).await, (0, 0));
    assert_eq!(scene.look(60).await, (0, 0));

    let all = listed(&scene, NotificationFilter::default()).await;
    let row = all[0].row();
    assert_eq!((all.len(), row.count, row.dedupe_key.as_str()), (1, 3, "jobs.dead:a"));
    assert_eq!((row.first_at, row.last_at), (noon(), noon() + TimeDelta::seconds(60)));
    assert_eq!((row.title.as_str(), all[0].severity()), ("Jobs a were given up: 3", Severity::Warning));
    assert_eq!(scene.told().await, ["admin.notification.raised"]);
}

/// Processes that look within the same half minute notice the same thing.
pub async fn what_several_notice_at_once_counts_once(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1)]);
    for second in [0, 1, 5, 24, 30, 31] {
        scene.look(second).await;
    }
    assert_eq!(listed(&scene, NotificationFilter::default()).await[0].row().count, 2);
}

/// Resolved by itself; when it is the matter again, that is another notification.
pub async fn what_is_over_is_resolved_and_may_come_back(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1), dead("b", 1)]);
    assert_eq!(scene.look(0).await, (2, 0));
    scene.trouble(vec![dead("b", 1)]);
    assert_eq!(scene.look(30).await, (0, 1));
    assert_eq!(scene.look(60).await, (0, 0));
    scene.trouble(vec![dead("a", 1), dead("b", 1)]);
    assert_eq!(scene.look(90).await, (1, 0));

    let resolved =
        listed(&scene, NotificationFilter { is_resolved: Some(true), ..NotificationFilter::default() }).await;
    let row = resolved[0].row();
    assert_eq!((resolved.len(), row.dedupe_key.as_str()), (1, "jobs.dead:a"));
    assert_eq!(row.resolved_at, Some(noon() + TimeDelta::seconds(30)));
    assert_eq!(listed(&scene, NotificationFilter::default()).await.len(), 3);
    let (raised, gone) = ("admin.notification.raised", "admin.notification.resolved");
    assert_eq!(scene.told().await, [raised, raised, gone, raised]);
}

/// Who was first stays, whoever comes after; and it counts on.
pub async fn the_first_to_acknowledge_is_remembered(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1)]);
    scene.look(0).await;
    let id = listed(&scene, NotificationFilter::default()).await[0].id();

    let first = scene.notifications().acknowledge(&boss(1, TenantId::MAIN), id).await.unwrap();
    assert_eq!(first.row().acknowledged_by, Some(Uuid::from_u128(1)));
    let second = scene.notifications().acknowledge(&boss(2, TenantId::MAIN), id).await.unwrap();
    assert_eq!(second, first);
    scene.look(30).await;
    let stored = listed(&scene, NotificationFilter::default()).await.remove(0);
    assert_eq!((stored.row().acknowledged_by, stored.row().count), (Some(Uuid::from_u128(1)), 2));
    assert_eq!(scene.told().await, ["admin.notification.raised", "admin.notification.acknowledged"]);
}

/// To others it is as if there were none; and who may not, may not.
pub async fn notifications_are_of_one_tenant_and_for_those_who_may(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1)]);
    scene.look(0).await;
    let id = listed(&scene, NotificationFilter::default()).await[0].id();
    let stranger = boss(3, Id::from_uuid(Uuid::from_u128(77)));
    let all = || (NotificationFilter::default(), (Limit::default(), None));

    let notifications = scene.notifications();
    let (filter, page) = all();
    assert_eq!(notifications.list(&stranger, filter, page).await.unwrap().data, []);
    let refused = notifications.acknowledge(&stranger, id).await;
    assert!(matches!(refused, Err(AcknowledgeError::NotFound(_))), "{refused:?}");
    let (filter, page) = all();
    let refused = notifications.list(&nobody(), filter, page).await;
    assert!(matches!(refused, Err(AcknowledgeError::Access(_))), "{refused:?}");
    let refused = notifications.acknowledge(&nobody(), id).await;
    assert!(matches!(refused, Err(AcknowledgeError::Access(_))), "{refused:?}");
    assert_eq!(scene.told().await.len(), 1);
}

/// Every filter counts, and pages follow each other.
pub async fn the_list_is_filtered_and_newest_first(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let struggling = |kind: &str| StuckJobs { dead: 0, struggling: 1, ..dead(kind, 0) };
    scene.trouble(vec![dead("a", 1), dead("b", 1), struggling("mail.send")]);
    scene.look(0).await;
    scene.trouble(vec![dead("b", 1), struggling("mail.send")]);
    scene.look(30).await;
    let any = NotificationFilter::default;
    let keys = async |filter| -> Vec<String> {
        listed(&scene, filter).await.iter().map(|found| found.row().dedupe_key.clone()).collect()
    };
    assert_eq!(keys(any()).await, ["mail.failing:mail.send", "jobs.dead:b", "jobs.dead:a"]);
    assert_eq!(keys(NotificationFilter { is_resolved: Some(true), ..any() }).await, ["jobs.dead:a"]);
    assert_eq!(keys(NotificationFilter { is_resolved: Some(false), ..any() }).await.len(), 2);
    assert_eq!(keys(NotificationFilter { severity: Some(Severity::Critical), ..any() }).await, [""; 0]);
    let id = listed(&scene, any()).await[1].id();
    let (notifications, boss) = (scene.notifications(), boss(1, TenantId::MAIN));
    notifications.acknowledge(&boss, id).await.unwrap();
    assert_eq!(keys(NotificationFilter { is_acknowledged: Some(true), ..any() }).await, ["jobs.dead:b"]);
    assert_eq!(keys(NotificationFilter { is_acknowledged: Some(false), ..any() }).await.len(), 2);

    let two = Limit::parse(2).unwrap();
    let first = notifications.list(&boss, any(), (two, None)).await.unwrap();
    let rest = notifications.list(&boss, any(), (two, first.next_cursor.as_deref())).await.unwrap();
    assert_eq!((rest.data[0].row().dedupe_key.as_str(), rest.next_cursor), ("jobs.dead:a", None));
    let other = NotificationFilter { is_resolved: Some(true), ..any() };
    let other = notifications.list(&boss, other, (two, first.next_cursor.as_deref())).await;
    assert!(matches!(other, Err(AcknowledgeError::Cursor(_))), "{other:?}");
}

/// Ninety days after it was over; what is the matter still stays.
pub async fn what_was_resolved_long_ago_is_forgotten(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1), dead("b", 1)]);
    scene.look(0).await;
    scene.trouble(vec![dead("b", 1)]);
    scene.look(30).await;
    let purge = async |days| scene.notifications().purge(noon() + TimeDelta::days(days)).await.unwrap();

    assert_eq!(purge(90).await, 0);
    assert_eq!(purge(91).await, 1);
    assert_eq!(purge(9_000).await, 0);
    assert_eq!(listed(&scene, NotificationFilter::default()).await[0].row().dedupe_key, "jobs.dead:b");
}

/// However many look at the same time, one notification and one event come of it.
pub async fn watchers_who_race_raise_once(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.trouble(vec![dead("a", 1)]);
    let looks = (0..8).map(|second| {
        let scene = scene.clone();
        async move { scene.look(second).await }
    });
    let raised: u64 = join_all(looks).await.into_iter().map(|(raised, _)| raised).sum();

    assert_eq!(raised, 1);
    let all = listed(&scene, NotificationFilter::default()).await;
    assert_eq!((all.len(), all[0].row().count), (1, 1));
    assert_eq!(scene.told().await, ["admin.notification.raised"]);
}
