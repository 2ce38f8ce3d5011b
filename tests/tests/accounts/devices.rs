//! The devices on which people sign in: how many, which, and who makes room.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::sync::Arc;

use ashlar_jobs::Subscriber as _;
use ashlar_server::mail::Notices;
use ashlar_tests::{Answer, Authenticator, Database, PASSWORD, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    devices_are_listed_named_and_removed,
    device_is_known_again_by_id_token_or_program,
    ids_of_the_server_are_refused_from_clients,
    one_device_too_many_is_refused_after_the_right_password,
    new_device_takes_the_place_of_the_one_before,
    devices_are_exchanged_three_times_in_thirty_days,
    oldest_of_several_devices_makes_room,
    racing_sign_ins_take_one_place_once,
    racing_sign_ins_leave_one_device,
    racing_runs_of_one_script_are_one_device,
    switch_takes_a_place_in_the_other_tenant,
    session_that_switches_takes_its_device_along,
    device_that_is_new_to_the_person_is_told_of_in_any_tenant,
    lost_device_is_removed_by_an_administrator,
    device_is_refused_after_the_second_factor_too,
);

async fn try_on(app: &TestApp, who: &str, device: &str) -> Answer {
    let form = json!({
        "identifier": who, "password": PASSWORD,
        "device": { "id": device, "name": format!("Ada's {device}"), "platform": "ios" }
    });
    app.client.post("/api/v1/auth/login").json(&form).send().await
}

async fn on(app: &TestApp, device: &str) -> SignedIn {
    SignedIn::from(&try_on(app, "ada", device).await)
}

async fn list(app: &TestApp, access: &str) -> Vec<Value> {
    let answer = app.client.get("/api/v1/me/devices").bearer(access).send().await.expect(200);
    answer.json()["data"].as_array().unwrap().clone()
}

async fn names(app: &TestApp, access: &str) -> Vec<String> {
    let name = |device: &Value| device["name"].as_str().unwrap_or("-").to_owned();
    list(app, access).await.iter().map(name).collect()
}

fn call(app: &TestApp, method: &str, device: &Value) -> ashlar_tests::Call {
    let id = device["id"].as_str().unwrap_or("0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b");
    app.client.named(method, &format!("/api/v1/me/devices/{id}"))
}

async fn remove(app: &TestApp, access: &str, device: &Value) -> Answer {
    call(app, "DELETE", device).bearer(access).send().await
}

async fn limited(database: Database, policy: &str, overflow: &str) -> TestApp {
    let setup = Setup::on(database).set("ASHLAR_DEVICE_POLICY", policy).set("ASHLAR_DEVICE_OVERFLOW", overflow);
    let app = setup.set("ASHLAR_MAX_DEVICES", "2").start().await;
    app.register("ada").await.expect(201);
    app
}

