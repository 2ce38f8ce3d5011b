//! Leads of people who look after leads no more.

use std::sync::Arc;

use ashlar_jobs::{Handlers, Subscribers};
use ashlar_server::work::{Departures, ReleaseLeads};
use ashlar_tests::{Database, PASSWORD, SignedIn, TestApp, journeys};
use serde_json::{Value, json};

journeys!(
    leads_of_whoever_leaves_are_everybodys_who_sells,
    leads_of_a_deleted_account_are_nobodys_in_every_tenant,
    whoever_still_works_with_leads_keeps_theirs,
);

/// What a worker does.
async fn work(app: &TestApp) {
    let clock = Arc::clone(&app.clock) as Arc<_>;
    let handlers = Handlers::new().with(ReleaseLeads { leads: app.leads.clone(), clock });
    app.work_off(Subscribers::new().with(Departures), handlers).await;
}

async fn owner(app: &TestApp, who: &SignedIn, lead: &str) -> Value {
    app.on_lead(who, "GET", lead, "").send().await.expect(200).json()["owner_id"].clone()
}

async fn leads_of_whoever_leaves_are_everybodys_who_sells(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.boss().await;
    let (ada, bob) = (app.colleague(&admin, "ada", "sales").await, app.colleague(&admin, "bob", "sales").await);
    let (cleo, dan) = (app.colleague(&admin, "cleo", "sales").await, app.colleague(&admin, "dan", "sales").await);
    let lead = async |email: &str, owner: &SignedIn| {
        app.lead(&admin.access, &json!({ "email": email, "owner_id": owner.user })).await
    };
    let (adas, bobs, cleos) = (lead("a@x.org", &ada).await, lead("b@x.org", &bob).await, lead("c@x.org", &cleo).await);
    app.on_lead(&dan, "GET", &adas, "").send().await.refused(404, "not_found");

    let remove = app.client.delete(&format!("/api/v1/admin/memberships/{}", ada.user)).bearer(&admin.access);
    remove.send().await.expect(204);
    app.set_role(&admin.access, &bob.user, "member").await.expect(200);
    work(&app).await;

    for lead in [&adas, &bobs] {
        assert_eq!(owner(&app, &dan, lead).await, Value::Null);
    }
    app.on_lead(&dan, "GET", &cleos, "").send().await.refused(404, "not_found");
    let events = app.events().await;
    let told: Vec<_> = events.iter().filter(|event| event.name == "leads.lead.assigned").collect();
    let told: Vec<_> = told.iter().map(|event| (&event.data["from"], &event.data["to"], &*event.actor.kind)).collect();
    // Two jobs of the same moment have no order.
    assert_eq!(told.len(), 2);
    for who in [&ada.user, &bob.user] {
        assert!(told.contains(&(&json!(who), &Value::Null, "system")), "{told:?}");
    }
    work(&app).await;
    assert_eq!(app.events().await.len(), events.len(), "what happened once has its effect once");
}

async fn leads_of_a_deleted_account_are_nobodys_in_every_tenant(database: Database) {
    let app = TestApp::start(database).await;
    let (admin, operator) = (app.boss().await, app.operator("ops").await);
    let ada = app.colleague(&admin, "ada", "sales").await;
    app.sign_up("head").await;
    app.open_tenant(&operator, "acme", "head").await;
    let head = app.log_in_to("acme", "head").await;
    let taken = json!({ "user_id": ada.user, "role": "sales" });
    app.client.post("/api/v1/admin/memberships").bearer(&head.access).json(&taken).send().await.expect(201);
    let here = app.lead(&admin.access, &json!({ "email": "a@example.org", "owner_id": ada.user })).await;
    let there = app.lead(&head.access, &json!({ "email": "a@example.org", "owner_id": ada.user })).await;

    let leave = app.client.delete("/api/v1/me").bearer(&ada.access).json(&json!({ "password": PASSWORD }));
    leave.send().await.expect(204);
    work(&app).await;

    assert_eq!(owner(&app, &admin, &here).await, Value::Null);
    assert_eq!(owner(&app, &head, &there).await, Value::Null);
}

async fn whoever_still_works_with_leads_keeps_theirs(database: Database) {
    let app = TestApp::start(database).await;
    let admin = app.boss().await;
    let (ada, bob) = (app.colleague(&admin, "ada", "sales").await, app.colleague(&admin, "bob", "sales").await);
    let adas = app.lead(&admin.access, &json!({ "email": "a@example.org", "owner_id": ada.user })).await;
    let bobs = app.lead(&admin.access, &json!({ "email": "b@example.org", "owner_id": bob.user })).await;

    app.set_role(&admin.access, &ada.user, "staff").await.expect(200);
    // Gone and back before a worker comes by.
    app.set_role(&admin.access, &bob.user, "member").await.expect(200);
    app.set_role(&admin.access, &bob.user, "sales").await.expect(200);
    work(&app).await;

    assert_eq!(owner(&app, &admin, &adas).await, json!(ada.user));
    assert_eq!(owner(&app, &admin, &bobs).await, json!(bob.user));
}
