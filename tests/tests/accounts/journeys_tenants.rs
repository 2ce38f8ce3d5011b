//! Tenants, who is a member of them, and who operates the installation.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Database, PASSWORD, SignedIn, TENANT, TestApp, journeys, tenancy::usernames};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    tenants_are_opened_and_listed_by_operators,
    tenant_is_opened_once_under_one_key,
    members_of_a_suspended_tenant_are_refused_until_it_is_resumed,
    operator_holds_no_power_within_a_tenant,
    person_goes_on_in_another_tenant,
    people_are_taken_in_and_let_go,
    guests_are_looked_after_at_home,
    another_tenants_people_are_not_found,
    own_memberships_are_listed_in_pages,
);

async fn post(app: &TestApp, access: &str, path: &str, body: &Value) -> Answer {
    app.client.post(path).bearer(access).json(body).send().await
}

/// A boss of `main`, an operator, and the tenant `acme`, which Ada administers.
async fn two_tenants(app: &TestApp) -> (SignedIn, SignedIn, String, SignedIn) {
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    app.register("ada").await.expect(201);
    let acme = app.open_tenant(&operator, "acme", "ada").await;
    (boss, operator, acme, app.log_in_to("acme", "ada").await)
}

async fn add(app: &TestApp, access: &str, who: &Value) -> Answer {
    post(app, access, "/api/v1/admin/memberships", who).await
}

async fn remove(app: &TestApp, access: &str, user: &str) -> Answer {
    app.client.delete(&format!("/api/v1/admin/memberships/{user}")).bearer(access).send().await
}

async fn tenants_are_opened_and_listed_by_operators(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    app.register("ada").await.expect(201);
    let form = json!({ "slug": "acme", "name": " Acme Ltd ", "admin_email": "ADA@example.org" });
    let open = async |body: &Value| post(&app, &operator.access, "/api/v1/admin/tenants", body).await;

    let opened = open(&form).await.expect(201);

    assert_eq!((&opened.json()["name"], &opened.json()["suspended_at"]), (&json!("Acme Ltd"), &json!(null)));
    assert_eq!(app.names(opened.request_id()).await, ["identity.tenant.created", "identity.membership.created"]);
    let log = app.events().await;
    let event = log.iter().find(|event| event.name == "identity.tenant.created").unwrap();
    assert_eq!(event.tenant.to_string(), opened.json()["id"].as_str().unwrap(), "it is in the tenant's own log");
    let ada = app.log_in_to("acme", "ada").await;
    assert_eq!(usernames(&app.users(&ada.access, "").await.expect(200).json()), ["ada"]);
    open(&form).await.refused_at((409, "slug_taken"), "/slug", "taken");
    for (member, value, code) in [
        ("slug", json!("Not A Slug"), "invalid_format"),
        ("name", json!(" "), "too_short"),
        ("admin_email", json!("nobody@example.org"), "unknown_account"),
        ("admin_email", json!("nobody"), "invalid_format"),
    ] {
        let mut body = json!({ "slug": "other", "name": "Other", "admin_email": "ada@example.org" });
        body[member] = value;
        open(&body).await.refused_at((422, "validation"), &format!("/{member}"), code);
    }
    let by_operator = json!({ "slug": "other", "name": "Other", "admin_email": "ops@example.org" });
    open(&by_operator).await.refused(409, "operator_account");
    app.open_tenant(&operator, "bee", "boss").await;
    let list = app.client.get("/api/v1/admin/tenants?limit=2").bearer(&operator.access).send().await.expect(200).json();
    let slugs: Vec<_> = list["data"].as_array().unwrap().iter().map(|tenant| tenant["slug"].clone()).collect();
    assert_eq!((slugs, &list["page"]["has_more"]), (vec![json!("acme"), json!("bee")], &json!(true)));
    let next = format!("/api/v1/admin/tenants?cursor={}", list["page"]["next_cursor"].as_str().unwrap());
    let rest = app.client.get(&next).bearer(&operator.access).send().await.expect(200).json();
    assert_eq!(rest["data"][0]["slug"], "main");
    post(&app, &boss.access, "/api/v1/admin/tenants", &form).await.refused(403, "permission_denied");
    app.client.get("/api/v1/admin/tenants").bearer(&boss.access).send().await.refused(403, "permission_denied");
}

