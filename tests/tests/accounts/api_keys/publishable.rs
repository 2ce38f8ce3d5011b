//! Keys that everybody can read.

use ashlar_tests::{Database, Key, TestApp, journeys};
use serde_json::json;

journeys!(
    administrators_publish_keys_for_known_pages,
    publishable_key_is_good_for_its_pages_only,
    publishable_key_reads_nothing,
    publishable_key_of_who_is_no_administrator_any_more_is_good_for_nothing,
    browsers_may_send_keys_from_allowed_origins,
);

const SITE: &str = "https://www.example.org";

async fn administrators_publish_keys_for_known_pages(database: Database) {
    let app = TestApp::start(database).await;
    let (admin, bob) = (app.sign_up("admin").await, app.sign_up("bob").await);
    let form = json!({
        "name": "Web", "kind": "publishable", "scopes": ["leads:create", "newsletter:subscribe"],
        "origins": ["https://WWW.example.org:443/", "http://localhost:3000"],
    });
    let made = app.try_make_key(&admin.access, &form).await.expect(201);
    assert!(Key::from(&made).text.starts_with("ash_pub_"));
    assert_eq!(made.json()["api_key"]["kind"], "publishable");
    assert_eq!(made.json()["api_key"]["origins"], json!([SITE, "http://localhost:3000"]));
    app.try_make_key(&bob.access, &form).await.refused(403, "permission_denied");

    for (member, value, pointer, code) in [
        ("scopes", json!(["identity.profile.read.own"]), "/scopes/0", "not_grantable"),
        ("origins", json!([]), "/origins", "out_of_range"),
        ("origins", json!(["*"]), "/origins/0", "invalid_format"),
        ("origins", json!(["null"]), "/origins/0", "invalid_format"),
        ("origins", json!(["https://example.org/path"]), "/origins/0", "invalid_format"),
        ("origins", json!([SITE, "https://*.example.org"]), "/origins/1", "invalid_format"),
    ] {
        let mut form = form.clone();
        form[member] = value;
        app.try_make_key(&admin.access, &form).await.refused_at((422, "validation"), pointer, code);
    }
}

async fn publishable_key_is_good_for_its_pages_only(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_up("admin").await;
    let key = app.publish_key(&admin.access).await.text;
    let from = async |origin: &str| {
        let call = app.client.get("/api/v1/me").header("x-api-key", &key).header("origin", origin);
        // Browsers are answered with headers of their own, which the description leaves to CORS.
        call.send().await
    };
    app.me_by_key(&key).await.refused(403, "origin_not_allowed");
    for foreign in ["https://example.org", "http://www.example.org", "null", "https://www.example.org.evil.example"] {
        from(foreign).await.refused(403, "origin_not_allowed");
    }
    from(SITE).await.refused(403, "insufficient_scope");
}

async fn publishable_key_reads_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_up("admin").await;
    let key = app.publish_key(&admin.access).await;
    let own = format!("/api/v1/api-keys/{}", key.id);
    for (method, path, code) in [
        ("GET", "/api/v1/me", "insufficient_scope"),
        ("PATCH", "/api/v1/me", "insufficient_scope"),
        ("GET", "/api/v1/me/sessions", "person_required"),
        ("GET", "/api/v1/api-keys", "person_required"),
        ("GET", &own, "person_required"),
        ("DELETE", &own, "person_required"),
    ] {
        let call = app.client.named(method, path).header("x-api-key", &key.text).header("origin", SITE);
        let call = if method == "PATCH" { call.json(&json!({})) } else { call };
        call.send().await.refused(403, code);
    }
}

async fn publishable_key_of_who_is_no_administrator_any_more_is_good_for_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_up("admin").await;
    let key = app.publish_key(&admin.access).await;
    app.execute("UPDATE membership SET role = 'member'").await;
    let call = app.client.get("/api/v1/me").header("x-api-key", &key.text).header("origin", SITE);
    call.send().await.refused(403, "insufficient_scope");
    // The key itself is told from a dead one, and its owner may still end it.
    let again = app.log_in("admin").await;
    app.end_key(&again.access, &key.id).await.expect(204);
}

async fn browsers_may_send_keys_from_allowed_origins(database: Database) {
    let app = ashlar_tests::Setup::on(database).set("ASHLAR_CORS_ORIGINS", SITE).start().await;
    let preflight = app.client.named("OPTIONS", "/api/v1/me").header("origin", SITE);
    let preflight = preflight.header("access-control-request-method", "GET");
    let answer = preflight.header("access-control-request-headers", "x-api-key").undescribed().send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.header("access-control-allow-headers").unwrap().to_lowercase().contains("x-api-key"));
}
