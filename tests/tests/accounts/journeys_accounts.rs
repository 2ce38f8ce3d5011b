//! Opening an account, and signing in to it or not.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Database, PASSWORD, Setup, SignedIn, TENANT, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    first_account_is_the_admin_and_the_second_is_not,
    one_person_signs_in_by_every_spelling,
    taken_address_or_handle_is_named,
    weak_password_is_refused_whether_or_not_the_address_is_taken,
    failed_logins_are_all_the_same,
    disabled_person_is_out_everywhere,
    closed_registration_opens_no_account,
    privileges_cannot_be_asked_for,
    unknown_tenant_does_not_exist,
    token_is_good_in_its_own_tenant_only,
    device_is_shown_in_the_list_of_sessions,
);

async fn first_account_is_the_admin_and_the_second_is_not(database: Database) {
    let app = TestApp::start(database).await;

    let first = app.register("ada").await.expect(201).json();
    let second = app.register("bob").await.expect(201).json();

    assert_eq!((&first["user"]["role"], &first["user"]["is_admin"]), (&json!("admin"), &json!(true)));
    assert_eq!((&second["user"]["role"], &second["user"]["is_admin"]), (&json!("member"), &json!(false)));
    assert_eq!(first["user"]["email"], "ada@example.org");
    let own = ["identity.profile.read.own", "identity.session.revoke.own"];
    let permissions: Vec<String> = serde_json::from_value(second["user"]["permissions"].clone()).unwrap();
    assert!(own.iter().all(|permission| permissions.iter().any(|held| held == permission)), "{permissions:?}");
}

async fn one_person_signs_in_by_every_spelling(database: Database) {
    let app = TestApp::start(database).await;
    let form = json!({ "email": "Ada@B\u{fc}cher.example", "username": "Ada.L", "password": PASSWORD });
    let user = app.client.post("/api/v1/auth/register").json(&form).send().await.expect(201).json()["user"].clone();
    assert_eq!(user["email"], "Ada@b\u{fc}cher.example", "the part before the at sign stays as it was written");

    for spelling in
        ["ADA@B\u{dc}CHER.EXAMPLE", "ada@xn--bcher-kva.example", "  ada@b\u{fc}cher.example ", "ada.l", "ADA.L"]
    {
        let login = app.try_log_in(spelling, PASSWORD).await.expect(200);
        let body = login.json();
        assert_eq!(body["user"]["id"], user["id"], "{spelling}");
        assert_eq!((&body["status"], &body["token_type"]), (&json!("authenticated"), &json!("Bearer")));
        assert_eq!(body["expires_in"], 900);
        assert_eq!(body["refresh_expires_at"], "2030-01-08T12:00:00.000Z");
        assert_eq!(login.header("cache-control"), Some("no-store"));
    }
}

async fn taken_address_or_handle_is_named(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let register = async |email: &str, username: &str| {
        let form = json!({ "email": email, "username": username, "password": PASSWORD });
        app.client.post("/api/v1/auth/register").json(&form).send().await
    };

    let address = register("ADA@example.ORG", "other").await;
    address.refused(409, "identifier_taken");
    assert_eq!(address.json()["field"], "email");
    let handle = register("other@example.org", "ADA").await;
    handle.refused(409, "identifier_taken");
    assert_eq!(handle.json()["field"], "username");
    register("other@example.org", "other").await.expect(201);
}

async fn weak_password_is_refused_whether_or_not_the_address_is_taken(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let register = async |email: &str, password: &str| {
        let form = json!({ "email": email, "password": password });
        app.client.post("/api/v1/auth/register").json(&form).send().await
    };

    for (password, code) in [
        ("short-one", "too_short"),
        ("password1234", "too_common"),
        ("aaaaaaaaaaaaaaaa", "repetitive"),
        ("abcdefghijklmnop", "sequential"),
        ("ashlar-ashlar-77", "contains_context"),
    ] {
        let (known, unknown) =
            (register("ada@example.org", password).await, register("new@example.org", password).await);
        known.refused(422, "password_rejected");
        let fields = known.fields();
        assert!(fields.contains(&("/password".to_owned(), code.to_owned())), "{password}: {fields:?}");
        assert_eq!(known.without_request(), unknown.without_request());
        assert!(!known.text().contains(password));
    }
}