async fn devices_are_listed_named_and_removed(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let stranger = app.sign_up("bob").await;
    let phone = on(&app, "phone").await;
    app.advance(TimeDelta::minutes(1));
    let tablet = on(&app, "tablet").await;

    let devices = list(&app, &tablet.access).await;

    assert_eq!(names(&app, &tablet.access).await, ["Ada's tablet", "Ada's phone"]);
    assert_eq!((&devices[0]["current"], &devices[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&devices[1]["platform"], &devices[1]["first_seen_at"]),
        (&json!("ios"), &json!("2030-01-01T12:00:00.000Z"))
    );
    let rename = async |access: &str, name: Value| {
        call(&app, "PATCH", &devices[1]).bearer(access).json(&json!({ "name": name })).send().await
    };
    let renamed = rename(&tablet.access, json!("Telephone")).await.expect(200);
    assert_eq!((&renamed.json()["name"], &renamed.json()["id"]), (&json!("Telephone"), &devices[1]["id"]));
    assert_eq!(app.names(renamed.request_id()).await, ["identity.device.renamed"]);
    assert_eq!(app.names(rename(&tablet.access, json!("Telephone")).await.request_id()).await, [""; 0]);
    rename(&tablet.access, json!("\u{0}")).await.refused(422, "validation");
    rename(&stranger.access, json!("mine")).await.refused(404, "not_found");
    rename(&tablet.access, json!(null)).await.expect(200);
    call(&app, "PATCH", &devices[1]).bearer(&tablet.access).json(&json!({})).send().await.expect(200);
    assert_eq!(names(&app, &tablet.access).await, ["Ada's tablet", "-"]);

    remove(&app, &stranger.access, &devices[1]).await.refused(404, "not_found");
    app.advance(TimeDelta::minutes(10));
    remove(&app, &phone.access, &devices[1]).await.refused(403, "reauthentication_required");
    let tablet = on(&app, "tablet").await;
    let removed = remove(&app, &tablet.access, &devices[1]).await.expect(204);
    let expected = ["identity.device.removed", "identity.session.revoked_all"];
    assert_eq!(app.names(removed.request_id()).await, expected);
    app.me(&phone.access).await.refused(401, "session_revoked");
    remove(&app, &tablet.access, &devices[1]).await.refused(404, "not_found");
    remove(&app, &tablet.access, &devices[0]).await.expect(204);
    app.me(&tablet.access).await.refused(401, "session_revoked");
}

async fn device_is_known_again_by_id_token_or_program(database: Database) {
    let app = TestApp::start(database).await;
    let script = async |agent: &str, token: Value| {
        let mut form = json!({ "identifier": "ada", "password": PASSWORD });
        if !token.is_null() {
            form["device_token"] = token;
        }
        let call = app.client.post("/api/v1/auth/login").header("user-agent", agent).json(&form);
        call.send().await.expect(200).json()
    };
    app.register("ada").await.expect(201);
    let first = script("curl/8", json!(null)).await;
    script("curl/8", json!(null)).await;
    assert_eq!(app.count_events("device.registered").await, 1, "a script that keeps nothing is one device");
    script("Firefox", first["device_token"].clone()).await;
    assert_eq!(app.count_events("device.registered").await, 1, "whoever shows its token is the same");
    let second = script("wget/1", json!(null)).await;
    assert_eq!(app.count_events("device.registered").await, 2);
    on(&app, "phone").await;
    on(&app, "phone").await;
    assert_eq!(app.count_events("device.registered").await, 3);
    let events = app.events().await;
    let registered = events.iter().filter(|event| event.name == "identity.device.registered");
    let first: Vec<_> = registered.map(|event| event.data["first"].clone()).collect();
    assert_eq!(first, [json!(true), json!(false), json!(false)]);
    let access = second["access_token"].as_str().unwrap();
    assert_eq!(names(&app, access).await.len(), 3);
    let sessions = app.client.get("/api/v1/me/sessions").bearer(access).send().await.expect(200).json();
    let shown = sessions["data"].as_array().unwrap().iter().filter(|session| session["device"].is_null()).count();
    assert_eq!(shown, 4, "a name that we have given is nobody's to see");
}

async fn one_device_too_many_is_refused_after_the_right_password(database: Database) {
    let app = limited(database, "single_device", "reject").await;
    let phone = on(&app, "phone").await;

    let refused = try_on(&app, "ada", "tablet").await;

    refused.refused(409, "device_limit");
    let wrong = json!({ "identifier": "ada", "password": "another-password-1", "device": { "id": "tablet" } });
    let wrong = app.client.post("/api/v1/auth/login").json(&wrong).send().await;
    wrong.refused(401, "invalid_credentials");
    app.try_log_in("ada", PASSWORD).await.refused(409, "device_limit");
    app.me(&phone.access).await.expect(200);
    let phone = on(&app, "phone").await;
    let device = list(&app, &phone.access).await.remove(0);
    remove(&app, &phone.access, &device).await.expect(204);
    on(&app, "tablet").await;
    try_on(&app, "ada", "phone").await.refused(409, "device_limit");
    app.register("bob").await.expect(201);
    try_on(&app, "bob", "tablet").await.expect(200);
}

async fn new_device_takes_the_place_of_the_one_before(database: Database) {
    let app = limited(database, "single_device", "replace").await;
    let phone = on(&app, "phone").await;
    let again = on(&app, "phone").await;

    let answer = try_on(&app, "ada", "tablet").await;

    let tablet = SignedIn::from(&answer);
    let happened = app.names(answer.request_id()).await;
    let expected =
        ["device.replaced", "session.revoked_all", "device.registered", "session.created", "login.succeeded"];
    assert_eq!(happened, expected.map(|name| format!("identity.{name}")));
    for session in [&phone, &again] {
        app.me(&session.access).await.refused(401, "session_revoked");
        app.refresh(&session.refresh).await.refused(401, "session_revoked");
    }
    app.me(&tablet.access).await.expect(200);
    assert_eq!(names(&app, &tablet.access).await, ["Ada's tablet"]);
    let log = app.events().await;
    let ended = log.iter().find(|event| event.name == "identity.session.revoked_all").unwrap();
    assert_eq!(ended.data["reason"], "device_replaced");
}

async fn devices_are_exchanged_three_times_in_thirty_days(database: Database) {
    let app = limited(database, "single_device", "replace").await;
    for device in ["one", "two", "three", "four"] {
        on(&app, device).await;
        app.advance(TimeDelta::days(1));
    }
    let refused = try_on(&app, "ada", "five").await;
    refused.refused(409, "device_transfer_limit");
    // The first one made room on the second day; now it is the fifth.
    assert_eq!(refused.header("retry-after"), Some("2332800"));
    let four = on(&app, "four").await;
    let device = list(&app, &four.access).await.remove(0);
    remove(&app, &four.access, &device).await.refused(409, "device_transfer_limit");

    app.advance(TimeDelta::days(27));
    on(&app, "five").await;
    try_on(&app, "ada", "six").await.refused(409, "device_transfer_limit");
}

async fn oldest_of_several_devices_makes_room(database: Database) {
    let app = limited(database, "max_n", "replace").await;
    let one = on(&app, "one").await;
    app.advance(TimeDelta::minutes(2));
    let two = on(&app, "two").await;
    app.advance(TimeDelta::minutes(2));
    let one_again = on(&app, "one").await;

    let three = on(&app, "three").await;

    app.me(&two.access).await.refused(401, "session_revoked");
    for session in [&one, &one_again, &three] {
        app.me(&session.access).await.expect(200);
    }
    let mut shown = names(&app, &three.access).await;
    shown.sort_unstable();
    assert_eq!(shown, ["Ada's one", "Ada's three"]);
}

/// Signs in on ten devices at once.
async fn race(app: &Arc<TestApp>) -> Vec<Answer> {
    let mut runners = tokio::task::JoinSet::new();
    for number in 0..10 {
        let app = Arc::clone(app);
        runners.spawn(async move { try_on(&app, "ada", &format!("device{number}")).await });
    }
    runners.join_all().await
}

async fn racing_sign_ins_take_one_place_once(database: Database) {
    let app = Arc::new(limited(database, "single_device", "reject").await);

    let answers = race(&app).await;

    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1);
    for loser in answers.iter().filter(|answer| answer.status != 200) {
        loser.refused(409, "device_limit");
    }
    let winner = SignedIn::from(winners[0]);
    assert_eq!(list(&app, &winner.access).await.len(), 1);
    assert_eq!(app.sessions(&winner.access).await, [winner.session]);
}

