//! Every operation that changes something leaves an event, and no event holds a secret.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use ashlar_identity::ActionPurpose::ResetPassword;
use ashlar_tests::{Answer, Authenticator, Database, PASSWORD, Setup, SignedIn, TestApp, leaks};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{furnished, keyed, table};

/// Whose pages show the key, see [`TestApp::publish_key`].
const SITE: &str = "https://www.example.org";

/// What operations left behind: the names of their events.
type Traces = BTreeMap<&'static str, Vec<String>>;

async fn note(app: &TestApp, traces: &mut Traces, operation: &'static str, answer: Answer) -> Answer {
    assert!((200..300).contains(&answer.status), "{operation}: {answer:?}");
    let names = app.names(answer.request_id()).await;
    traces.insert(operation, names);
    answer
}

/// The happy cases of the table that are happy.
async fn of_the_table() -> (TestApp, Traces) {
    let (app, mut traces) = (furnished().await, Traces::new());
    for row in table().into_iter().filter(|row| (200..300).contains(&row.happy.0)) {
        let ada = keyed(&app, row.caller).await;
        let operation = &app.client.contract().operations()[row.operation];
        let takes_token = operation.is_secured && operation.schemes.contains("bearer");
        let call = row.happy.1(&app, &ada);
        let answer = if takes_token { call.bearer(&ada.access) } else { call }.send().await;
        note(&app, &mut traces, row.operation, answer).await;
    }
    (app, traces)
}

/// What takes links from letters and codes from authenticators.
async fn with_links_and_codes(app: &TestApp, traces: &mut Traces) {
    let ada = app.sign_up("ada").await;
    let auth = |path: &str, body: &Value| app.client.post(&format!("/api/v1/auth/{path}")).json(body).send();
    let change = app.client.post("/api/v1/me/email").bearer(&ada.access).json(&json!({ "email": "new@example.org" }));
    change.send().await.expect(202);
    let link = async |field| app.link_of_event("identity.email.change_requested", field).await;
    let (confirm, undo) = (link("confirm").await, link("undo").await);
    note(app, traces, "verifyEmail", auth("verify-email", &json!({ "token": confirm })).await).await;
    note(app, traces, "undoEmailChange", auth("email/undo", &json!({ "token": undo })).await).await;
    let reset = json!({ "token": app.link(&ada.user, ResetPassword).await, "new_password": PASSWORD });
    note(app, traces, "resetPassword", auth("password/reset", &reset).await).await;

    let ada = app.log_in("ada@example.org").await;
    let factor = |path: &str, body: Value| {
        app.client.post(&format!("/api/v1/me/2fa/{path}")).bearer(&ada.access).json(&body).send()
    };
    let enrolled = app.client.post("/api/v1/me/2fa/totp").bearer(&ada.access).send().await.expect(201).json();
    let authenticator = Authenticator::set_up(&enrolled);
    let code = || authenticator.code(app);
    note(app, traces, "confirmTotp", factor("totp/confirm", json!({ "code": code() })).await).await;
    app.advance(TimeDelta::seconds(30));
    note(app, traces, "regenerateBackupCodes", factor("backup-codes", json!({ "totp_code": code() })).await).await;
    app.advance(TimeDelta::seconds(30));
    let challenge = app.try_log_in("ada@example.org", PASSWORD).await.expect(200).json()["challenge_token"].clone();
    let step = json!({ "challenge_token": challenge, "totp_code": code() });
    note(app, traces, "logInSecondStep", auth("login/2fa", &step).await).await;
    app.advance(TimeDelta::seconds(30));
    note(app, traces, "disableTotp", factor("totp/disable", json!({ "totp_code": code() })).await).await;
}

/// What takes a device that is there.
async fn on_devices(app: &TestApp, traces: &mut Traces) {
    let (boss, bob) = (app.boss().await, app.sign_up("bob").await);
    let device = async |who: &SignedIn| {
        let listed = app.client.get("/api/v1/me/devices").bearer(&who.access).send().await.expect(200).json();
        listed["data"][0]["id"].as_str().unwrap().to_owned()
    };
    let own = format!("/api/v1/me/devices/{}", device(&bob).await);
    let named = app.client.patch(&own).bearer(&bob.access).json(&json!({ "name": "Phone" })).send().await;
    note(app, traces, "updateMyDevice", named).await;
    note(app, traces, "removeMyDevice", app.client.delete(&own).bearer(&bob.access).send().await).await;
    let bob = app.log_in("bob").await;
    let path = format!("/api/v1/admin/users/{}/devices/{}", bob.user, device(&bob).await);
    note(app, traces, "removeUserDevice", app.client.delete(&path).bearer(&boss.access).send().await).await;
}

