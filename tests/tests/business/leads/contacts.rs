//! Messages of a page for contact.

use ashlar_tests::{Database, SignedIn, TestApp, journeys};
use serde_json::{Value, json};

journeys!(
    message_is_read_and_answered_by_staff_only,
    message_becomes_one_lead_however_many_ask,
    message_of_a_known_address_is_noted_on_its_lead,
    what_is_wrong_with_a_message_is_told_at_once,
    message_that_no_person_sent_is_thanked_for,
);

fn letter(email: &str) -> Value {
    json!({ "name": "Ada Lovelace", "email": email, "subject": "A quote", "message": "What would it cost?" })
}

async fn messages(app: &TestApp, who: &SignedIn, query: &str) -> Vec<Value> {
    let list = app.client.get(&format!("/api/v1/contacts{query}")).bearer(&who.access).send().await.expect(200);
    list.json()["data"].as_array().unwrap().clone()
}

async fn message_is_read_and_answered_by_staff_only(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (staff, seller) = (app.colleague(&boss, "staff", "staff").await, app.colleague(&boss, "ada", "sales").await);
    let call = app.client.post("/api/v1/contacts").json(&letter("ada@example.org"));
    let call = call.header("referer", "https://www.example.org/contact").header("user-agent", "Test/1");
    let sent = call.send().await.expect(202);
    assert_eq!(sent.json(), json!({ "received": true }));
    assert_eq!(app.names(sent.request_id()).await, ["leads.contact.received"]);

    let message = messages(&app, &staff, "?status=new").await.remove(0);
    assert_eq!(
        (&message["email"], &message["ip"], &message["referrer"], &message["user_agent"]),
        (&json!("ada@example.org"), &json!("127.0.0.1"), &json!("https://www.example.org/contact"), &json!("Test/1"))
    );
    let path = format!("/api/v1/contacts/{}", message["id"].as_str().unwrap());
    app.client.get(&path).bearer(&seller.access).send().await.refused(403, "permission_denied");
    let mark = async |status: &str, version: &str| {
        let call = app.client.patch(&path).bearer(&staff.access).header("if-match", version);
        call.json(&json!({ "status": status })).send().await
    };
    assert_eq!(mark("replied", "\"1\"").await.expect(200).json()["status"], "replied");
    mark("closed", "\"1\"").await.refused(412, "version_conflict");
    mark("gone", "\"2\"").await.refused_at((422, "validation"), "/status", "unknown_value");
    assert_eq!(messages(&app, &staff, "?status=new").await.len(), 0);
    assert_eq!(messages(&app, &staff, "?status=new&status=replied").await.len(), 1);
    let odd = app.client.get("/api/v1/contacts?status=heaven").bearer(&staff.access).send().await;
    odd.refused(400, "invalid_parameter");
}

async fn message_becomes_one_lead_however_many_ask(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.message(&boss, "ada@example.org").await;
    let path = format!("/api/v1/contacts/{id}/to-lead");
    let asked = (0..8).map(|_| app.client.post(&path).bearer(&boss.access).send());
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
    let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    let leads = app.leads(&boss, "").await.expect(200).json();
    assert_eq!(leads["data"].as_array().unwrap().len(), 1);
    assert_eq!(leads["data"][0]["notes"], "A quote\n\nWhat would it cost?");
    assert_eq!(messages(&app, &boss, "").await[0]["lead_id"], leads["data"][0]["id"]);
}

async fn message_of_a_known_address_is_noted_on_its_lead(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let lead = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    let id = app.message(&boss, "ADA@example.org").await;
    for _ in 0..2 {
        let call = app.client.post(&format!("/api/v1/contacts/{id}/to-lead")).bearer(&boss.access);
        assert_eq!(call.send().await.expect(200).json()["id"], lead);
    }
    let activities = app.on_lead(&boss, "GET", &lead, "/activities").send().await.expect(200).json();
    assert_eq!(activities["data"].as_array().unwrap().len(), 1);
    assert_eq!(activities["data"][0]["kind"], "form_touch");
}

async fn what_is_wrong_with_a_message_is_told_at_once(database: Database) {
    let app = TestApp::start(database).await;
    let form = json!({ "name": "1", "email": "x", "phone": "1", "subject": "x", "message": "too short" });
    let answer = app.client.post("/api/v1/contacts").json(&form).send().await.expect(422);
    let pointers: Vec<_> = answer.fields().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/name", "/email", "/phone", "/subject", "/message"]);
}

async fn message_that_no_person_sent_is_thanked_for(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let mut form = letter("ada@example.org");
    form["website_url"] = json!("https://spam.example");
    for name in ["a", "a", "b"] {
        let call = app.client.post("/api/v1/contacts").header("idempotency-key", name).json(&form);
        assert_eq!(call.send().await.expect(202).json(), json!({ "received": true }));
    }
    assert_eq!(messages(&app, &boss, "").await, [] as [Value; 0]);
}
