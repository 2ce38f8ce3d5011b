//! Notifications over HTTP.

use ashlar_kernel::TenantId;
use ashlar_tests::{Database, TestApp, journeys};
use serde_json::json;

journeys!(a_notification_is_acknowledged_once,);

async fn a_notification_is_acknowledged_once(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let second = app.colleague(&boss, "second", "admin").await;
    let id = app.matter(&TenantId::MAIN.to_string()).await;
    let list = |query: &str| app.client.get(&format!("/api/v1/admin/notifications{query}")).bearer(&boss.access).send();
    let acknowledge =
        |access: &str| app.client.post(&format!("/api/v1/admin/notifications/{id}/acknowledge")).bearer(access).send();

    let open = list("?acknowledged=false&resolved=false&severity=warning").await.expect(200).json();
    assert_eq!((&open["data"][0]["id"], &open["data"][0]["count"]), (&json!(id), &json!(1)));
    let first = acknowledge(&boss.access).await.expect(200);
    assert_eq!(app.names(first.request_id()).await, ["admin.notification.acknowledged"]);
    assert_eq!(first.json()["acknowledged_by"], boss.user.as_str());
    let again = acknowledge(&second.access).await.expect(200);
    assert!(app.names(again.request_id()).await.is_empty());
    assert_eq!(again.json()["acknowledged_by"], boss.user.as_str());
    assert_eq!(list("?acknowledged=false").await.expect(200).json()["data"], json!([]));
    list("?severity=grave").await.refused(400, "invalid_parameter");
}
