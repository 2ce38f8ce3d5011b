//! Leads that are one person: found, merged, and erased together.

use ashlar_tests::{Database, Setup, SignedIn, TestApp, journeys};
use serde_json::{Value, json};

journeys!(
    pairs_are_found_and_merged,
    merger_that_cannot_be_is_told,
    merger_that_is_sent_again_is_one,
    names_come_first_by_relevance,
    erased_person_leaves_no_row_and_no_message,
);

async fn merge(app: &TestApp, who: &SignedIn, body: &Value) -> ashlar_tests::Answer {
    app.client.post("/api/v1/leads/merge").bearer(&who.access).json(body).send().await
}

async fn pairs(app: &TestApp, who: &SignedIn, query: &str) -> ashlar_tests::Answer {
    app.client.get(&format!("/api/v1/leads/duplicates{query}")).bearer(&who.access).send().await
}

async fn pairs_are_found_and_merged(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (staff, sales) = (app.colleague(&boss, "staff", "staff").await, app.colleague(&boss, "sales", "sales").await);
    let about = |email: &str, tag: &str| {
        json!({ "email": email, "company_name": "Engines", "tags": [tag, "fair"], "custom": { tag: 1 },
            "consent": { "marketing": tag == "old", "text_version": tag } })
    };
    let old = app.lead(&boss.access, &about("ada@example.org", "old")).await;
    let new = app.lead(&boss.access, &about("ada+fair@example.org", "new")).await;
    app.lead(&boss.access, &json!({ "full_name": "Somebody Else", "email": "bob@example.org" })).await;
    let note = json!({ "kind": "call", "body": "wants engines" });
    app.on_lead(&boss, "POST", &new, "/activities").json(&note).send().await.expect(201);
    app.move_lead(&boss, &new, "qualified").await.expect(200);
    let converted =
        app.on_lead(&boss, "POST", &new, "/convert").json(&json!({ "client": {} })).send().await.expect(201);
    let client = converted.json()["client"]["id"].as_str().unwrap().to_owned();

    pairs(&app, &sales, "").await.refused(403, "permission_denied");
    let found = pairs(&app, &staff, "").await.expect(200).json();
    assert_eq!((found["data"].as_array().unwrap().len(), &found["page"]["has_more"]), (1, &json!(false)));
    let pair = &found["data"][0];
    assert_eq!((&pair["score"], &pair["reasons"]), (&json!(100), &json!(["email", "name_and_company"])));
    assert_eq!((&pair["newer"]["id"], &pair["older"]["id"]), (&json!(new), &json!(old)));

    let wish = json!({ "primary_id": old, "duplicate_ids": [new], "prefer": { "email": new } });
    merge(&app, &sales, &wish).await.refused(403, "permission_denied");
    let stale = app.client.post("/api/v1/leads/merge").bearer(&staff.access).header("if-match", "\"7\"");
    stale.json(&wish).send().await.refused(412, "version_conflict");
    let merged = merge(&app, &staff, &wish).await.expect(200);
    assert_eq!(merged.header("etag"), Some("\"2\""));
    let events = app.names(merged.request_id()).await;
    assert_eq!(events, ["leads.lead.merged", "leads.lead.status_changed"]);
    let merged = merged.json();
    let lead = &merged["lead"];
    assert_eq!((&merged["merged_ids"], &lead["id"]), (&json!([new]), &json!(old)));
    assert_eq!((&lead["email"], &lead["status"]), (&json!("ada+fair@example.org"), &json!("won")));
    assert_eq!((&lead["tags"], &lead["custom"]), (&json!(["fair", "new", "old"]), &json!({ "old": 1, "new": 1 })));
    assert_eq!(lead["consent"]["marketing"], json!(false), "a refusal counts more");
    assert_eq!(app.on_lead(&boss, "GET", &old, "").send().await.json(), *lead);

    app.on_lead(&boss, "GET", &new, "").send().await.refused(404, "not_found");
    let activities = app.on_lead(&boss, "GET", &old, "/activities").send().await.expect(200).json();
    let kinds: Vec<_> = activities["data"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["merge", "call"]);
    let history = app.on_lead(&boss, "GET", &old, "/history").send().await.expect(200).json();
    assert_eq!(history["data"][0]["to"], "won", "the newest says where it stands");
    let shown = app.client.get(&format!("/api/v1/clients/{client}")).bearer(&boss.access).send().await.expect(200);
    assert_eq!(shown.json()["lead_id"], json!(old));
    let again = app.on_lead(&boss, "POST", &old, "/convert").json(&json!({ "client": {} })).send().await.expect(200);
    assert_eq!(again.json()["client"]["id"], json!(client));
    assert!(pairs(&app, &staff, "").await.expect(200).json()["data"].as_array().unwrap().is_empty());
    let stats = app.client.get("/api/v1/leads/stats").bearer(&boss.access).send().await.expect(200).json();
    assert_eq!(stats["total"], json!(2));
}