async fn failed_logins_are_all_the_same(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let shut = app.sign_up("bob").await;
    app.disable(&shut.user).await;
    app.add_tenant(7, "acme").await;

    let stranger = json!({ "identifier": "ada", "password": PASSWORD });
    let answers = [
        app.try_log_in("nobody@example.org", PASSWORD).await,
        app.try_log_in("nobody", PASSWORD).await,
        app.try_log_in("ada", "wrong-but-long-enough").await,
        app.try_log_in("bob", PASSWORD).await,
        app.try_log_in("bob", "wrong-but-long-enough").await,
        app.client.post("/api/v1/auth/login").header(TENANT, "acme").json(&stranger).send().await,
    ];

    for answer in &answers {
        answer.refused(401, "invalid_credentials");
        assert_eq!(shape(answer), shape(&answers[0]));
    }
    let reasons: Vec<_> = app.events().await.iter().filter_map(|event| event.data.get("reason").cloned()).collect();
    let internal =
        ["unknown_identifier", "unknown_identifier", "wrong_password", "disabled", "wrong_password", "no_membership"];
    assert_eq!(reasons, internal);
}

/// Everything a client sees, with the request's own name blotted out byte by byte. The order of headers, and of names
/// within one, differs from thread to thread of the server and says nothing.
fn shape(answer: &Answer) -> (Vec<(String, Vec<String>)>, String) {
    let id = answer.request_id();
    let value = |value: &str| {
        let mut names: Vec<_> = value.replace(id, "-").split(", ").map(str::to_owned).collect();
        names.sort();
        names
    };
    // Limits count what was asked, not what there is; see `guesses_at_one_account_are_limited…`.
    let is_shape = |name: &str| name != "date" && !name.contains("ratelimit");
    let headers = answer.headers.iter().filter(|(name, _)| is_shape(name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, text)| (name.to_string(), value(text.to_str().unwrap()))).collect();
    headers.sort();
    (headers, answer.text().replace(id, "-"))
}

async fn disabled_person_is_out_everywhere(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    app.me(&ada.access).await.expect(200);

    app.disable(&ada.user).await;
    // Nothing told this process: it notices when it looks again, after five seconds.
    app.advance(TimeDelta::seconds(6));

    app.me(&ada.access).await.refused(401, "session_revoked");
    app.refresh(&ada.refresh).await.refused(401, "session_revoked");
    app.try_log_in("ada", PASSWORD).await.refused(401, "invalid_credentials");
}

async fn closed_registration_opens_no_account(database: Database) {
    let app = Setup::on(database).set("ASHLAR_REGISTRATION", "closed").start().await;

    app.register("ada").await.refused(403, "registration_closed");

    app.try_log_in("ada", PASSWORD).await.refused(401, "invalid_credentials");
    assert!(app.events().await.iter().all(|event| event.name != "identity.user.registered"));
}

