//! Administering the people of a tenant.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Database, PASSWORD, SignedIn, TestApp, journeys, tenancy::usernames};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    people_are_listed_filtered_and_searched,
    list_of_people_is_read_in_pages_and_counted,
    query_for_people_is_read_strictly,
    person_is_read_and_edited_by_version,
    account_is_opened_for_somebody,
    account_is_opened_once_under_one_key,
    suspended_account_is_out_at_once_and_may_come_back,
    new_role_counts_from_the_next_request,
    roles_are_for_administrators_with_a_recent_sign_in,
    nobody_changes_or_suspends_themselves_and_the_last_administrator_stays,
    sessions_of_others_are_seen_and_ended,
    staff_reads_and_changes_nothing,
);

async fn person(app: &TestApp, access: &str, id: &str) -> Answer {
    app.client.get(&format!("/api/v1/admin/users/{id}")).bearer(access).send().await
}

async fn create(app: &TestApp, access: &str, form: &Value) -> Answer {
    app.client.post("/api/v1/admin/users").bearer(access).json(form).send().await
}

fn form(name: &str) -> Value {
    json!({ "email": format!("{name}@example.org"), "username": name, "password": PASSWORD })
}

async fn people_are_listed_filtered_and_searched(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for name in ["cyd", "ada", "bob"] {
        app.advance(TimeDelta::minutes(1));
        app.sign_up(name).await;
    }
    let found = async |query: &str| usernames(&app.users(&boss.access, query).await.expect(200).json());
    let ada = usernames_and_ids(&app, &boss).await.remove("ada").unwrap();
    app.set_role(&boss.access, &ada, "staff").await.expect(200);
    app.edit(&app.log_in("bob").await.access, &json!({ "display_name": "B\u{f6}b \u{d6}st" })).await.expect(200);

    assert_eq!(found("").await, ["bob", "ada", "cyd", "boss"]);
    assert_eq!(found("?sort=created_at").await, ["boss", "cyd", "ada", "bob"]);
    assert_eq!(found("?sort=email").await, ["ada", "bob", "boss", "cyd"]);
    assert_eq!(found("?role=staff").await, ["ada"]);
    assert_eq!(found("?status=disabled").await, [""; 0]);
    assert_eq!(found("?created_from=2030-01-01T12:02:00Z").await, ["bob", "ada"]);
    assert_eq!(found("?created_before=2030-01-01T12:02:00.000Z&sort=email").await, ["boss", "cyd"]);
    assert_eq!(found("?q=%C3%B6B").await, ["bob"]);
    assert_eq!(found("?q=B&sort=email").await, ["bob", "boss"]);
    assert_eq!(found("?q=EXAMPLE.org&role=admin&status=active").await, ["boss"]);
    app.administer(&boss.access, &ada, "suspend").await.expect(200);
    assert_eq!(found("?status=disabled").await, ["ada"]);
    let shown = app.users(&boss.access, "?q=cyd").await.json()["data"][0].clone();
    assert_eq!((&shown["last_login_at"], &shown["role"]), (&json!("2030-01-01T12:01:00.000Z"), &json!("member")));
    assert_eq!((&shown["is_guest"], &shown["is_operator"]), (&json!(false), &json!(false)));
}

async fn usernames_and_ids(app: &TestApp, boss: &SignedIn) -> std::collections::BTreeMap<String, String> {
    let page = app.users(&boss.access, "?limit=200").await.expect(200).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    page["data"].as_array().unwrap().iter().map(|person| (text(&person["username"]), text(&person["id"]))).collect()
}

async fn list_of_people_is_read_in_pages_and_counted(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for number in 0..6 {
        app.register(&format!("pal{number}")).await.expect(201);
    }
    for sort in ["created_at", "-created_at", "email"] {
        let whole = usernames(&app.users(&boss.access, &format!("?sort={sort}")).await.expect(200).json());
        let (mut paged, mut query) = (Vec::new(), format!("?sort={sort}&limit=3&include=total"));
        for number in 1..=3 {
            let page = app.users(&boss.access, &query).await.expect(200).json();
            assert_eq!((&page["page"]["total"], &page["page"]["total_is_capped"]), (&json!(7), &json!(false)));
            paged.extend(usernames(&page));
            let Some(cursor) = page["page"]["next_cursor"].as_str() else {
                assert_eq!(number, 3);
                break;
            };
            query = format!("?sort={sort}&limit=3&include=total&cursor={cursor}");
        }
        assert_eq!((paged.len(), paged), (7, whole), "{sort}");
    }
    let page = app.users(&boss.access, "?limit=1").await.json();
    assert_eq!(page["page"].get("total"), None, "nobody asked");
    let cursor = page["page"]["next_cursor"].as_str().unwrap();
    for other in ["&sort=email", "&role=member", "&status=active", "&q=pal", "&created_from=2030-01-01T00:00:00Z"] {
        let refused = app.users(&boss.access, &format!("?cursor={cursor}{other}")).await;
        refused.refused(400, "invalid_cursor");
    }
    let nobody = app.users(&boss.access, "?q=nobody&include=total").await.expect(200).json();
    assert_eq!((&nobody["data"], &nobody["page"]["total"]), (&json!([]), &json!(0)));
}

