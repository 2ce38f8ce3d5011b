//! Seeing where one is signed in, and signing out.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Database, SignedIn, TENANT, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    sessions_are_listed_newest_first_in_pages,
    cursor_is_good_for_its_own_list_only,
    query_is_read_strictly,
    own_other_session_is_ended_at_once,
    ending_another_session_needs_a_recent_sign_in,
    what_is_not_yours_is_not_found,
    sign_out_by_access_token,
    sign_out_by_refresh_token,
    sign_out_without_a_token_is_refused,
);

async fn page(app: &TestApp, access: &str, query: &str) -> Answer {
    app.client.get(&format!("/api/v1/me/sessions{query}")).bearer(access).send().await
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

async fn sessions_are_listed_newest_first_in_pages(database: Database) {
    let app = TestApp::start(database).await;
    let mut sessions = vec![app.sign_up("ada").await];
    app.sign_up("bob").await;
    for step in 0..4 {
        // Two of them begin in the same millisecond.
        app.advance(TimeDelta::seconds(step % 2));
        sessions.push(app.log_in("ada").await);
    }
    let current = sessions.last().unwrap();

    let whole = page(&app, &current.access, "").await.expect(200).json();
    let mut found = Vec::new();
    let mut query = "?limit=2".to_owned();
    for pages in 1..=4 {
        assert!(pages < 4, "the list does not end");
        let part = page(&app, &current.access, &query).await.expect(200).json();
        found.extend(ids(&part));
        let Some(cursor) = part["page"]["next_cursor"].as_str() else {
            assert_eq!((pages, &part["page"]["has_more"]), (3, &json!(false)));
            break;
        };
        assert_eq!(part["page"]["has_more"], true);
        query = format!("?limit=2&cursor={cursor}");
    }

    assert_eq!(found, ids(&whole));
    assert_eq!(found.len(), 5, "every session once, and nobody else's");
    assert!(sessions.iter().all(|session| found.contains(&session.session)));
    let begun: Vec<_> = whole["data"].as_array().unwrap().iter().map(|line| line["created_at"].to_string()).collect();
    assert!(begun.is_sorted_by(|a, b| a >= b), "{begun:?}");
    let marked: Vec<_> = whole["data"].as_array().unwrap().iter().filter(|line| line["current"] == true).collect();
    assert_eq!((marked.len(), &marked[0]["id"]), (1, &json!(current.session)));
}

async fn cursor_is_good_for_its_own_list_only(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
    app.log_in("ada").await;
    let first = page(&app, &ada.access, "?limit=1").await.expect(200).json();
    let cursor = first["page"]["next_cursor"].as_str().unwrap().to_owned();

    page(&app, &ada.access, &format!("?cursor={cursor}")).await.expect(200);
    page(&app, &bob.access, &format!("?cursor={cursor}")).await.refused(400, "invalid_cursor");
    let (head, tail) = cursor.split_at(20);
    let changed = if tail.starts_with('A') {
        tail.replacen('A', "B", 1)
    } else {
        format!("A{}", &tail.chars().skip(1).collect::<String>())
    };
    for bad in [
        format!("{head}{changed}"),
        head.to_owned(),
        "x".to_owned(),
        String::new(),
        "%00".to_owned(),
        format!("{cursor}{cursor}"),
    ] {
        page(&app, &ada.access, &format!("?cursor={bad}")).await.refused(400, "invalid_cursor");
    }
}

async fn query_is_read_strictly(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;

    for limit in ["1", "200"] {
        page(&app, &ada.access, &format!("?limit={limit}")).await.expect(200);
    }
    for limit in ["0", "201", "-1", "99999999999999999999", "x", "", "1.5", "%31%30x"] {
        let refused = page(&app, &ada.access, &format!("?limit={limit}")).await;
        refused.refused(400, "invalid_parameter");
        assert_eq!(refused.fields()[0].0, "/query/limit", "{limit}: {refused:?}");
    }
    page(&app, &ada.access, "?limit=1&limit=2").await.refused_at(
        (400, "invalid_parameter"),
        "/query/limit",
        "duplicate",
    );
    for (query, pointer) in
        [("?lmiit=1", "/query/lmiit"), ("?limit=1&a~b=2", "/query/a~0b"), ("?sort=-id", "/query/sort")]
    {
        page(&app, &ada.access, query).await.refused_at((400, "invalid_parameter"), pointer, "unknown_parameter");
    }
}

async fn own_other_session_is_ended_at_once(database: Database) {
    let app = TestApp::start(database).await;
    let (here, there) = (app.sign_up("ada").await, app.log_in("ada").await);
    app.me(&there.access).await.expect(200);

    app.end(&here.access, &there.session).await.expect(204);

    app.me(&there.access).await.refused(401, "session_revoked");
    app.refresh(&there.refresh).await.refused(401, "session_revoked");
    app.end(&here.access, &there.session).await.expect(204);
    assert_eq!(app.sessions(&here.access).await, [here.session]);
}

async fn ending_another_session_needs_a_recent_sign_in(database: Database) {
    let app = TestApp::start(database).await;
    let (here, there) = (app.sign_up("ada").await, app.log_in("ada").await);

    app.advance(TimeDelta::minutes(11));
    let refused = app.end(&here.access, &there.session).await;

    refused.refused(403, "reauthentication_required");
    assert_eq!((&refused.json()["max_age"], &refused.json()["methods"]), (&json!(600), &json!(["password"])));
    let refreshed = SignedIn::from(&app.refresh(&here.refresh).await);
    app.end(&refreshed.access, &there.session).await.refused(403, "reauthentication_required");
    assert!(app.is_alive(&there.session).await);
    // One's own present session may be ended at any time, and so may every other after a new sign-in.
    app.end(&refreshed.access, &here.session).await.expect(204);
    let again = app.log_in("ada").await;
    app.end(&again.access, &there.session).await.expect(204);
}

async fn what_is_not_yours_is_not_found(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);

    let foreign = app.end(&bob.access, &ada.session).await;
    let others = [
        app.end(&bob.access, "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b").await,
        app.end(&bob.access, "no-id").await,
        app.end(&bob.access, &ada.user).await,
        app.end(&bob.access, "%00").await,
        app.end(&bob.access, "%FF").await,
        app.end(&bob.access, &"x".repeat(2_000)).await,
    ];

    foreign.refused(404, "not_found");
    for other in &others {
        assert_eq!(other.status, 404, "{other:?}");
        assert_eq!(other.without_request(), foreign.without_request());
    }
    assert!(app.is_alive(&ada.session).await);
}

