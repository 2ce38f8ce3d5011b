//! Making keys, seeing them, ending them.

use ashlar_tests::{Database, Key, TestApp, journeys, keys::READ};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    key_is_told_once_and_known_afterwards_by_its_beginning,
    key_lives_ninety_days_and_a_year_at_most,
    key_is_good_for_what_its_owner_may_and_keys_can,
    form_is_read_strictly,
    keys_are_listed_newest_first_in_pages,
    what_is_not_yours_is_not_found,
    changing_keys_needs_a_recent_sign_in,
    no_key_manages_keys_or_sessions,
    ended_key_is_refused_at_once_and_ended_once,
    key_ends_itself,
);

async fn key_is_told_once_and_known_afterwards_by_its_beginning(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let form = json!({ "name": " CI ", "scopes": [READ, READ], "ip_allow": ["127.0.0.1"], "expires_in_days": 30 });

    let answer = app.try_make_key(&ada.access, &form).await.expect(201);
    let made = Key::from(&answer);
    let seen = app.key(&ada.access, &made.id).await.expect(200);

    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert!(made.text.starts_with(&format!("{}_", body["api_key"]["begins_with"].as_str().unwrap())), "{}", made.text);
    assert!(made.text.starts_with("ash_dev_") && made.text.len() == 71, "{}", made.text);
    assert_eq!(seen.json(), body["api_key"]);
    let expected = json!({
        "id": made.id, "name": "CI", "kind": "secret", "status": "active", "begins_with": body["api_key"]["begins_with"],
        "scopes": [READ], "ip_allow": ["127.0.0.1/32"], "origins": [], "created_at": "2030-01-01T12:00:00.000Z",
        "rotated_at": null, "previous_valid_until": null, "expires_at": "2030-01-31T12:00:00.000Z",
        "last_used_at": null, "revoked_at": null,
    });
    assert_eq!(seen.json(), expected);
    let list = app.client.get("/api/v1/api-keys").bearer(&ada.access).send().await.expect(200);
    assert_eq!(list.json()["data"], json!([expected]));
    let secret = made.text.split('_').nth(3).unwrap();
    assert!(!seen.text().contains(secret) && !list.text().contains(secret));
    assert_eq!(app.names(answer.request_id()).await, ["identity.api_key.created"]);
    // The answer is a secret and is not kept to be given again.
    let named = app.client.post("/api/v1/api-keys").bearer(&ada.access).header("idempotency-key", "k");
    let named = named.json(&form);
    assert!(named.send().await.expect(201).header("idempotent-replayed").is_none());
}

async fn key_lives_ninety_days_and_a_year_at_most(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_up("admin").await;
    let ada = app.sign_up("ada").await;
    let make = async |access: &str, days: Value| {
        app.try_make_key(access, &json!({ "name": "K", "scopes": [READ], "expires_in_days": days })).await
    };

    let body = app.key(&ada.access, &app.make_key(&ada.access).await.id).await.json();
    assert_eq!(body["expires_at"], "2030-04-01T12:00:00.000Z");
    make(&ada.access, json!(1)).await.expect(201);
    make(&ada.access, json!(365)).await.expect(201);
    make(&admin.access, json!(3_650)).await.expect(201);
    for (access, days) in [(&ada, 366), (&ada, 0), (&ada, -1), (&admin, 3_651), (&admin, 70_000)] {
        let refused = make(&access.access, json!(days)).await;
        refused.refused_at((422, "validation"), "/expires_in_days", "out_of_range");
    }
    make(&ada.access, json!("90")).await.refused_at((422, "validation"), "/expires_in_days", "invalid_type");
}

async fn key_is_good_for_what_its_owner_may_and_keys_can(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.sign_up("admin").await;
    for scope in [
        "identity.session.read.own",
        "identity.session.revoke.own",
        "identity.api_key.manage.own",
        "identity.api_key.manage",
        "leads:create",
        "made.up",
    ] {
        let refused = app.try_make_key(&admin.access, &json!({ "name": "K", "scopes": [scope] })).await;
        refused.refused_at((422, "validation"), "/scopes/0", "not_grantable");
    }
    let refused = app.try_make_key(&admin.access, &json!({ "name": "K", "scopes": [READ, "*"] })).await;
    refused.refused_at((422, "validation"), "/scopes/1", "invalid_format");
    let refused = app.try_make_key(&admin.access, &json!({ "name": "K", "scopes": [READ, "a.b"] })).await;
    refused.refused_at((422, "validation"), "/scopes/1", "not_grantable");
}

async fn form_is_read_strictly(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let many = |element: &'static str| vec![element; 33];
    for (form, pointer, code) in [
        (json!({ "scopes": [READ] }), "/name", "required"),
        (json!({ "name": "", "scopes": [READ] }), "/name", "invalid_format"),
        (json!({ "name": "a\u{0}b", "scopes": [READ] }), "/name", "invalid_format"),
        (json!({ "name": "K" }), "/scopes", "required"),
        (json!({ "name": "K", "scopes": [] }), "/scopes", "out_of_range"),
        (json!({ "name": "K", "scopes": many(READ) }), "/scopes", "out_of_range"),
        (json!({ "name": "K", "scopes": READ }), "/scopes", "invalid_type"),
        (json!({ "name": "K", "scopes": [READ], "kind": "root" }), "/kind", "unknown_value"),
        (json!({ "name": "K", "scopes": [READ], "ip_allow": ["::1", "10.0.0.0/33"] }), "/ip_allow/1", "invalid_format"),
        (json!({ "name": "K", "scopes": [READ], "ip_allow": many("::1") }), "/ip_allow", "too_long"),
        (json!({ "name": "K", "scopes": [READ], "origins": ["https://a.example"] }), "/origins", "out_of_range"),
        (json!({ "name": "K", "scopes": [READ], "tenant_id": "x" }), "/tenant_id", "unknown_field"),
        (json!({ "name": "K", "scopes": [READ], "user_id": "x" }), "/user_id", "unknown_field"),
    ] {
        let refused = app.try_make_key(&ada.access, &form).await;
        assert_eq!(refused.status, 422, "{form}: {refused:?}");
        assert_eq!(refused.fields(), [(pointer.to_owned(), code.to_owned())], "{form}");
    }
    let list = app.client.get("/api/v1/api-keys").bearer(&ada.access).send().await.expect(200);
    assert_eq!(list.json()["data"], json!([]));
}