async fn tenant_is_opened_once_under_one_key(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    let operator = app.operator("ops").await;
    let form = json!({ "slug": "acme", "name": "Acme", "admin_email": "boss@example.org" });
    let keyed = async || {
        let call = app.client.post("/api/v1/admin/tenants").bearer(&operator.access);
        call.header("idempotency-key", "k").json(&form).send().await
    };

    let (first, second) = (keyed().await.expect(201), keyed().await.expect(201));

    assert_eq!((first.body, second.header("idempotent-replayed")), (second.body.clone(), Some("true")));
    assert_eq!(app.count_events("tenant.created").await, 1);
}

async fn members_of_a_suspended_tenant_are_refused_until_it_is_resumed(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, operator, acme, ada) = two_tenants(&app).await;
    let path = format!("/api/v1/admin/tenants/{acme}");
    let tell =
        async |what: &str| app.client.post(&format!("{path}/{what}")).bearer(&operator.access).send().await.expect(200);
    app.me(&ada.access).await.expect(200);

    let suspended = tell("suspend").await;

    assert_eq!(suspended.json()["suspended_at"], "2030-01-01T12:00:00.000Z");
    assert_eq!(app.names(suspended.request_id()).await, ["identity.tenant.suspended"]);
    app.me(&ada.access).await.refused(403, "tenant_suspended");
    app.refresh(&ada.refresh).await.refused(403, "tenant_suspended");
    app.try_log_in_to("acme", "ada").await.refused(403, "tenant_suspended");
    let wrong = json!({ "identifier": "ada", "password": "another-password-1", "tenant": "acme" });
    let wrong = app.client.post("/api/v1/auth/login").json(&wrong).send().await;
    wrong.refused(401, "invalid_credentials");
    let at_home = app.log_in("ada").await;
    app.switch(&at_home.access, &acme).await.refused(403, "tenant_suspended");
    app.me(&boss.access).await.expect(200);
    assert_eq!(app.names(tell("suspend").await.request_id()).await, [""; 0]);
    app.log_out(&ada.access).await.expect(204);

    let resumed = tell("resume").await;
    assert_eq!(resumed.json()["suspended_at"], json!(null));
    assert_eq!(app.names(resumed.request_id()).await, ["identity.tenant.resumed"]);
    let ada = app.log_in_to("acme", "ada").await;
    app.me(&ada.access).await.expect(200);
    for id in ["0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b", "no-id"] {
        for what in ["suspend", "resume"] {
            let unknown = format!("/api/v1/admin/tenants/{id}/{what}");
            app.client.post(&unknown).bearer(&operator.access).send().await.refused(404, "not_found");
        }
    }
}

async fn operator_holds_no_power_within_a_tenant(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    let me = app.me(&operator.access).await.json();

    assert_eq!((&me["is_operator"], &me["role"]), (&json!(true), &json!("member")));
    let permissions = me["permissions"].as_array().unwrap();
    assert!(
        permissions.contains(&json!("identity.tenant.manage")) && !permissions.contains(&json!("identity.user.read"))
    );
    app.users(&operator.access, "").await.refused(403, "permission_denied");
    for role in ["admin", "staff", "sales", "instructor"] {
        app.set_role(&boss.access, &operator.user, role).await.refused(409, "operator_account");
    }
    app.set_role(&boss.access, &operator.user, "member").await.expect(200);
    // The lights stay on for those who can switch them on.
    let main = ashlar_kernel::TenantId::MAIN;
    let path = format!("/api/v1/admin/tenants/{main}");
    app.client.post(&format!("{path}/suspend")).bearer(&operator.access).send().await.expect(200);
    app.me(&boss.access).await.refused(403, "tenant_suspended");
    let again = app.log_in("ops").await;
    app.client.post(&format!("{path}/resume")).bearer(&again.access).send().await.expect(200);
    app.me(&boss.access).await.expect(200);
}