async fn sign_out_by_access_token(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    app.me(&ada.access).await.expect(200);

    app.log_out(&ada.access).await.expect(204);

    app.me(&ada.access).await.refused(401, "session_revoked");
    app.refresh(&ada.refresh).await.refused(401, "session_revoked");
    app.log_out(&ada.access).await.expect(204);
    app.advance(TimeDelta::minutes(16));
    app.log_out(&ada.access).await.refused(401, "token_expired");
}

async fn sign_out_by_refresh_token(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let out = async |token: &str| {
        app.client.post("/api/v1/auth/logout").json(&json!({ "refresh_token": token })).send().await
    };
    app.advance(TimeDelta::minutes(16));

    out(&ada.refresh).await.expect(204);
    out(&ada.refresh).await.expect(204);

    app.refresh(&ada.refresh).await.refused(401, "session_revoked");
    out("asr1_nonsense").await.refused(401, "refresh_token_invalid");
    assert!(!app.is_alive(&ada.session).await);
}

async fn sign_out_without_a_token_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let out = || app.client.post("/api/v1/auth/logout");

    out().send().await.refused(401, "authentication_required");
    out().json(&json!({})).send().await.refused(401, "authentication_required");
    out().json(&json!({ "refresh_token": null })).send().await.refused(401, "authentication_required");
    out().bearer("nonsense").send().await.refused(401, "token_invalid");
    out().header(TENANT, "nowhere").bearer(&ada.access).send().await.refused(404, "not_found");
    out().json(&json!({ "token": ada.refresh })).send().await.refused(422, "unknown_field");

    app.me(&ada.access).await.expect(200);
}
