//! Using keys.

use ashlar_tests::{
    Answer, Database, Key, Setup, TENANT, TestApp, journeys,
    keys::{READ, signed},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::TimeDelta;
use serde_json::json;

journeys!(
    key_is_taken_wherever_clients_put_it,
    two_proofs_are_ambiguous_and_none_is_read_from_the_query,
    whatever_is_wrong_with_a_key_the_answer_is_one,
    key_does_what_its_scopes_say,
    key_is_never_good_for_more_than_its_owner,
    key_works_from_where_it_may,
    new_places_are_told_once,
    use_is_noted_hourly,
    key_is_of_one_tenant,
    key_is_counted_beside_its_owner,
);

async fn with(app: &TestApp, header: &str, value: &str) -> Answer {
    app.client.get("/api/v1/me").header(header, value).send().await
}

async fn key_is_taken_wherever_clients_put_it(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await.text;
    let encoded = BASE64.encode(format!("{key}:"));
    for (header, value) in [
        ("x-api-key", key.clone()),
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("bearer  {key}")),
        ("authorization", format!("Basic {key}")),
        ("authorization", format!("Basic {encoded}")),
    ] {
        let answer = with(&app, header, &value).await.expect(200);
        assert_eq!(answer.json()["username"], "ada", "{header}: {value}");
    }
    with(&app, "authorization", &key).await.refused(401, "token_invalid");
    let encoded = BASE64.encode(format!("{key}:password"));
    with(&app, "authorization", &format!("Basic {encoded}")).await.refused(401, "token_invalid");
}

async fn two_proofs_are_ambiguous_and_none_is_read_from_the_query(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await.text;
    let both = app.client.get("/api/v1/me").bearer(&ada.access).header("x-api-key", &key).send().await;
    both.refused(400, "ambiguous_credentials");
    let twice = app.client.get("/api/v1/me").header("x-api-key", &key).header("x-api-key", &key).send().await;
    twice.refused(400, "ambiguous_credentials");
    for name in ["api_key", "key", "access_token", "x-api-key"] {
        let answer = app.client.get(&format!("/api/v1/me?{name}={key}")).send().await;
        answer.refused(401, "authentication_required");
    }
}

/// What finds a key, and what proves it.
fn apart(text: &str) -> (&str, &str) {
    let (begins, rest) = text.split_at("ash_dev_".len() + 13);
    (begins, rest.split_at(43).0)
}

async fn whatever_is_wrong_with_a_key_the_answer_is_one(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_up("admin").await;
    let bob = app.sign_up("bob").await;
    let [revoked, expired, disabled] =
        [app.make_key(&admin.access).await, app.make_key(&admin.access).await, app.make_key(&bob.access).await];
    let other = app.make_key(&admin.access).await;
    // Their checksums are right: only the database can tell.
    let (begins, secret) = apart(&other.text);
    let mixed = signed(&format!("{}{secret}", apart(&expired.text).0));
    let unknown = signed(&format!("ash_dev_aaaaaaaaaaaa_{secret}"));
    let [live, publishable] =
        ["ash_live_", "ash_pub_"].map(|brand| signed(&format!("{begins}{secret}").replace("ash_dev_", brand)));
    app.end_key(&admin.access, &revoked.id).await.expect(204);
    app.disable(&bob.user).await;
    let mut mistyped = other.text.clone();
    mistyped.pop();
    for text in [&mixed, &unknown, &live, &publishable] {
        app.me_by_key(text).await.refused(401, "api_key_invalid");
    }
    app.me_by_key(&other.text).await.expect(200);
    app.advance(TimeDelta::days(90));

    let first = app.me_by_key("ash_").await;
    for text in [&revoked.text, &expired.text, &disabled.text, &mixed, &unknown, &live, &publishable, &mistyped] {
        let answer = app.me_by_key(text).await;
        answer.refused(401, "api_key_invalid");
        assert_eq!(answer.without_request(), first.without_request(), "{text}");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="ashlar", error="invalid_token""#));
    }
}

async fn key_does_what_its_scopes_say(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    let writer = json!({ "name": "W", "scopes": ["identity.profile.update.own"] });
    let writer = Key::from(&app.try_make_key(&ada.access, &writer).await);
    let edit = |key: &Key| {
        let call = app.client.patch("/api/v1/me").header("x-api-key", &key.text);
        call.json(&json!({ "display_name": "Ada" })).send()
    };

    let refused = edit(&key).await;
    refused.refused(403, "insufficient_scope");
    assert_eq!(refused.json()["required"], "identity.profile.update.own");
    let changed = edit(&writer).await.expect(200);
    app.me_by_key(&writer.text).await.refused(403, "insufficient_scope");

    let events = app.events().await;
    let of = |name: &str| events.iter().filter(|event| event.name == name).collect::<Vec<_>>();
    let denied = of("identity.api_key.scope_denied");
    assert_eq!(denied.len(), 2, "one of each key");
    assert_eq!(denied[0].request_id, refused.request_id());
    assert_eq!(denied[0].data["required"], "identity.profile.update.own");
    assert_eq!(denied[0].data["api_key"], key.id);
    let edited = of("identity.user.profile_updated")[0];
    assert_eq!((edited.actor.kind.as_str(), edited.actor.id.as_ref()), ("api_key", Some(&writer.id)));
    assert_eq!(edited.request_id, changed.request_id());
    for _ in 0..5 {
        edit(&key).await.refused(403, "insufficient_scope");
    }
    assert_eq!(app.count_events("api_key.scope_denied").await, 2, "the log cannot be filled");
    app.advance(TimeDelta::minutes(1));
    edit(&key).await.refused(403, "insufficient_scope");
    assert_eq!(app.count_events("api_key.scope_denied").await, 3);
}