async fn racing_sign_ins_leave_one_device(database: Database) {
    let setup = Setup::on(database).set("ASHLAR_DEVICE_POLICY", "single_device");
    let setup = setup.set("ASHLAR_DEVICE_OVERFLOW", "replace").set("ASHLAR_DEVICE_TRANSFERS", "100");
    let app = Arc::new(setup.start().await);
    app.register("ada").await.expect(201);

    let answers = race(&app).await;

    let mut alive = Vec::new();
    for answer in &answers {
        let signed_in = SignedIn::from(answer);
        if app.is_alive(&signed_in.session).await {
            alive.push(signed_in);
        }
    }
    assert_eq!(alive.len(), 1, "everybody got in, and one is left");
    assert_eq!(list(&app, &alive[0].access).await.len(), 1);
    assert_eq!(app.count_events("device.replaced").await, 9);
}

async fn racing_runs_of_one_script_are_one_device(database: Database) {
    let app = Arc::new(TestApp::start(database).await);
    app.register("ada").await.expect(201);
    let mut runners = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let app = Arc::clone(&app);
        runners.spawn(async move { app.try_log_in("ada", PASSWORD).await });
    }

    for answer in runners.join_all().await {
        answer.expect(200);
    }

    assert_eq!(app.count_events("device.registered").await, 1);
}

/// Opens `acme`, which Ada administers; its id.
async fn acme(app: &TestApp) -> String {
    let operator = app.operator("ops").await;
    app.open_tenant(&operator, "acme", "ada").await
}

