//! Who sees which leads.

use std::collections::BTreeSet;

use ashlar_identity::Role;
use ashlar_tests::{Database, Key, TestApp, journeys};
use serde_json::{Value, json};

journeys!(
    people_who_sell_see_their_own_leads_and_nobodys,
    people_who_sell_take_leads_and_hand_none_on,
    only_people_who_work_with_leads_look_after_them,
    address_of_somebody_elses_lead_is_not_told,
    keys_reach_as_far_as_their_scopes_and_their_owners,
);

async fn people_who_sell_see_their_own_leads_and_nobodys(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (ada, bob) = (app.colleague(&boss, "ada", "sales").await, app.colleague(&boss, "bob", "sales").await);
    let member = app.sign_up("member").await;
    let nobodys = app.lead(&ada.access, &json!({ "email": "n@example.org" })).await;
    let adas = app.lead(&ada.access, &json!({ "email": "a@example.org", "owner_id": ada.user })).await;
    let of_bob = app.lead(&boss.access, &json!({ "email": "b@example.org", "owner_id": bob.user })).await;

    for (who, lead, status) in [
        (&ada, &nobodys, 200),
        (&ada, &adas, 200),
        (&ada, &of_bob, 404),
        (&bob, &adas, 404),
        (&boss, &adas, 200),
        (&member, &nobodys, 403),
    ] {
        assert_eq!(app.on_lead(who, "GET", lead, "").send().await.status, status);
        let patch = app.on_lead(who, "PATCH", lead, "").json(&json!({ "position": "x" }));
        assert_eq!(patch.send().await.status, status);
        for list in ["/history", "/activities"] {
            assert_eq!(app.on_lead(who, "GET", lead, list).send().await.status, status);
        }
    }
    app.move_lead(&bob, &adas, "contacted").await.refused(404, "not_found");
    let call = app.on_lead(&bob, "POST", &adas, "/activities").json(&json!({ "kind": "note", "body": "x" }));
    call.send().await.refused(404, "not_found");
    app.on_lead(&ada, "DELETE", &adas, "").send().await.refused(403, "permission_denied");
}

async fn people_who_sell_take_leads_and_hand_none_on(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (ada, bob) = (app.colleague(&boss, "ada", "sales").await, app.colleague(&boss, "bob", "sales").await);
    let id = app.lead(&boss.access, &json!({ "email": "n@example.org" })).await;
    let give = async |who, to: Value| app.on_lead(who, "PATCH", &id, "").json(&json!({ "owner_id": to })).send().await;

    give(&ada, json!(bob.user)).await.refused_at((422, "validation"), "/owner_id", "invalid_owner");
    assert_eq!(give(&ada, json!(ada.user)).await.expect(200).json()["owner_id"], json!(ada.user));
    give(&bob, json!(bob.user)).await.refused(404, "not_found");
    give(&ada, json!(null)).await.expect(200);
    give(&bob, json!(bob.user)).await.expect(200);
    give(&boss, json!(ada.user)).await.expect(200);
}

async fn only_people_who_work_with_leads_look_after_them(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let member = app.sign_up("member").await;
    for owner in [&member.user, "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"] {
        let refused = app.try_lead(&boss.access, &json!({ "email": "a@example.org", "owner_id": owner })).await;
        refused.refused_at((422, "validation"), "/owner_id", "invalid_owner");
    }
}

async fn address_of_somebody_elses_lead_is_not_told(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (ada, bob) = (app.colleague(&boss, "ada", "sales").await, app.colleague(&boss, "bob", "sales").await);
    app.lead(&boss.access, &json!({ "email": "a@example.org", "owner_id": bob.user })).await;
    for query in ["", "?on_duplicate=return", "?on_duplicate=merge_blank"] {
        let form = ashlar_tests::leads::form(&json!({ "email": "a@example.org" }));
        let call = app.client.post(&format!("/api/v1/leads{query}")).bearer(&ada.access).json(&form);
        let refused = call.send().await;
        refused.refused(409, "duplicate_lead");
        assert!(refused.json().get("existing_id").is_none());
    }
}

async fn keys_reach_as_far_as_their_scopes_and_their_owners(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ada = app.colleague(&boss, "ada", "sales").await;
    let make = async |who: &str, scopes: Value| {
        Key::from(&app.try_make_key(who, &json!({ "name": "K", "scopes": scopes })).await.expect(201)).text
    };
    let writing = make(&boss.access, json!(["leads.lead.create", "leads.lead.read", "leads.lead.read_all"])).await;
    let selling = make(&ada.access, json!(["leads.lead.read"])).await;
    let refused = app.try_make_key(&ada.access, &json!({ "name": "K", "scopes": ["leads.lead.read_all"] })).await;
    refused.refused_at((422, "validation"), "/scopes/0", "not_grantable");

    let form = ashlar_tests::leads::form(&json!({ "email": "a@example.org", "owner_id": boss.user }));
    let enter = |key: &str| app.client.post("/api/v1/leads").header("x-api-key", key).json(&form).send();
    enter(&selling).await.refused(403, "insufficient_scope");
    let lead = enter(&writing).await.expect(201).json();
    assert_eq!(lead["source"], "api");
    let path = format!("/api/v1/leads/{}", lead["id"].as_str().unwrap());
    app.client.get(&path).header("x-api-key", &writing).send().await.expect(200);
    app.client.get(&path).header("x-api-key", &selling).send().await.refused(404, "not_found");
    app.client.delete(&path).header("x-api-key", &writing).send().await.refused(403, "person_required");
}

/// Roles name the permissions of this domain, and this domain does not know roles.
#[test]
fn every_permission_of_leads_is_held_by_somebody_and_roles_name_no_other() {
    let known: BTreeSet<_> = ashlar_leads::permission::ALL.iter().map(|(name, _)| name.as_str()).collect();
    let held = Role::ALL.into_iter().flat_map(|role| {
        let all: Vec<_> = role.permissions().iter().map(|permission| permission.as_str()).collect();
        all
    });
    let held: BTreeSet<_> = held.filter(|name| name.starts_with("leads.")).collect();
    assert_eq!(known, held);
}