async fn query_for_people_is_read_strictly(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for (query, pointer) in [
        ("?status=gone", "status"),
        ("?role=root", "role"),
        ("?sort=-email", "sort"),
        ("?include=everything", "include"),
        ("?q=", "q"),
        ("?q=%0A", "q"),
        ("?q=a%00b", "q"),
        ("?created_from=yesterday", "created_from"),
        ("?created_before=2030-13-01T00:00:00Z", "created_before"),
        ("?limit=0", "limit"),
        ("?tenant_id=1", "tenant_id"),
    ] {
        let refused = app.users(&boss.access, query).await;
        refused.refused(400, "invalid_parameter");
        assert_eq!(refused.fields()[0].0, format!("/query/{pointer}"), "{query}");
    }
    for literal in ["%25", "_", "%5C", "'%20OR%201=1--", "%3Cscript%3E"] {
        let page = app.users(&boss.access, &format!("?q={literal}")).await.expect(200).json();
        assert_eq!(page["data"], json!([]), "{literal}");
    }
}

async fn person_is_read_and_edited_by_version(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, ada) = (app.boss().await, app.sign_up("ada").await);
    let path = format!("/api/v1/admin/users/{}", ada.user);
    let read = person(&app, &boss.access, &ada.user).await.expect(200);
    let tag = read.header("etag").unwrap().to_owned();
    let edit = async |tag: &str, body: &Value| {
        app.client.patch(&path).bearer(&boss.access).header("if-match", tag).json(body).send().await
    };

    let known = app.client.get(&path).bearer(&boss.access).header("if-none-match", &tag).send().await;
    assert_eq!((known.expect(304).body.len(), tag.as_str()), (0, "\"1.1\""));
    let edited = edit(&tag, &json!({ "display_name": "Countess" })).await.expect(200);
    assert_eq!((&edited.json()["display_name"], edited.header("etag")), (&json!("Countess"), Some("\"2.1\"")));
    edit(&tag, &json!({ "display_name": "Late" })).await.refused(412, "version_conflict");
    edit("\"2.1\", \"x\"", &json!({ "display_name": null })).await.expect(200);
    app.set_role(&boss.access, &ada.user, "staff").await.expect(200);
    edit("\"3.1\"", &json!({ "display_name": "Late" })).await.refused(412, "version_conflict");
    edit("*", &json!({ "display_name": "Ada" })).await.expect(200);
    for member in ["email", "role", "status", "is_operator", "tenant_id", "avatar_url"] {
        edit("*", &json!({ member: "x" })).await.refused_at(
            (422, "unknown_field"),
            &format!("/{member}"),
            "unknown_field",
        );
    }
    assert_eq!(app.me(&ada.access).await.json()["display_name"], "Ada");
    for id in ["0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b", "no-id", "%00", ada.session.as_str()] {
        person(&app, &boss.access, id).await.refused(404, "not_found");
    }
}

async fn account_is_opened_for_somebody(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let made = create(&app, &boss.access, &json!({
        "email": "Grace@Example.org", "username": "grace", "password": PASSWORD, "display_name": "Grace", "role": "staff"
    }))
    .await
    .expect(201);

    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), Some(format!("/api/v1/admin/users/{id}").as_str()));
    assert_eq!(made.json(), person(&app, &boss.access, &id).await.json());
    let grace = app.log_in("grace").await;
    assert_eq!(app.me(&grace.access).await.json()["role"], "staff");
    assert_eq!(app.names(made.request_id()).await, ["identity.user.created_by_admin", "identity.membership.created"]);
    create(&app, &boss.access, &form("grace")).await.refused(409, "identifier_taken");
    let weak = json!({ "email": "x@example.org", "password": "password1234" });
    create(&app, &boss.access, &weak).await.refused(422, "password_rejected");
    let king = json!({ "email": "x@example.org", "password": PASSWORD, "role": "king" });
    create(&app, &boss.access, &king).await.refused_at((422, "validation"), "/role", "invalid_value");
    for member in ["is_admin", "tenant_id", "status", "email_verified", "id", "is_operator"] {
        let mut body = form("mallory");
        body[member] = json!(true);
        let refused = create(&app, &boss.access, &body).await;
        refused.refused_at((422, "unknown_field"), &format!("/{member}"), "unknown_field");
    }

    app.advance(TimeDelta::minutes(11));
    create(&app, &boss.access, &form("plain")).await.expect(201);
    let mut admin = form("other");
    admin["role"] = json!("admin");
    create(&app, &boss.access, &admin).await.refused(403, "reauthentication_required");
}

