//! How often somebody may guess.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_jobs::Subscriber as _;
use ashlar_server::mail::Notices;
use ashlar_tests::{Answer, Database, PASSWORD, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    five_failures_close_the_door_for_a_minute_and_the_next_five_for_longer,
    a_locked_identifier_says_nothing_about_its_account,
    a_device_that_has_signed_in_is_not_held_up_by_strangers,
    a_success_forgets_the_failures,
    of_fifty_guesses_at_once_five_are_judged,
    fifty_right_passwords_at_once_all_get_in,
    spellings_of_one_identifier_share_a_counter,
    tenants_share_the_counter_of_an_identifier,
    device_token_is_of_the_person_however_they_sign_in,
    strangers_do_not_keep_a_person_from_what_takes_the_password,
    proofs_of_one_session_lock_nothing_else,
);

async fn guess(app: &TestApp, identifier: &str) -> Answer {
    app.try_log_in(identifier, "another-password").await
}

async fn lock(app: &TestApp, identifier: &str) {
    for _ in 0..5 {
        guess(app, identifier).await.refused(401, "invalid_credentials");
    }
}

fn wait_of(answer: &Answer) -> i64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn five_failures_close_the_door_for_a_minute_and_the_next_five_for_longer(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);

    for (level, seconds) in [(1, 60), (2, 300), (3, 900)] {
        lock(&app, "ada").await;
        let refused = app.try_log_in("ada", PASSWORD).await;
        refused.refused(429, "too_many_attempts");
        assert_eq!(wait_of(&app.try_log_in("ada", PASSWORD).await), seconds, "the right password is not looked at");
        app.advance(TimeDelta::seconds(seconds - 1));
        assert_eq!(wait_of(&app.try_log_in("ada", PASSWORD).await), 1, "a lock is not extended by trying");
        app.advance(TimeDelta::seconds(1));
        let locked = app.events().await.into_iter().rfind(|event| event.name == "identity.login.locked").unwrap();
        assert_eq!((&locked.data["level"], &locked.data["seconds"]), (&json!(level), &json!(seconds)));
    }
    app.log_in("ada").await;
    lock(&app, "ada").await;
    assert_eq!(wait_of(&guess(&app, "ada").await), 60, "a success begins anew");
}

/// An answer without what is its own.
fn body(answer: &Answer) -> Value {
    let mut body = answer.json();
    for own in ["instance", "request_id"] {
        body.as_object_mut().unwrap().remove(own);
    }
    body
}

async fn a_locked_identifier_says_nothing_about_its_account(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let mut seen = Vec::new();
    for identifier in ["ada", "nobody", "nobody@example.org"] {
        let mut answers = Vec::new();
        for _ in 0..7 {
            let answer = guess(&app, identifier).await;
            answers.push((answer.status, body(&answer), answer.header("retry-after").map(str::to_owned)));
        }
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    assert_eq!((seen[0][4].0, seen[0][5].0), (401, 429));
}

async fn a_device_that_has_signed_in_is_not_held_up_by_strangers(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    app.register("bob").await.expect(201);
    let login = |identifier: &str, password: &str, token: &Value| {
        let form = json!({ "identifier": identifier, "password": password, "device_token": token });
        app.client.post("/api/v1/auth/login").json(&form).send()
    };
    let token = app.try_log_in("ada", PASSWORD).await.expect(200).json()["device_token"].clone();
    lock(&app, "ada").await;
    lock(&app, "bob").await;

    let again = login("ada", PASSWORD, &token).await.expect(200).json()["device_token"].clone();
    login("ada", PASSWORD, &again).await.expect(200);
    login("bob", PASSWORD, &token).await.refused(429, "too_many_attempts");
    login("ada", PASSWORD, &json!("asd1_nonsense")).await.refused(429, "too_many_attempts");
    app.try_log_in("ada", PASSWORD).await.refused(429, "too_many_attempts");
    // It has a counter of its own, and no more than that.
    for _ in 0..5 {
        login("ada", "another-password", &token).await.refused(401, "invalid_credentials");
    }
    login("ada", PASSWORD, &token).await.refused(429, "too_many_attempts");
}

async fn a_success_forgets_the_failures(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    for _ in 0..3 {
        for _ in 0..4 {
            guess(&app, "ada").await.refused(401, "invalid_credentials");
        }
        app.log_in("ada").await;
    }
}

async fn of_fifty_guesses_at_once_five_are_judged(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);

    let answers = join_all((0..50).map(|_| guess(&app, "ada"))).await;

    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (5, 45));
    let failed = app.events().await.iter().filter(|event| event.name == "identity.login.failed").count();
    assert_eq!(failed, 5);
}