async fn try_on_in(app: &TestApp, tenant: &str, device: &str) -> Answer {
    let form = json!({
        "identifier": "ada", "password": PASSWORD, "tenant": tenant, "device": { "id": device, "name": device },
    });
    app.client.post("/api/v1/auth/login").json(&form).send().await
}

async fn switch_takes_a_place_in_the_other_tenant(database: Database) {
    let app = limited(database, "single_device", "reject").await;
    let acme = acme(&app).await;
    let main = ashlar_kernel::TenantId::MAIN.to_string();
    let phone = SignedIn::from(&try_on_in(&app, "acme", "phone").await);
    let tablet = SignedIn::from(&try_on_in(&app, "main", "tablet").await);

    app.switch(&tablet.access, &acme).await.refused(409, "device_limit");
    app.switch(&phone.access, &main).await.refused(409, "device_limit");

    app.me(&tablet.access).await.expect(200);
    let device = list(&app, &tablet.access).await.remove(0);
    remove(&app, &tablet.access, &device).await.expect(204);
    app.switch(&phone.access, &main).await.expect(200);
    try_on_in(&app, "main", "tablet").await.refused(409, "device_limit");
    app.switch(&SignedIn::from(&try_on_in(&app, "main", "phone").await).access, &acme).await.expect(200);
}

async fn session_that_switches_takes_its_device_along(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let acme = acme(&app).await;
    let phone = on(&app, "phone").await;
    let form = json!({ "identifier": "ada", "password": PASSWORD });
    let call = app.client.post("/api/v1/auth/login").header("user-agent", "curl/8").json(&form);
    let script = SignedIn::from(&call.send().await);
    for session in [&phone, &script] {
        let switched = app.switch(&session.access, &acme).await.expect(200);
        let registered = app.events().await.into_iter().rfind(|event| event.name == "identity.device.registered");
        let registered = registered.unwrap();
        assert_eq!(registered.request_id, switched.request_id());
        assert_eq!((registered.tenant.to_string(), &registered.data["elsewhere"]), (acme.clone(), &json!(true)));
    }
    let access = app.refresh(&phone.refresh).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let devices = list(&app, &access).await;
    let shown: Vec<_> = devices.iter().map(|device| (&device["name"], &device["current"])).collect();
    assert_eq!(shown.len(), 2);
    assert!(shown.contains(&(&json!("Ada's phone"), &json!(true))), "{shown:?}");

    // Removed here, it is signed out, and the other one is not.
    let current = devices.iter().find(|device| device["current"] == true).unwrap();
    remove(&app, &access, current).await.expect(204);
    assert!(!app.is_alive(&phone.session).await && app.is_alive(&script.session).await);
}

async fn device_that_is_new_to_the_person_is_told_of_in_any_tenant(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    acme(&app).await;
    let letters = async |tenant: &str, device: &str| {
        let answer = try_on_in(&app, tenant, device).await.expect(200);
        let events = app.events().await.into_iter().filter(|event| event.request_id == answer.request_id());
        events.filter(|event| Notices.wants(&event.name)).map(|event| Notices.jobs_for(&event).len()).sum::<usize>()
    };
    assert_eq!(letters("main", "phone").await, 0, "the first of all");
    assert_eq!(letters("acme", "phone").await, 0, "known from elsewhere");
    assert_eq!(letters("acme", "tablet").await, 1);
    assert_eq!(letters("main", "tablet").await, 0);
    app.register("bob").await.expect(201);
    assert_eq!(letters("main", "laptop").await, 1);
    app.add_tenant(9, "bee").await;
    app.execute(
        "INSERT INTO membership (id, tenant_id, user_id, role, created_at, updated_at, version) \
         SELECT user_id, (SELECT id FROM tenant WHERE slug = 'bee'), user_id, 'member', created_at, updated_at, 1 \
         FROM membership WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'acme')",
    )
    .await;
    assert_eq!(letters("bee", "stolen").await, 1, "the first one ever in a further tenant");
}