async fn merger_that_cannot_be_is_told(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let mut leads = Vec::new();
    for number in 0..2 {
        let id = app.lead(&boss.access, &json!({ "email": format!("n{number}@example.org") })).await;
        app.move_lead(&boss, &id, "qualified").await.expect(200);
        app.on_lead(&boss, "POST", &id, "/convert").json(&json!({ "client": {} })).send().await.expect(201);
        leads.push(id);
    }
    let wish = json!({ "primary_id": leads[0], "duplicate_ids": [leads[1]] });
    merge(&app, &boss, &wish).await.refused(409, "two_clients");
    let unknown = json!({ "primary_id": leads[0], "duplicate_ids": ["0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"] });
    merge(&app, &boss, &unknown).await.refused(404, "not_found");
    for (duplicates, prefer, pointer, code) in [
        (json!([]), json!({}), "/duplicate_ids", "invalid_value"),
        (json!([leads[0]]), json!({}), "/duplicate_ids", "invalid_value"),
        (json!(["x"]), json!({}), "/duplicate_ids/0", "invalid_format"),
        (
            json!([leads[1]]),
            json!({ "notes": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b" }),
            "/prefer/notes",
            "invalid_value",
        ),
        (json!([leads[1]]), json!({ "consent": leads[1] }), "/prefer/consent", "unknown_field"),
    ] {
        let wish = json!({ "primary_id": leads[0], "duplicate_ids": duplicates, "prefer": prefer });
        let refused = merge(&app, &boss, &wish).await.expect(422);
        assert_eq!(refused.fields()[0], (pointer.to_owned(), code.to_owned()), "{wish}");
    }
}

async fn merger_that_is_sent_again_is_one(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let one = app.lead(&boss.access, &json!({ "email": "a@example.org" })).await;
    let other = app.lead(&boss.access, &json!({ "email": "b@example.org" })).await;
    let wish = json!({ "primary_id": one, "duplicate_ids": [other] });
    let send =
        || app.client.post("/api/v1/leads/merge").bearer(&boss.access).header("idempotency-key", "m1").json(&wish);
    let first = send().send().await.expect(200);
    let again = send().send().await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), first.json()));
    merge(&app, &boss, &wish).await.refused(404, "not_found");
}

async fn names_come_first_by_relevance(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for (number, name) in ["Lee Adams", "Anna Lee", "Leeroy Brown", "Bob Ashley"].iter().enumerate() {
        app.lead(&boss.access, &json!({ "full_name": name, "email": format!("n{number}@fleece.example") })).await;
    }
    app.leads(&boss, "?sort=relevance").await.refused(400, "invalid_parameter");
    let mut names = Vec::new();
    let mut query = "?q=lee&sort=relevance&limit=1".to_owned();
    for _ in 0..10 {
        let page = app.leads(&boss, &query).await.expect(200).json();
        names.push(page["data"][0]["full_name"].as_str().unwrap().to_owned());
        let Some(cursor) = page["page"]["next_cursor"].as_str() else { break };
        query = format!("?q=lee&sort=relevance&limit=1&cursor={cursor}");
    }
    assert_eq!(names, ["Leeroy Brown", "Lee Adams", "Anna Lee", "Bob Ashley"]);
}

async fn erased_person_leaves_no_row_and_no_message(database: Database) {
    let app = Setup::on(database).set("ASHLAR_PHONE_REGION", "de").start().await;
    let boss = app.boss().await;
    let one = app.lead(&boss.access, &json!({ "email": "ada@example.org", "phone_number": "+49 30 123456" })).await;
    let other = app.lead(&boss.access, &json!({ "email": "ada+2@example.org" })).await;
    let file = b"name,email,phone,source\nAda,ADA@example.org,,tv\nAda,x,030 123456,tv\nAda,ada+2@example.org,,tv\n\
        Bob,dada@example.org,,tv\nCyd,c@good.example,,\nDan,d@good.example,,\nEli,e@good.example,,\n\
        Flo,f@good.example,,\nGus,g@good.example,,\n";
    let import = app.import(&boss.access, &json!({}), file).await;
    app.carry_imports_out().await;
    let errors = async || {
        let path = format!("/api/v1/leads/imports/{import}/errors.csv");
        app.client.get(&path).bearer(&boss.access).send().await.expect(200).text()
    };
    assert_eq!(errors().await.matches("example.org").count(), 3);
    let message = app.message(&boss, "ada@example.org").await;
    app.client.post(&format!("/api/v1/contacts/{message}/to-lead")).bearer(&boss.access).send().await.expect(200);
    let stranger = app.message(&boss, "eve@example.org").await;
    merge(&app, &boss, &json!({ "primary_id": one, "duplicate_ids": [other] })).await.expect(200);

    let purged = app.on_lead(&boss, "DELETE", &one, "?purge=true").send().await.expect(204);
    assert_eq!(app.names(purged.request_id()).await, ["leads.lead.rows_emptied", "leads.lead.purged"]);
    let left = errors().await;
    assert_eq!(left.matches("example.org").count(), 1, "{left}");
    assert!(left.contains("dada@example.org"), "a longer address is somebody else's: {left}");
    let contact =
        |method: &str, id: &str| app.client.named(method, &format!("/api/v1/contacts/{id}")).bearer(&boss.access);
    contact("GET", &message).send().await.refused(404, "not_found");
    app.on_lead(&boss, "DELETE", &other, "?purge=true").send().await.refused(404, "not_found");

    app.advance(chrono::TimeDelta::minutes(11));
    contact("DELETE", &stranger).send().await.refused(403, "reauthentication_required");
    let boss = app.log_in("boss").await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let erase = |who: &SignedIn| app.client.delete(&format!("/api/v1/contacts/{stranger}")).bearer(&who.access).send();
    erase(&staff).await.refused(403, "permission_denied");
    let erased = erase(&boss).await.expect(204);
    assert_eq!(app.names(erased.request_id()).await, ["leads.contact.erased"]);
    erase(&boss).await.refused(404, "not_found");
}