async fn account_is_opened_once_under_one_key(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let keyed = async |access: &str, body: &Value| {
        app.client.post("/api/v1/admin/users").bearer(access).header("idempotency-key", "k").json(body).send().await
    };
    let mut admin = form("grace");
    admin["role"] = json!("admin");
    app.advance(TimeDelta::minutes(11));
    keyed(&boss.access, &admin).await.refused(403, "reauthentication_required");

    let again = app.log_in("boss").await;
    let first = keyed(&again.access, &admin).await.expect(201);
    let second = keyed(&again.access, &admin).await.expect(201);

    assert_eq!((first.body.clone(), first.header("location")), (second.body.clone(), second.header("location")));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    keyed(&again.access, &form("other")).await.refused(422, "idempotency_key_reused");
    assert_eq!(app.count_events("user.created_by_admin").await, 1);
}

async fn suspended_account_is_out_at_once_and_may_come_back(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, ada) = (app.boss().await, app.sign_up("ada").await);
    let other = app.log_in("ada").await;
    app.me(&ada.access).await.expect(200);

    let suspended = app.administer(&boss.access, &ada.user, "suspend").await.expect(200);

    assert_eq!(suspended.json()["status"], "disabled");
    for session in [&ada, &other] {
        app.me(&session.access).await.refused(401, "session_revoked");
        app.refresh(&session.refresh).await.refused(401, "session_revoked");
        assert!(!app.is_alive(&session.session).await);
    }
    app.try_log_in("ada", PASSWORD).await.refused(401, "invalid_credentials");
    assert_eq!(app.names(suspended.request_id()).await, ["identity.user.disabled", "identity.session.revoked_all"]);
    let twice = app.administer(&boss.access, &ada.user, "suspend").await.expect(200);
    assert_eq!(app.names(twice.request_id()).await, [""; 0]);

    let active = app.administer(&boss.access, &ada.user, "activate").await.expect(200);
    assert_eq!((&active.json()["status"], active.header("etag")), (&json!("active"), Some("\"3.1\"")));
    assert_eq!(app.names(active.request_id()).await, ["identity.user.enabled"]);
    app.administer(&boss.access, &ada.user, "activate").await.expect(200);
    app.me(&ada.access).await.refused(401, "session_revoked");
    let back = app.log_in("ada").await;
    app.me(&back.access).await.expect(200);
    app.advance(TimeDelta::minutes(11));
    app.administer(&boss.access, &ada.user, "suspend").await.refused(403, "reauthentication_required");
}

async fn new_role_counts_from_the_next_request(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, ada) = (app.boss().await, app.sign_up("ada").await);
    app.users(&ada.access, "").await.refused(403, "permission_denied");

    let changed = app.set_role(&boss.access, &ada.user, "staff").await.expect(200);

    assert_eq!((&changed.json()["role"], changed.header("etag")), (&json!("staff"), Some("\"1.2\"")));
    app.users(&ada.access, "").await.expect(200);
    assert_eq!(app.names(changed.request_id()).await, ["identity.membership.role_changed"]);
    let same = app.set_role(&boss.access, &ada.user, "staff").await.expect(200);
    assert_eq!(app.names(same.request_id()).await, [""; 0]);
    for role in ["sales", "instructor", "member"] {
        app.set_role(&boss.access, &ada.user, role).await.expect(200);
        app.users(&ada.access, "").await.refused(403, "permission_denied");
        assert_eq!(app.me(&ada.access).await.json()["role"], role);
    }
    let refused = app.set_role(&boss.access, &ada.user, "operator").await;
    refused.refused_at((422, "validation"), "/role", "invalid_value");
}

async fn roles_are_for_administrators_with_a_recent_sign_in(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let ada = app.sign_up("ada").await;

    for role in ["admin", "member", "staff"] {
        let refused = app.set_role(&staff.access, &ada.user, role).await;
        refused.refused(403, "permission_denied");
        assert!(refused.json()["detail"].as_str().unwrap().contains("identity.membership.manage"));
    }
    app.advance(TimeDelta::minutes(11));
    let late = app.set_role(&boss.access, &ada.user, "admin").await;
    late.refused(403, "reauthentication_required");
    assert_eq!(late.json()["max_age"], 600);
    let again = app.log_in("boss").await;
    app.set_role(&again.access, &ada.user, "admin").await.expect(200);
    let ada = app.log_in("ada").await;
    app.set_role(&ada.access, &staff.user, "member").await.expect(200);
}