async fn keys_are_listed_newest_first_in_pages(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
    let mut made = Vec::new();
    for step in 0..5 {
        app.advance(TimeDelta::seconds(step % 2));
        made.push(app.make_key(&ada.access).await.id);
    }
    app.make_key(&bob.access).await;
    app.end_key(&ada.access, &made[1]).await.expect(204);
    let page = async |access: &str, query: &str| {
        app.client.get(&format!("/api/v1/api-keys{query}")).bearer(access).send().await
    };

    let (mut found, mut query, mut cursor) = (Vec::new(), "?limit=2".to_owned(), String::new());
    for pages in 1..=3 {
        let part = page(&ada.access, &query).await.expect(200).json();
        let ids = part["data"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned());
        found.extend(ids);
        match part["page"]["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => assert_eq!((pages, &part["page"]["has_more"]), (3, &json!(false))),
        }
        query = format!("?limit=2&cursor={cursor}");
    }

    made.reverse();
    assert_eq!(found, made);
    page(&bob.access, &format!("?cursor={cursor}")).await.refused(400, "invalid_cursor");
    page(&ada.access, "?cursor=x").await.refused(400, "invalid_cursor");
    page(&ada.access, "?limit=0").await.refused(400, "invalid_parameter");
    page(&ada.access, "?status=active").await.refused(400, "invalid_parameter");
}

async fn what_is_not_yours_is_not_found(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
    let key = app.make_key(&ada.access).await;
    let unknown = app.key(&bob.access, "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b").await;
    for id in [key.id.as_str(), "self", "x", "%00"] {
        for answer in
            [app.key(&bob.access, id).await, app.rotate(&bob.access, id).await, app.end_key(&bob.access, id).await]
        {
            answer.refused(404, "not_found");
            assert_eq!(answer.without_request(), unknown.without_request());
        }
    }
    app.me_by_key(&key.text).await.expect(200);
}

async fn changing_keys_needs_a_recent_sign_in(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    app.advance(TimeDelta::minutes(10));
    app.rotate(&ada.access, &key.id).await.expect(200);
    app.advance(TimeDelta::milliseconds(1));

    let form = json!({ "name": "K", "scopes": [READ] });
    for answer in [
        app.try_make_key(&ada.access, &form).await,
        app.rotate(&ada.access, &key.id).await,
        app.end_key(&ada.access, &key.id).await,
    ] {
        answer.refused(403, "reauthentication_required");
        assert_eq!((&answer.json()["max_age"], &answer.json()["methods"]), (&json!(600), &json!(["password"])));
    }
    app.key(&ada.access, &key.id).await.expect(200);
    app.me_by_key(&key.text).await.expect(200);
    let again = app.log_in("ada").await;
    app.end_key(&again.access, &key.id).await.expect(204);
}

async fn no_key_manages_keys_or_sessions(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    let form = json!({ "name": "K", "scopes": [READ] });
    let of_key = format!("/api/v1/api-keys/{}", key.id);
    let of_session = format!("/api/v1/me/sessions/{}", ada.session);
    for call in [
        app.client.post("/api/v1/api-keys").json(&form),
        app.client.get("/api/v1/api-keys"),
        app.client.get(&of_key),
        app.client.post(&format!("{of_key}/rotate")),
        app.client.delete(&of_key),
        app.client.get("/api/v1/me/sessions"),
        app.client.delete(&of_session),
    ] {
        call.header("x-api-key", &key.text).send().await.refused(403, "person_required");
    }
    app.me_by_key(&key.text).await.expect(200);
    assert!(app.is_alive(&ada.session).await);
}

async fn ended_key_is_refused_at_once_and_ended_once(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    app.me_by_key(&key.text).await.expect(200);

    for _ in 0..2 {
        app.end_key(&ada.access, &key.id).await.expect(204);
        app.me_by_key(&key.text).await.refused(401, "api_key_invalid");
    }

    assert_eq!(app.count_events("api_key.revoked").await, 1);
    let seen = app.key(&ada.access, &key.id).await.json();
    assert_eq!((&seen["status"], &seen["revoked_at"]), (&json!("revoked"), &json!("2030-01-01T12:00:00.000Z")));
    app.rotate(&ada.access, &key.id).await.refused(409, "api_key_inactive");
}

async fn key_ends_itself(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    let end = || app.client.delete("/api/v1/api-keys/self");
    end().bearer(&ada.access).send().await.refused(404, "not_found");
    end().send().await.refused(401, "authentication_required");

    app.advance(TimeDelta::days(1));
    let ended = end().header("x-api-key", &key.text).send().await.expect(204);

    end().header("x-api-key", &key.text).send().await.refused(401, "api_key_invalid");
    let events = app.events().await;
    let event = events.iter().find(|event| event.name == "identity.api_key.revoked").unwrap();
    assert_eq!((event.actor.kind.as_str(), event.actor.id.as_ref()), ("api_key", Some(&key.id)));
    assert_eq!(event.request_id, ended.request_id());
}
