//! Many leads at once, and numbers of leads.

use ashlar_tests::{Answer, Database, SignedIn, TestApp, journeys};
use serde_json::{Value, json};

journeys!(
    each_lead_of_a_batch_is_entered_for_itself,
    duplicates_of_a_batch_are_answered_or_filled,
    atomic_batch_enters_all_or_none,
    batches_of_one_address_at_once_leave_one_lead,
    numbers_follow_every_change,
);

async fn enter(app: &TestApp, who: &SignedIn, body: &Value) -> Answer {
    app.client.post("/api/v1/leads/batch").bearer(&who.access).json(body).send().await
}

fn named(name: &str, email: &str) -> Value {
    json!({ "full_name": name, "email": email })
}

fn statuses(answer: &Answer) -> Vec<String> {
    let results = answer.json()["results"].as_array().unwrap().clone();
    results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
}

async fn each_lead_of_a_batch_is_entered_for_itself(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let known = app.lead(&boss.access, &json!({ "email": "known@example.org" })).await;
    let items = json!([
        named("Ada", "ada@example.org"), named("1", "x"), named("Bob", "KNOWN@example.org"),
        named("Ada", "ADA@example.org"), { "full_name": "Eve", "phone_number": "+49 30 123456", "owner_id": known },
    ]);
    let key = json!({ "name": "Server", "scopes": ["leads.lead.create", "leads.lead.read"] });
    let key = ashlar_tests::Key::from(&app.try_make_key(&boss.access, &key).await).text;
    let call = app.client.post("/api/v1/leads/batch").header("x-api-key", &key).json(&json!({ "items": items }));
    let answer = call.send().await.expect(200);
    assert_eq!(statuses(&answer), ["created", "refused", "refused", "refused", "refused"]);
    let results = answer.json()["results"].clone();
    let codes: Vec<_> = (1..5).map(|index| results[index]["error"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["validation", "duplicate_lead", "duplicate_lead", "validation"]);
    assert_eq!(results[1]["error"]["errors"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&results[2]["error"]["existing_id"], &results[3]["error"]["existing_id"]),
        (&json!(known), &results[0]["id"])
    );
    let names = app.names(answer.request_id()).await;
    let of_leads: Vec<_> = names.iter().filter(|name| name.starts_with("leads.")).collect();
    assert_eq!(of_leads, ["leads.lead.created"]);
    for items in [vec![], vec![named("Ada", "a@example.org"); 501]] {
        let refused = enter(&app, &boss, &json!({ "items": items })).await;
        refused.refused_at((422, "validation"), "/items", "out_of_range");
    }
}

async fn duplicates_of_a_batch_are_answered_or_filled(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let known = app.lead(&boss.access, &json!({ "email": "known@example.org" })).await;
    let items = json!([
        named("Ada", "ada@example.org"),
        { "full_name": "Other", "email": "ada@example.org", "position": "CTO" },
        { "full_name": "Other", "email": "known@example.org", "position": "CEO" },
    ]);
    for (way, position) in [("return", json!(null)), ("merge_blank", json!("CEO"))] {
        let answer = enter(&app, &boss, &json!({ "items": items, "on_duplicate": way })).await.expect(200);
        let expected = if way == "return" { "created" } else { "existing" };
        assert_eq!(statuses(&answer), [expected, "existing", "existing"]);
        let lead = app.on_lead(&boss, "GET", &known, "").send().await.expect(200).json();
        assert_eq!((&lead["position"], &lead["full_name"]), (&position, &json!("Ada Lovelace")));
    }
}

async fn atomic_batch_enters_all_or_none(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let items = json!([named("Ada", "ada@example.org"), named("1", "bob@example.org")]);
    let body = json!({ "items": items, "atomic": true });
    assert_eq!(statuses(&enter(&app, &boss, &body).await.expect(200)), ["left_out", "refused"]);
    assert_eq!(app.leads(&boss, "").await.json()["data"], json!([]));
    let items = json!([named("Ada", "ada@example.org"), named("Bob", "bob@example.org")]);
    let body = json!({ "items": items, "atomic": true });
    assert_eq!(statuses(&enter(&app, &boss, &body).await.expect(200)), ["created", "created"]);
}

async fn batches_of_one_address_at_once_leave_one_lead(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let body = |number: u32| {
        let items = [named("Ada", "ada@example.org"), named("Own", &format!("n{number}@example.org"))];
        json!({ "items": items, "on_duplicate": "return" })
    };
    let bodies: Vec<_> = (0..12).map(body).collect();
    let answers = futures::future::join_all(bodies.iter().map(|body| enter(&app, &boss, body))).await;
    let firsts: Vec<_> = answers.iter().map(|answer| statuses(answer)[0].clone()).collect();
    assert_eq!(firsts.iter().filter(|status| *status == "created").count(), 1, "{firsts:?}");
    assert!(answers.iter().all(|answer| statuses(answer)[1] == "created"));
    assert_eq!(app.leads(&boss, "").await.json()["data"].as_array().unwrap().len(), 13);
}

async fn numbers_follow_every_change(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let seller = app.colleague(&boss, "ada", "sales").await;
    let stats =
        async |query: &str| app.client.get(&format!("/api/v1/leads/stats{query}")).bearer(&boss.access).send().await;
    let first = app.lead(&boss.access, &json!({ "email": "a@example.org", "category": "seo" })).await;
    let second = app.lead(&boss.access, &json!({ "email": "b@example.org", "source": "event" })).await;
    app.move_lead(&boss, &first, "contacted").await.expect(200);
    app.on_lead(&boss, "PATCH", &first, "").json(&json!({ "category": "design" })).send().await.expect(200);
    let found = stats("").await.expect(200).json();
    assert_eq!(
        found,
        json!({
            "total": 2,
            "by_status": [{ "status": "contacted", "leads": 1 }, { "status": "new", "leads": 1 }],
            "by_source": [{ "source": "event", "leads": 1 }, { "source": "other", "leads": 1 }],
            "by_category": [{ "category": null, "leads": 1 }, { "category": "design", "leads": 1 }],
            "by_day": [{ "day": "2030-01-01", "leads": 2 }],
        })
    );
    app.on_lead(&boss, "DELETE", &second, "").send().await.expect(204);
    assert_eq!(stats("").await.expect(200).json()["total"], 1);
    assert_eq!(stats("?from=2030-01-01&to=2030-01-01").await.expect(200).json()["total"], 1);
    assert_eq!(stats("?to=2029-12-31").await.expect(200).json()["total"], 0);
    for bad in ["?from=2030-01-02", "?from=yesterday", "?from=2028-01-01", "?colour=red"] {
        stats(bad).await.refused(400, "invalid_parameter");
    }
    let call = app.client.get("/api/v1/leads/stats").bearer(&seller.access);
    call.send().await.refused(403, "permission_denied");
}
