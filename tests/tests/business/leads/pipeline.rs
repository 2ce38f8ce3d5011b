//! The pipeline, and what is noted on the way.

use ashlar_tests::{Answer, Database, TestApp, journeys};
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    lead_goes_through_the_pipeline,
    what_is_not_in_the_pipeline_is_refused_with_what_is,
    lost_lead_says_why,
    spam_frees_its_address_and_comes_back_while_it_is_free,
    race_of_moves_has_one_winner,
    what_was_done_is_noted_and_found_again,
);

fn members(page: &Value, member: &str) -> Vec<Value> {
    page["data"].as_array().unwrap().iter().map(|entry| entry[member].clone()).collect()
}

async fn lead_goes_through_the_pipeline(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    for (number, to) in ["contacted", "qualified", "proposal", "won"].into_iter().enumerate() {
        app.advance(chrono::TimeDelta::seconds(1));
        let moved = app.move_lead(&boss, &id, to).await.expect(200);
        assert_eq!(
            (moved.json()["status"].as_str(), moved.header("etag")),
            (Some(to), Some(&*format!("\"{}\"", number + 2)))
        );
        assert_eq!(app.names(moved.request_id()).await, ["leads.lead.status_changed"]);
    }
    let history = app.on_lead(&boss, "GET", &id, "/history?limit=2").send().await.expect(200).json();
    assert_eq!(members(&history, "to"), ["won", "proposal"]);
    let cursor = history["page"]["next_cursor"].as_str().unwrap();
    let rest = app.on_lead(&boss, "GET", &id, &format!("/history?cursor={cursor}")).send().await.expect(200).json();
    assert_eq!(members(&rest, "to"), ["qualified", "contacted", "new"]);
    assert_eq!(members(&rest, "from"), [json!("contacted"), json!("new"), json!(null)]);
    assert!(members(&rest, "actor_id").iter().all(|actor| *actor == json!(boss.user)));
    let other = app.lead(&boss.access, &json!({ "email": "bob@example.org" })).await;
    let elsewhere = app.on_lead(&boss, "GET", &other, &format!("/history?cursor={cursor}")).send().await;
    elsewhere.refused(400, "invalid_cursor");
}

async fn what_is_not_in_the_pipeline_is_refused_with_what_is(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    let refused = app.move_lead(&staff, &id, "won").await;
    refused.refused(409, "illegal_transition");
    assert_eq!(refused.json()["allowed"], json!(["contacted", "qualified", "lost", "spam"]));
    app.move_lead(&staff, &id, "heaven").await.refused_at((422, "validation"), "/to", "unknown_value");
    for to in ["qualified", "won"] {
        app.move_lead(&staff, &id, to).await.expect(200);
    }
    let refused = app.move_lead(&staff, &id, "proposal").await;
    refused.refused(409, "illegal_transition");
    assert_eq!(refused.json()["allowed"], json!([]));
    app.move_lead(&boss, &id, "proposal").await.expect(200);
}

async fn lost_lead_says_why(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    let call = || app.on_lead(&boss, "POST", &id, "/transition");
    let bare = call().json(&json!({ "to": "lost" })).send().await;
    bare.refused_at((422, "validation"), "/lost_reason", "required");
    let lost = json!({ "to": "lost", "lost_reason": "budget", "reason": "too dear" });
    assert_eq!(call().json(&lost).send().await.expect(200).json()["lost_reason"], "budget");
    let found = app.move_lead(&boss, &id, "contacted").await.expect(200).json();
    assert_eq!(found["lost_reason"], json!(null));
    let stale = call().header("if-match", "\"1\"").json(&lost).send().await;
    stale.refused(412, "version_conflict");
}

async fn spam_frees_its_address_and_comes_back_while_it_is_free(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (staff, seller) = (app.colleague(&boss, "staff", "staff").await, app.colleague(&boss, "seller", "sales").await);
    let email = json!({ "email": "ada@example.org" });
    let id = app.lead(&boss.access, &email).await;
    app.move_lead(&seller, &id, "spam").await.expect(200);
    app.move_lead(&seller, &id, "new").await.refused(409, "illegal_transition");
    app.move_lead(&staff, &id, "new").await.expect(200);
    app.move_lead(&seller, &id, "spam").await.expect(200);
    app.lead(&boss.access, &email).await;
    app.move_lead(&staff, &id, "new").await.refused(409, "duplicate_lead");
}

async fn race_of_moves_has_one_winner(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    let calls = (0..20).map(|_| {
        let call = app.on_lead(&boss, "POST", &id, "/transition").json(&json!({ "to": "contacted" }));
        tokio::spawn(call.send())
    });
    let answers: Vec<Answer> = join_all(calls.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    let lost = answers.iter().filter(|answer| answer.status != 200);
    lost.for_each(|answer| answer.refused(409, "illegal_transition"));
    let history = app.on_lead(&boss, "GET", &id, "/history").send().await.expect(200).json();
    assert_eq!(members(&history, "to"), ["contacted", "new"]);
}

async fn what_was_done_is_noted_and_found_again(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    let add = async |kind: &str, body: &str| {
        app.on_lead(&boss, "POST", &id, "/activities").json(&json!({ "kind": kind, "body": body })).send().await
    };
    for (kind, body) in [("note", "first"), ("call", "second"), ("meeting", "third")] {
        app.advance(chrono::TimeDelta::seconds(1));
        let added = add(kind, body).await.expect(201);
        assert_eq!(app.names(added.request_id()).await, ["leads.activity.added"]);
    }
    let all = app.on_lead(&boss, "GET", &id, "/activities").send().await.expect(200).json();
    assert_eq!(members(&all, "body"), ["third", "second", "first"]);
    let lead = app.on_lead(&boss, "GET", &id, "").send().await.expect(200);
    assert_eq!(lead.json()["last_contacted_at"], "2030-01-01T12:00:03.000Z");
    assert_eq!(lead.header("etag"), Some("\"1\""), "speaking to somebody is no edit");
    for (kind, body, pointer, code) in [
        ("form_touch", "x", "/kind", "unknown_value"),
        ("note", " ", "/body", "too_short"),
        ("note", "a\u{0}b", "/body", "control_character"),
    ] {
        add(kind, body).await.refused_at((422, "validation"), pointer, code);
    }
}