async fn lost_device_is_removed_by_an_administrator(database: Database) {
    let setup = Setup::on(database).set("ASHLAR_DEVICE_POLICY", "single_device");
    let app = setup.set("ASHLAR_DEVICE_OVERFLOW", "reject").set("ASHLAR_DEVICE_TRANSFERS", "1").start().await;
    let boss = app.boss().await;
    app.register("ada").await.expect(201);
    let first = on(&app, "first").await;
    let device = list(&app, &first.access).await.remove(0);
    remove(&app, &first.access, &device).await.expect(204);
    let lost = on(&app, "phone").await;
    let device = list(&app, &lost.access).await.remove(0);
    remove(&app, &lost.access, &device).await.refused(409, "device_transfer_limit");
    let refused = try_on(&app, "ada", "tablet").await;
    refused.refused(409, "device_limit");
    assert_eq!(app.names(refused.request_id()).await, ["identity.login.device_refused"]);
    let path = format!("/api/v1/admin/users/{}/devices", lost.user);
    let devices = app.client.get(&path).bearer(&boss.access).send().await.expect(200).json();
    assert_eq!((devices["data"].as_array().unwrap().len(), &devices["data"][0]["name"]), (1, &json!("Ada's phone")));
    let one = format!("{path}/{}", devices["data"][0]["id"].as_str().unwrap());
    let take = async |who: &SignedIn, path: &str| app.client.delete(path).bearer(&who.access).send().await;

    let removed = take(&boss, &one).await.expect(204);

    let expected = ["identity.device.removed_by_admin", "identity.session.revoked_all"];
    assert_eq!(app.names(removed.request_id()).await, expected);
    let log = app.events().await;
    let event = log.iter().find(|event| event.name == expected[0]).unwrap();
    assert_eq!((&event.data["user"], Notices.jobs_for(event).len()), (&json!(lost.user), 1));
    app.me(&lost.access).await.refused(401, "session_revoked");
    take(&boss, &one).await.refused(404, "not_found");
    let tablet = on(&app, "tablet").await;
    let mine = app.client.get("/api/v1/me/login-attempts").bearer(&tablet.access).send().await.expect(200).json();
    let outcomes: Vec<_> = mine["data"].as_array().unwrap().iter().map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "device_refused").count(), 1, "{outcomes:?}");
    let attempts = "/api/v1/admin/login-attempts?outcome=device_refused";
    let seen = app.client.get(attempts).bearer(&boss.access).send().await.expect(200).json();
    assert_eq!((&seen["data"][0]["user_id"], &seen["data"][0]["ip"]), (&json!(lost.user), &json!("127.0.0.0")));

    let own = format!("/api/v1/admin/users/{}/devices/{}", boss.user, lost.session);
    take(&boss, &own).await.refused(403, "self_administration");
    app.advance(TimeDelta::minutes(11));
    take(&boss, &one).await.refused(403, "reauthentication_required");
}

async fn device_is_refused_after_the_second_factor_too(database: Database) {
    let app = limited(database, "single_device", "reject").await;
    let phone = on(&app, "phone").await;
    let enrolled = app.client.post("/api/v1/me/2fa/totp").bearer(&phone.access).send().await.expect(201).json();
    let authenticator = Authenticator::set_up(&enrolled);
    let body = json!({ "code": authenticator.code(&app) });
    app.client.post("/api/v1/me/2fa/totp/confirm").bearer(&phone.access).json(&body).send().await.expect(200);
    app.advance(TimeDelta::seconds(30));
    let waiting = try_on(&app, "ada", "tablet").await.expect(200).json();

    let step = json!({ "challenge_token": waiting["challenge_token"], "totp_code": authenticator.code(&app) });
    let refused = app.client.post("/api/v1/auth/login/2fa").json(&step).send().await;

    refused.refused(409, "device_limit");
    assert_eq!(app.names(refused.request_id()).await, ["identity.login.device_refused"]);
}

async fn ids_of_the_server_are_refused_from_clients(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);

    let refused = try_on(&app, "ada", "given:AAAAAAAAAAAAAAAAAAAAAA").await.expect(422);

    assert_eq!(refused.json()["errors"][0]["pointer"], "/device/id");
    assert_eq!(refused.json()["errors"][0]["code"], "reserved");
    // A browser, which has no id of its own, is given one, and is known by it again.
    let browser = json!({ "identifier": "ada", "password": PASSWORD });
    let access = SignedIn::from(&app.client.post("/api/v1/auth/login").json(&browser).send().await).access;
    assert_eq!(list(&app, &access).await.len(), 1);
}