async fn person_goes_on_in_another_tenant(database: Database) {
    let app = TestApp::start(database).await;
    let (_, operator, acme, _) = two_tenants(&app).await;
    let bee = app.open_tenant(&operator, "bee", "boss").await;
    let ada = app.log_in("ada").await;
    assert_eq!(app.me(&ada.access).await.json()["role"], "member");

    let switched = app.switch(&ada.access, &acme).await.expect(200).json();

    let access = switched["access_token"].as_str().unwrap();
    assert_eq!((&switched["session_id"], &switched["tenant_id"]), (&json!(ada.session), &json!(acme)));
    assert_eq!(app.me(access).await.expect(200).json()["role"], "admin");
    app.users(access, "").await.expect(200);
    app.me(&ada.access).await.refused(401, "token_invalid");
    app.client.get("/api/v1/me").bearer(access).header(TENANT, "main").send().await.refused(403, "tenant_mismatch");
    let refreshed = SignedIn::from(&app.refresh(&ada.refresh).await);
    assert_eq!(
        (&refreshed.session, app.me(&refreshed.access).await.json()["role"].clone()),
        (&ada.session, json!("admin"))
    );
    assert_eq!(app.count_events("session.tenant_switched").await, 1);
    let here = app.switch(&refreshed.access, &acme).await.expect(200).json();
    app.me(here["access_token"].as_str().unwrap()).await.expect(200);

    let elsewhere = app.switch(access, &bee).await;
    let unknown = app.switch(access, "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b").await;
    elsewhere.refused(404, "not_found");
    assert_eq!(elsewhere.without_request(), unknown.without_request());
    app.switch(access, "no-id").await.refused_at((422, "validation"), "/tenant_id", "invalid_format");
}