async fn key_is_never_good_for_more_than_its_owner(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_up("admin").await;
    let bob = app.sign_up("bob").await;
    let (key, bobs) = (app.make_key(&admin.access).await, app.make_key(&bob.access).await);
    app.me_by_key(&key.text).await.expect(200);

    app.execute("UPDATE membership SET role = 'member'").await;
    assert_eq!(app.me_by_key(&key.text).await.expect(200).json()["role"], "member", "read anew each time");
    app.disable(&bob.user).await;
    app.me_by_key(&bobs.text).await.refused(401, "api_key_invalid");
    app.me_by_key(&key.text).await.expect(200);
    app.execute("DELETE FROM membership").await;
    app.me_by_key(&key.text).await.refused(401, "api_key_invalid");
}

async fn key_works_from_where_it_may(database: Database) {
    let app = Setup::on(database).set("ASHLAR_TRUSTED_PROXIES", "127.0.0.1/32").start().await;
    let ada = app.sign_up("ada").await;
    let form = json!({ "name": "K", "scopes": [READ], "ip_allow": ["203.0.113.0/24", "2001:db8::/32"] });
    let key = Key::from(&app.try_make_key(&ada.access, &form).await).text;
    let from = async |key: &str, address: &str| {
        app.client.get("/api/v1/me").header("x-api-key", key).header("x-forwarded-for", address).send().await
    };

    for good in ["203.0.113.9", "2001:db8::7", "::ffff:203.0.113.9", "198.51.100.1, 203.0.113.9"] {
        from(&key, good).await.expect(200);
    }
    for bad in ["203.0.114.1", "2001:db9::1", "127.0.0.1", "203.0.113.9, 198.51.100.1", "nonsense"] {
        from(&key, bad).await.refused(403, "ip_not_allowed");
    }
    app.me_by_key(&key).await.refused(403, "ip_not_allowed");
    let wrong = format!("{key}x");
    from(&wrong, "203.0.114.1").await.refused(401, "api_key_invalid");
}

async fn new_places_are_told_once(database: Database) {
    let app = Setup::on(database).set("ASHLAR_TRUSTED_PROXIES", "127.0.0.1/32").start().await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    let from = async |address: &str| {
        let call = app.client.get("/api/v1/me").header("x-api-key", &key.text);
        call.header("x-forwarded-for", address).send().await.expect(200)
    };

    for address in ["203.0.113.9", "203.0.113.9", "2001:db8::7", "2001:db8::8", "203.0.113.9", "198.51.100.1"] {
        from(address).await;
    }

    let events = app.events().await;
    let mut places = Vec::new();
    for event in events.iter().filter(|event| event.name == "identity.api_key.used_from_new_ip") {
        places.push(app.address_of(event).await.unwrap());
    }
    assert_eq!(places, ["203.0.113.9", "2001:db8::7", "198.51.100.1"]);
}

async fn use_is_noted_hourly(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    let used =
        async || app.key(&app.log_in("ada").await.access, &key.id).await.expect(200).json()["last_used_at"].clone();
    assert_eq!(used().await, json!(null));
    for (minutes, expected) in [(0, "12:00"), (59, "12:00"), (1, "13:00")] {
        app.advance(TimeDelta::minutes(minutes));
        app.me_by_key(&key.text).await.expect(200);
        assert_eq!(used().await, json!(format!("2030-01-01T{expected}:00.000Z")));
    }
}

async fn key_is_of_one_tenant(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    app.add_tenant(7, "acme").await;
    let ask = |tenant: &str| app.client.get("/api/v1/me").header("x-api-key", &key.text).header(TENANT, tenant).send();
    ask("main").await.expect(200);
    ask("acme").await.refused(403, "tenant_mismatch");
    ask("nowhere").await.refused(404, "not_found");
}

async fn key_is_counted_beside_its_owner(database: Database) {
    let app = Setup::on(database).set("ASHLAR_RATE_LIMIT_USER", "4/1h").start().await;
    let ada = app.sign_up("ada").await;
    let (key, other) = (app.make_key(&ada.access).await, app.make_key(&ada.access).await);
    for left in ["3", "2", "1", "0"] {
        let answer = app.me_by_key(&key.text).await.expect(200);
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
    }
    app.me_by_key(&key.text).await.refused(429, "rate_limited");
    app.me_by_key(&other.text).await.expect(200);
    assert_eq!(app.me(&ada.access).await.expect(200).header("x-ratelimit-remaining"), Some("1"));
}
