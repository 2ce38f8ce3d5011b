//! What people asked for and may not.

use ashlar_tests::{Database, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::json;

use super::told;

journeys!(denied_permissions_are_noted_and_a_flood_of_them_is_counted, what_is_refused_otherwise_is_no_denial,);

async fn denied_permissions_are_noted_and_a_flood_of_them_is_counted(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ada = app.sign_up("ada").await;

    let refused = app.users(&ada.access, "").await;
    refused.refused(403, "permission_denied");
    assert_eq!(refused.json()["required"], "identity.user.read");
    let denied = |count: u32| json!({ "user": ada.user, "permission": "identity.user.read", "count": count });
    assert_eq!(told(&app, &refused).await, [("identity.authz.denied".to_owned(), denied(1))]);
    let event = app.events().await.into_iter().rfind(|event| event.name == "identity.authz.denied").unwrap();
    assert_eq!((event.actor.id, event.outcome.as_str()), (Some(ada.user.clone()), "denied"));

    for _ in 0..9 {
        app.users(&ada.access, "").await.refused(403, "permission_denied");
    }
    assert_eq!(app.count_events("authz.denied").await, 1);
    app.administer(&ada.access, &boss.user, "suspend").await.refused(403, "permission_denied");
    assert_eq!(app.count_events("authz.denied").await, 2, "another permission");
    app.advance(TimeDelta::seconds(60));
    let later = app.users(&ada.access, "").await;
    assert_eq!(told(&app, &later).await, [("identity.authz.denied".to_owned(), denied(10))]);
}

async fn what_is_refused_otherwise_is_no_denial(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.users("garbage", "").await.expect(401);
    app.client.get("/api/v1/admin/users").send().await.expect(401);
    app.set_role(&boss.access, &boss.user, "member").await.refused(403, "self_role_change");
    app.advance(TimeDelta::minutes(11));
    app.administer(&boss.access, &boss.user, "suspend").await.expect(403);
    assert_eq!(app.count_events("authz.denied").await, 0);
}