async fn people_are_taken_in_and_let_go(database: Database) {
    let app = TestApp::start(database).await;
    let (_, _, acme, ada) = two_tenants(&app).await;
    let bob = app.sign_up("bob").await;

    let taken = add(&app, &ada.access, &json!({ "email": "BOB@example.org", "role": "staff" })).await.expect(201);

    assert_eq!((&taken.json()["is_guest"], &taken.json()["role"]), (&json!(true), &json!("staff")));
    assert_eq!(app.names(taken.request_id()).await, ["identity.membership.created"]);
    let again = add(&app, &ada.access, &json!({ "user_id": bob.user, "role": "member" })).await;
    again.refused(409, "already_member");
    let abroad = app.log_in_to("acme", "bob").await;
    app.users(&abroad.access, "").await.expect(200);
    let home = app.me(&bob.access).await.expect(200);
    assert_eq!(home.json()["role"], "member");

    let left = remove(&app, &ada.access, &bob.user).await.expect(204);
    assert_eq!(app.names(left.request_id()).await, ["identity.membership.removed", "identity.session.revoked_all"]);
    app.me(&abroad.access).await.refused(401, "session_revoked");
    app.me(&bob.access).await.expect(200);
    app.try_log_in_to("acme", "bob").await.refused(401, "invalid_credentials");
    remove(&app, &ada.access, &bob.user).await.refused(404, "not_found");
    app.switch(&bob.access, &acme).await.refused(404, "not_found");
    for unknown in [
        json!({ "email": "nobody@example.org", "role": "member" }),
        json!({ "user_id": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b", "role": "member" }),
    ] {
        add(&app, &ada.access, &unknown).await.refused(404, "not_found");
    }
    for (body, pointer, code) in [
        (json!({ "role": "member" }), "/user_id", "required"),
        (json!({ "role": "member", "email": "a@example.org", "user_id": bob.user }), "/user_id", "required"),
        (json!({ "role": "king", "email": "a@example.org" }), "/role", "invalid_value"),
        (json!({ "role": "member", "user_id": "x" }), "/user_id", "invalid_format"),
        (json!({ "role": "member", "email": "x" }), "/email", "invalid_format"),
    ] {
        add(&app, &ada.access, &body).await.refused_at((422, "validation"), pointer, code);
    }
    add(&app, &bob.access, &json!({ "email": "ada@example.org", "role": "member" }))
        .await
        .refused(403, "permission_denied");
    app.advance(TimeDelta::minutes(11));
    let late = add(&app, &ada.access, &json!({ "user_id": bob.user, "role": "member" })).await;
    late.refused(403, "reauthentication_required");
    remove(&app, &ada.access, &bob.user).await.refused(403, "reauthentication_required");
}

async fn guests_are_looked_after_at_home(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, _, _, ada) = two_tenants(&app).await;
    let bob = app.sign_up("bob").await;
    add(&app, &ada.access, &json!({ "user_id": bob.user, "role": "member" })).await.expect(201);
    let path = format!("/api/v1/admin/users/{}", bob.user);
    let rename = async |access: &str| {
        app.client.patch(&path).bearer(access).json(&json!({ "display_name": "Mallory" })).send().await
    };

    rename(&ada.access).await.refused(403, "guest_account");
    for what in ["suspend", "activate"] {
        app.administer(&ada.access, &bob.user, what).await.refused(403, "guest_account");
    }
    let signed_out = app.client.delete(&format!("{path}/sessions")).bearer(&ada.access).send().await.expect(200);
    assert_eq!(signed_out.json()["revoked"], 0, "those elsewhere are not theirs");
    app.me(&bob.access).await.expect(200);
    app.set_role(&ada.access, &bob.user, "sales").await.expect(200);
    rename(&boss.access).await.expect(200);
    // Shut at home, shut everywhere; but not while somebody is needed as an administrator elsewhere.
    let abroad = app.log_in_to("acme", "bob").await;
    app.administer(&boss.access, &bob.user, "suspend").await.expect(200);
    app.me(&abroad.access).await.refused(401, "session_revoked");
    app.administer(&boss.access, &ada.user, "suspend").await.refused(409, "last_admin");
    app.me(&ada.access).await.expect(200);
}

async fn another_tenants_people_are_not_found(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, _, _, ada) = two_tenants(&app).await;
    let eve = app.sign_up_to("acme", "eve").await;
    let unknown = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b";
    assert_eq!(usernames(&app.users(&ada.access, "?sort=email").await.json()), ["ada", "eve"]);
    assert_eq!(usernames(&app.users(&boss.access, "?sort=email").await.json()), ["ada", "boss", "ops"]);

    let person =
        async |id: &str| app.client.get(&format!("/api/v1/admin/users/{id}")).bearer(&boss.access).send().await;
    let (theirs, nobodys) = (person(&eve.user).await, person(unknown).await);
    theirs.refused(404, "not_found");
    assert_eq!(theirs.without_request(), nobodys.without_request());
    let session = format!("/api/v1/admin/users/{}/sessions/{}", ada.user, ada.session);
    app.client.delete(&session).bearer(&boss.access).send().await.refused(404, "not_found");
    app.me(&ada.access).await.expect(200);
    app.try_log_in("eve", PASSWORD).await.refused(401, "invalid_credentials");
}

async fn own_memberships_are_listed_in_pages(database: Database) {
    let app = TestApp::start(database).await;
    let (_, operator, acme, ada) = two_tenants(&app).await;
    app.open_tenant(&operator, "zoo", "ada").await;
    let list =
        async |query: &str| app.client.get(&format!("/api/v1/me/memberships{query}")).bearer(&ada.access).send().await;

    let first = list("?limit=2").await.expect(200).json();
    let cursor = first["page"]["next_cursor"].as_str().unwrap();
    let second = list(&format!("?limit=2&cursor={cursor}")).await.expect(200).json();

    let line = |page: &Value, index: usize| {
        let line = &page["data"][index];
        [&line["tenant_slug"], &line["role"], &line["current"]].map(Clone::clone)
    };
    assert_eq!(line(&first, 0), [json!("acme"), json!("admin"), json!(true)]);
    assert_eq!(first["data"][0]["tenant_id"], json!(acme));
    assert_eq!(line(&first, 1), [json!("main"), json!("member"), json!(false)]);
    assert_eq!(
        (line(&second, 0), &second["page"]["has_more"]),
        ([json!("zoo"), json!("admin"), json!(false)], &json!(false))
    );
    list("?cursor=x").await.refused(400, "invalid_cursor");
}
