//! Who tried to sign in.

use ashlar_identity::{LoginFilter, LoginQuery, LoginScope, port::LoginHistory as _};
use ashlar_kernel::TenantId;
use ashlar_tests::{Answer, Database, PASSWORD, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::guard;

journeys!(
    people_see_who_tried_to_get_into_their_account,
    administrators_find_attempts_by_what_was_typed_and_more,
    list_of_attempts_is_read_in_pages,
    query_for_attempts_is_read_strictly,
    attempts_keep_nothing_that_was_typed,
);

async fn own(app: &TestApp, access: &str, query: &str) -> Answer {
    app.client.get(&format!("/api/v1/me/login-attempts{query}")).bearer(access).send().await
}

async fn all(app: &TestApp, access: &str, query: &str) -> Answer {
    app.client.get(&format!("/api/v1/admin/login-attempts{query}")).bearer(access).send().await
}

fn column(page: &Value, name: &str) -> Vec<Value> {
    page["data"].as_array().unwrap().iter().map(|line| line[name].clone()).collect()
}

async fn people_see_who_tried_to_get_into_their_account(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    app.sign_up("bob").await;
    app.advance(TimeDelta::seconds(1));
    let form = json!({ "identifier": "ADA@example.org", "password": "another-password" });
    let agent = "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0";
    app.client.post("/api/v1/auth/login").header("user-agent", agent).json(&form).send().await.expect(401);
    app.advance(TimeDelta::seconds(1));
    guard(&app, &ada).await;
    let waiting = app.try_log_in("ada", PASSWORD).await.expect(200).json();
    let step = json!({ "challenge_token": waiting["challenge_token"], "totp_code": "000000" });
    app.client.post("/api/v1/auth/login/2fa").json(&step).send().await.expect(401);

    let page = own(&app, &ada.access, "").await.expect(200).json();

    assert_eq!(column(&page, "outcome"), ["second_factor_failed", "failed", "succeeded"]);
    let wrong = &page["data"][1];
    assert_eq!(wrong["created_at"], "2030-01-01T12:00:01.000Z");
    assert_eq!((&wrong["ip"], &wrong["ua_summary"]), (&json!("127.0.0.1"), &json!("Firefox on Android")));
    assert_eq!(wrong.as_object().unwrap().len(), 5, "nothing else: {wrong}");
}

async fn administrators_find_attempts_by_what_was_typed_and_more(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.advance(TimeDelta::minutes(1));
    let ada = app.sign_up("ada").await;
    app.try_log_in("Nobody@EXAMPLE.org", PASSWORD).await.expect(401);
    app.try_log_in("ada", "another-password").await.expect(401);
    let operator = app.operator("ops").await;
    app.register("founder").await.expect(201);
    app.open_tenant(&operator, "acme", "founder").await;
    app.try_log_in_to("acme", "ada").await.expect(401);
    let staff = app.colleague(&boss, "staff", "staff").await;

    let found = async |query: &str, name: &str| column(&all(&app, &boss.access, query).await.expect(200).json(), name);
    assert_eq!(found("?identifier=nobody@example.org", "reason").await, ["unknown_identifier"]);
    assert_eq!(found("?identifier=nobody@example.org", "user_id").await, [Value::Null]);
    let user = format!("?user_id={}", ada.user);
    assert_eq!(found(&user, "reason").await, [json!("wrong_password"), Value::Null], "and not those to acme");
    assert_eq!(found(&format!("{user}&outcome=succeeded"), "ip").await, ["127.0.0.0"]);
    assert_eq!(found(&format!("{user}&outcome=failed"), "ip").await, ["127.0.0.1"]);
    assert_eq!(found("?outcome=second_factor_failed", "id").await, [""; 0]);
    assert_eq!(found("?before=2030-01-01T12:01:00Z", "user_id").await, [boss.user.as_str()]);
    assert_eq!(found("?from=2030-01-01T12:01:00Z&outcome=failed", "outcome").await, ["failed", "failed"]);
    assert_eq!(found("?ip=192.0.2.1", "id").await, [""; 0]);
    let mine = column(&own(&app, &ada.access, "").await.expect(200).json(), "outcome");
    assert_eq!(mine, ["failed", "failed", "succeeded"], "also those to acme");
    all(&app, &staff.access, "").await.refused(403, "permission_denied");
    all(&app, &operator.access, "").await.refused(403, "permission_denied");
    let founder = app.log_in_to("acme", "founder").await;
    let there = all(&app, &founder.access, "?outcome=failed").await.expect(200).json();
    assert_eq!(column(&there, "reason"), ["no_membership"]);
}

async fn list_of_attempts_is_read_in_pages(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for _ in 0..4 {
        app.advance(TimeDelta::seconds(1));
        app.log_in("boss").await;
    }
    for path in ["/api/v1/me/login-attempts", "/api/v1/admin/login-attempts"] {
        let read = async |query: &str| {
            app.client.get(&format!("{path}{query}")).bearer(&boss.access).send().await.expect(200).json()
        };
        let whole = column(&read("").await, "id");
        let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
        for _page in 0..3 {
            let page = read(&query).await;
            paged.extend(column(&page, "id"));
            let Some(cursor) = page["page"]["next_cursor"].as_str() else { break };
            query = format!("?limit=2&cursor={cursor}");
        }
        assert_eq!((whole.len(), &paged), (5, &whole), "{path}");
    }
    let page = all(&app, &boss.access, "?limit=1").await.json();
    let cursor = page["page"]["next_cursor"].as_str().unwrap();
    all(&app, &boss.access, &format!("?cursor={cursor}&outcome=failed")).await.refused(400, "invalid_cursor");
    own(&app, &boss.access, &format!("?cursor={cursor}")).await.refused(400, "invalid_cursor");
}

async fn query_for_attempts_is_read_strictly(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for query in [
        "?user_id=ada",
        "?identifier=",
        "?identifier=a%00b",
        "?outcome=locked",
        "?ip=localhost",
        "?from=yesterday",
        "?before=2030-13-01T00:00:00Z",
        "?limit=0",
        "?tenant_id=1",
        "?ip=1.2.3.4&ip=1.2.3.4",
    ] {
        all(&app, &boss.access, query).await.refused(400, "invalid_parameter");
    }
    own(&app, &boss.access, "?outcome=failed").await.refused(400, "invalid_parameter");
}

async fn attempts_keep_nothing_that_was_typed(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.try_log_in("my-secret-in-the-wrong-box", "the-other-secret").await.expect(401);

    let page = all(&app, &boss.access, "").await.expect(200).text();

    assert!(!page.contains("secret"), "{page}");
    let scope = LoginScope::Tenant(TenantId::MAIN);
    let query = LoginQuery { scope, filter: LoginFilter::default(), after: None, rows: 10 };
    let kept = format!("{:?}", app.store.logins(&query).await.unwrap());
    assert!(kept.contains("UnknownIdentifier") && !kept.contains("secret"), "{kept}");
}