/// What administrators do to people who are signed in and have a second factor, and what takes a second tenant.
async fn by_administrators(app: &TestApp, traces: &mut Traces) {
    let boss = app.boss().await;
    let bob = app.sign_up("bob").await;
    let factor = |path: &str| app.client.post(&format!("/api/v1/me/2fa/{path}")).bearer(&bob.access);
    let authenticator = Authenticator::set_up(&factor("totp").send().await.expect(201).json());
    let code = json!({ "code": authenticator.code(app) });
    factor("totp/confirm").json(&code).send().await.expect(200);
    let reset = app.administer(&boss.access, &bob.user, "2fa/reset").await;
    note(app, traces, "resetUserSecondFactor", reset).await;
    app.log_in("bob").await;
    let sessions = format!("/api/v1/admin/users/{}/sessions", bob.user);
    let ended = app.client.delete(&sessions).bearer(&boss.access).send().await;
    note(app, traces, "revokeUserSessions", ended).await;

    let operator = app.operator("ops").await;
    let acme = app.open_tenant(&operator, "acme", "boss").await;
    note(app, traces, "switchTenant", app.switch(&boss.access, &acme).await).await;
}

/// What takes a sign-in that cannot go on without a second factor.
async fn at_login(app: &TestApp, traces: &mut Traces) {
    app.register("boss").await.expect(201);
    let token = app.try_log_in("boss", PASSWORD).await.expect(200).json()["challenge_token"].clone();
    let step = |path: &str, body: Value| app.client.post(&format!("/api/v1/auth/login/2fa/{path}")).json(&body).send();
    let enrolled =
        note(app, traces, "enrollTotpAtLogin", step("totp", json!({ "challenge_token": token })).await).await;
    let code = Authenticator::set_up(&enrolled.json()).code(app);
    let confirmed = step("totp/confirm", json!({ "challenge_token": token, "code": code })).await;
    note(app, traces, "confirmTotpAtLogin", confirmed).await;
}

/// What takes a key that a web page shows, or a letter of a mailing list.
async fn by_strangers(app: &TestApp, traces: &mut Traces) {
    let boss = app.boss().await;
    let key = app.publish_key(&boss.access).await.text;
    let stamp = app.client.get("/api/v1/leads/public/challenge").send().await.expect(200).json()["t"].clone();
    app.advance(TimeDelta::minutes(1));
    let form = json!({ "full_name": "Ada Lovelace", "email": "form@leads.example", "t": stamp });
    let sent = app.client.post("/api/v1/leads/public").header("x-api-key", &key).header("origin", SITE).json(&form);
    note(app, traces, "submitLeadForm", sent.send().await).await;
    app.subscribe("reader@leads.example").await.expect(202);
    let letter = app.letter().await;
    app.confirm(&letter.token).await.expect(200);
    note(app, traces, "unsubscribeByOneClick", app.one_click(&letter.unsubscribe).await).await;

    let boss = app.log_in("boss").await;
    let reader = app.subscriber(&boss.access, "another@leads.example").await;
    let path = format!("/api/v1/newsletter/subscribers/{reader}?purge=true");
    app.client.delete(&path).bearer(&boss.access).send().await.expect(204);
    let lift = app.client.post("/api/v1/newsletter/suppressions/lift").bearer(&boss.access);
    let lifted = lift.json(&json!({ "email": "another@leads.example" })).send().await;
    note(app, traces, "allowSuppressionLift", lifted).await;
}

/// Fails if an event of the product holds what lets somebody in, or what passwords are checked with.
async fn insist_on_no_secret(app: &TestApp) {
    let events = app.events().await;
    assert!(events.len() > 5);
    for event in events {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(leaks::first_in(text.as_bytes()), None, "{}", event.name);
        for hash in ["$argon2", "$scrypt$", "$2b$", "pbkdf2_", "PRIVATE KEY", "lemon-gravel-ostrich-4"] {
            assert!(!text.contains(hash), "{hash} in {text}");
        }
        // People are named by their ids. What they typed, and how they are called, is theirs to have erased.
        for personal in ["@example.org", "@leads.example", "@lovelace.example", "Ada"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_that_changes_something_leaves_an_event_without_secrets() {
    let (app, mut traces) = of_the_table().await;
    insist_on_no_secret(&app).await;
    let fresh = TestApp::start(Database::Sqlite).await;
    on_devices(&fresh, &mut traces).await;
    with_links_and_codes(&fresh, &mut traces).await;
    insist_on_no_secret(&fresh).await;
    let strict = Setup::on(Database::Sqlite).set("ASHLAR_SECOND_FACTOR", "required_for_admin_and_staff").start().await;
    at_login(&strict, &mut traces).await;
    insist_on_no_secret(&strict).await;

    let staffed = TestApp::start(Database::Sqlite).await;
    by_administrators(&staffed, &mut traces).await;
    insist_on_no_secret(&staffed).await;

    let public = TestApp::start(Database::Sqlite).await;
    by_strangers(&public, &mut traces).await;
    insist_on_no_secret(&public).await;

    let operations = app.client.contract().operations().iter();
    let changing: BTreeSet<_> = operations
        .filter(|(_, operation)| operation.method != reqwest::Method::GET)
        .map(|(name, _)| name.as_str())
        .collect();
    let untried: Vec<_> = changing.iter().filter(|name| !traces.contains_key(**name)).collect();
    assert!(untried.is_empty(), "nobody has tried whether these leave an event: {untried:?}");
    let silent: BTreeSet<_> = changing.into_iter().filter(|name| traces[*name].is_empty()).collect();
    assert!(silent.is_empty(), "these leave no event: {silent:?}");
}