async fn privileges_cannot_be_asked_for(database: Database) {
    let app = TestApp::start(database).await;
    app.register("root").await.expect(201);
    let bob = app.sign_up("bob").await;
    let before = app.me(&bob.access).await.json();
    let privileges = json!({
        "is_admin": true, "role": "admin", "roles": ["admin"], "tenant_id": "01900000-0000-7000-8000-000000000001",
        "email_verified": true, "id": bob.user, "status": "active", "permissions": [], "created_at": "2030-01-01T00:00:00Z"
    });

    for (member, value) in privileges.as_object().unwrap() {
        let pointer = format!("/{member}");
        let mut form = json!({ "email": "eve@example.org", "password": PASSWORD });
        form[member] = value.clone();
        let registered = app.client.post("/api/v1/auth/register").json(&form).send().await;
        registered.refused_at((422, "unknown_field"), &pointer, "unknown_field");

        let mut patch = json!({ "display_name": "Eve" });
        patch[member] = value.clone();
        app.edit(&bob.access, &patch).await.refused_at((422, "unknown_field"), &pointer, "unknown_field");
    }

    app.try_log_in("eve@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    assert_eq!(app.me(&bob.access).await.json(), before);
}

async fn unknown_tenant_does_not_exist(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let form = json!({ "identifier": "ada", "password": PASSWORD });

    for slug in ["nowhere", "Not A Slug", "main ", "\u{e4}"] {
        let answer = app.client.get("/api/v1/me").bearer(&ada.access).header(TENANT, slug).send().await;
        if slug.trim() == "main" {
            assert_eq!(answer.status, 200, "blanks around a header are no part of it");
            continue;
        }
        answer.refused(404, "not_found");
        app.client.post("/api/v1/auth/login").header(TENANT, slug).json(&form).send().await.refused(404, "not_found");
    }
    let login = async |tenant: &str| {
        let form = json!({ "identifier": "ada", "password": PASSWORD, "tenant": tenant });
        app.client.post("/api/v1/auth/login").json(&form).send().await
    };
    login("main").await.expect(200);
    login("nowhere").await.refused(404, "not_found");
    login("Not A Slug").await.refused_at((422, "validation"), "/tenant", "invalid_format");
}

async fn token_is_good_in_its_own_tenant_only(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    app.add_tenant(7, "acme").await;
    let read =
        async |tenant: &str| app.client.get("/api/v1/me").bearer(&ada.access).header(TENANT, tenant).send().await;

    read("main").await.expect(200);
    read("acme").await.refused(403, "tenant_mismatch");

    // An account opened in one tenant is no member of another, but the address is taken in all of them.
    let register = async |email: &str| {
        let form = json!({ "email": email, "password": PASSWORD });
        app.client.post("/api/v1/auth/register").header(TENANT, "acme").json(&form).send().await
    };
    register("ada@example.org").await.refused(409, "identifier_taken");
    register("zoe@example.org").await.expect(201);
    app.try_log_in("zoe@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    let form = json!({ "identifier": "zoe@example.org", "password": PASSWORD, "tenant": "acme" });
    let zoe = SignedIn::from(&app.client.post("/api/v1/auth/login").json(&form).send().await);
    app.me(&zoe.access).await.expect(200);
    let mismatch = app.client.get("/api/v1/me").bearer(&zoe.access).header(TENANT, "main").send().await;
    mismatch.refused(403, "tenant_mismatch");
}

async fn device_is_shown_in_the_list_of_sessions(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let login = async |device: Value| {
        let form = json!({ "identifier": "ada", "password": PASSWORD, "device": device });
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        app.client.post("/api/v1/auth/login").header("user-agent", firefox).json(&form).send().await
    };

    let phone = SignedIn::from(&login(json!({ "id": "f3b1c2", "name": "My phone", "platform": "android" })).await);
    login(json!({ "platform": "toaster" })).await.refused_at((422, "validation"), "/device/platform", "unknown_value");
    login(json!({ "nmae": "x" })).await.refused_at((422, "unknown_field"), "/device/nmae", "unknown_field");
    login(json!(["x"])).await.refused_at((422, "validation"), "/device", "invalid_type");

    let list = app.client.get("/api/v1/me/sessions").bearer(&phone.access).send().await.expect(200).json();
    let line = &list["data"][0];
    assert_eq!(line["device"], json!({ "name": "My phone", "platform": "android" }));
    assert_eq!((&line["ip"], &line["ua_summary"]), (&json!("127.0.0.1"), &json!("Firefox on Linux")));
    assert_eq!((&line["current"], &line["amr"]), (&json!(true), &json!(["pwd"])));
    assert_eq!(list["page"], json!({ "next_cursor": null, "has_more": false }));
}