async fn nobody_changes_or_suspends_themselves_and_the_last_administrator_stays(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ada = app.colleague(&boss, "ada", "admin").await;

    app.set_role(&boss.access, &boss.user, "member").await.refused(403, "self_role_change");
    app.administer(&boss.access, &boss.user, "suspend").await.refused(403, "self_suspension");
    let leave = format!("/api/v1/admin/memberships/{}", boss.user);
    app.client.delete(&leave).bearer(&boss.access).send().await.refused(403, "self_role_change");
    // Of two, one may go, by whichever way; then the other is the last.
    app.administer(&boss.access, &ada.user, "suspend").await.expect(200);
    app.administer(&boss.access, &ada.user, "activate").await.expect(200);
    let ada = app.log_in("ada").await;
    app.set_role(&ada.access, &boss.user, "member").await.expect(200);
    app.set_role(&boss.access, &ada.user, "member").await.refused(403, "permission_denied");
    app.me(&boss.access).await.expect(200);
    assert_eq!(app.users(&ada.access, "?role=admin").await.json()["data"].as_array().unwrap().len(), 1);
}

async fn sessions_of_others_are_seen_and_ended(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let sessions = [app.sign_up("ada").await, app.log_in("ada").await, app.log_in("ada").await];
    let path = format!("/api/v1/admin/users/{}/sessions", sessions[0].user);
    let list = async |query: &str| app.client.get(&format!("{path}{query}")).bearer(&boss.access).send().await;

    let whole = list("").await.expect(200).json();
    assert_eq!(whole["data"].as_array().unwrap().len(), 3);
    assert!(whole["data"].as_array().unwrap().iter().all(|line| line["ip"] == "127.0.0.0" && line["current"] == false));
    let first = list("?limit=2").await.expect(200).json();
    let cursor = first["page"]["next_cursor"].as_str().unwrap();
    assert_eq!(list(&format!("?cursor={cursor}")).await.expect(200).json()["data"].as_array().unwrap().len(), 1);
    let own = app.client.get(&format!("/api/v1/me/sessions?cursor={cursor}")).bearer(&sessions[0].access).send().await;
    own.refused(400, "invalid_cursor");

    let one = format!("{path}/{}", sessions[0].session);
    app.client.delete(&one).bearer(&boss.access).send().await.expect(204);
    app.client.delete(&one).bearer(&boss.access).send().await.expect(204);
    app.me(&sessions[0].access).await.refused(401, "session_revoked");
    app.me(&sessions[1].access).await.expect(200);
    let others = format!("{path}/{}", boss.session);
    app.client.delete(&others).bearer(&boss.access).send().await.refused(404, "not_found");

    let all = app.client.delete(&path).bearer(&boss.access).send().await.expect(200);
    assert_eq!(all.json(), json!({ "revoked": 2 }));
    assert_eq!(app.names(all.request_id()).await, ["identity.session.revoked_all"]);
    for session in &sessions {
        app.me(&session.access).await.refused(401, "session_revoked");
    }
    let none = app.client.delete(&path).bearer(&boss.access).send().await.expect(200);
    assert_eq!(none.json(), json!({ "revoked": 0 }));
    app.log_in("ada").await;
    app.advance(TimeDelta::minutes(11));
    app.client.delete(&path).bearer(&boss.access).send().await.refused(403, "reauthentication_required");
}

async fn staff_reads_and_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let ada = app.sign_up("ada").await;
    let path = format!("/api/v1/admin/users/{}", ada.user);

    app.users(&staff.access, "").await.expect(200);
    person(&app, &staff.access, &ada.user).await.expect(200);
    create(&app, &staff.access, &form("xyz")).await.refused(403, "permission_denied");
    let edited = app.client.patch(&path).bearer(&staff.access).json(&json!({ "display_name": "x" })).send().await;
    edited.refused(403, "permission_denied");
    for what in ["suspend", "activate"] {
        app.administer(&staff.access, &ada.user, what).await.refused(403, "permission_denied");
    }
    let sessions = format!("{path}/sessions");
    app.client.get(&sessions).bearer(&staff.access).send().await.refused(403, "permission_denied");
    app.client.delete(&sessions).bearer(&staff.access).send().await.refused(403, "permission_denied");
    app.me(&ada.access).await.expect(200);
}