async fn fifty_right_passwords_at_once_all_get_in(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);

    let answers = join_all((0..50).map(|_| app.try_log_in("ada", PASSWORD))).await;

    for answer in answers {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

async fn spellings_of_one_identifier_share_a_counter(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    for spelling in
        ["ada@example.org", " ADA@example.org", "Ada@EXAMPLE.ORG", "\u{ff41}da@example.org", "ada@example.org "]
    {
        guess(&app, spelling).await.refused(401, "invalid_credentials");
    }
    guess(&app, "aDa@example.org").await.refused(429, "too_many_attempts");
}

/// Ada, who is a member of `main` and administers `acme`.
async fn ada_of_two_tenants(app: &TestApp) -> SignedIn {
    app.boss().await;
    let operator = app.operator("ops").await;
    let ada = app.sign_up("ada").await;
    app.open_tenant(&operator, "acme", "ada").await;
    ada
}

async fn tenants_share_the_counter_of_an_identifier(database: Database) {
    let app = TestApp::start(database).await;
    ada_of_two_tenants(&app).await;
    let guess_in = async |tenant: &str, identifier: &str| {
        let form = json!({ "identifier": identifier, "password": "another-password", "tenant": tenant });
        app.client.post("/api/v1/auth/login").json(&form).send().await
    };
    for identifier in ["ada", "nobody"] {
        for tenant in ["main", "acme", "main", "acme", "main"] {
            guess_in(tenant, identifier).await.refused(401, "invalid_credentials");
        }
        for tenant in ["main", "acme"] {
            guess_in(tenant, identifier).await.refused(429, "too_many_attempts");
        }
    }
    app.try_log_in_to("acme", "ada").await.refused(429, "too_many_attempts");
    app.advance(TimeDelta::seconds(60));
    app.log_in_to("acme", "ada").await;
}

async fn device_token_is_of_the_person_however_they_sign_in(database: Database) {
    let app = TestApp::start(database).await;
    let ada = ada_of_two_tenants(&app).await;
    let token = app.try_log_in("ada", PASSWORD).await.expect(200).json()["device_token"].clone();
    let known = app.count_events("device.registered").await;
    let email = json!({ "email": "countess@example.org" });
    app.client.post("/api/v1/me/email").bearer(&ada.access).json(&email).send().await.expect(202);
    let link = app.link_of_event("identity.email.change_requested", "confirm").await;
    let verify = json!({ "token": link });
    app.client.post("/api/v1/auth/verify-email").json(&verify).send().await.expect(200);
    for identifier in ["ada", "countess@example.org"] {
        lock(&app, identifier).await;
    }

    for (identifier, tenant) in [("ada", "main"), ("countess@example.org", "main"), ("ada", "acme")] {
        let form = json!({
            "identifier": identifier, "password": PASSWORD, "tenant": tenant, "device_token": token,
        });
        let login = app.client.post("/api/v1/auth/login").header("user-agent", "another/1").json(&form).send().await;
        assert_eq!(login.status, 200, "{identifier} in {tenant}: {login:?}");
    }
    assert_eq!(app.count_events("device.registered").await, known + 1, "one in each tenant");
}

async fn prove(app: &TestApp, person: &SignedIn, password: &str) -> Answer {
    let call = app.client.post("/api/v1/auth/reauthenticate").bearer(&person.access);
    call.json(&json!({ "password": password })).send().await
}

async fn strangers_do_not_keep_a_person_from_what_takes_the_password(database: Database) {
    const NEW: &str = "lemon-gravel-ostrich-4";
    let app = TestApp::start(database).await;
    app.boss().await;
    let ada = app.sign_up("ada").await;
    for identifier in ["ada", "ada@example.org"] {
        lock(&app, identifier).await;
    }

    prove(&app, &ada, PASSWORD).await.expect(200);
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    app.client.post("/api/v1/me/password").bearer(&ada.access).json(&change).send().await.expect(200);
    let leave = app.client.delete("/api/v1/me").bearer(&ada.access).json(&json!({ "password": NEW }));
    leave.send().await.expect(204);
}

async fn proofs_of_one_session_lock_nothing_else(database: Database) {
    let app = TestApp::start(database).await;
    let thief = app.sign_up("ada").await;
    let owner = app.log_in("ada").await;
    for _ in 0..5 {
        prove(&app, &thief, "another-password").await.refused(403, "current_password_invalid");
    }
    let refused = prove(&app, &thief, PASSWORD).await;
    refused.refused(429, "too_many_attempts");
    assert_eq!(wait_of(&refused), 60);
    let event = app.events().await.into_iter().rfind(|event| event.name == "identity.reauth.locked").unwrap();
    let told = json!({ "user": thief.user, "session": thief.session, "level": 1, "seconds": 60 });
    assert_eq!((&event.data, Notices.jobs_for(&event).len()), (&told, 1), "the owner gets a letter");
    assert_eq!(app.count_events("login.locked").await, 0);

    // Refreshing is no way around it.
    let refreshed = SignedIn::from(&app.refresh(&thief.refresh).await);
    prove(&app, &refreshed, PASSWORD).await.refused(429, "too_many_attempts");
    prove(&app, &owner, PASSWORD).await.expect(200);
    app.log_in("ada").await;
    app.log_in("ada@example.org").await;
    app.advance(TimeDelta::seconds(60));
    prove(&app, &refreshed, PASSWORD).await.expect(200);
}
