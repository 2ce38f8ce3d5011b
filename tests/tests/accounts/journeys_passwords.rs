//! Another password, a way back in, and proofs of identity.

use ashlar_identity::ActionPurpose::{ResetPassword, VerifyEmail};
use ashlar_tests::{Answer, Call, Database, PASSWORD, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    forgotten_password_is_reset_by_a_link_that_is_good_once,
    asking_for_a_new_password_says_nothing,
    links_run_out_and_are_replaced,
    new_password_that_is_refused_does_not_cost_the_link,
    reset_forgives_failed_attempts,
    strangers_have_few_letters_sent,
    password_change_ends_the_other_sessions,
    password_change_needs_the_present_password,
    no_session_of_before_survives_a_password_change,
    racing_resets_by_one_link_have_one_winner,
    proof_of_identity_opens_what_a_stolen_session_must_not,
    wrong_proofs_lock_further_ones,
    signing_out_everywhere_ends_every_session,
);

const NEW: &str = "lemon-gravel-ostrich-4";

fn forgot(app: &TestApp, identifier: &str) -> Call {
    app.client.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": identifier }))
}

fn reset(app: &TestApp, token: &str, password: &str) -> Call {
    app.client.post("/api/v1/auth/password/reset").json(&json!({ "token": token, "new_password": password }))
}

fn change(app: &TestApp, ada: &SignedIn, body: &Value) -> Call {
    app.client.post("/api/v1/me/password").bearer(&ada.access).json(body)
}

fn prove(app: &TestApp, ada: &SignedIn, password: &str) -> Call {
    app.client.post("/api/v1/auth/reauthenticate").bearer(&ada.access).json(&json!({ "password": password }))
}

async fn forgotten_password_is_reset_by_a_link_that_is_good_once(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    assert_eq!(app.me(&ada.access).await.json()["email_verified"], false);
    let asked = forgot(&app, "Ada@example.org").send().await.expect(202);
    assert_eq!(app.names(asked.request_id()).await, ["identity.password.reset_requested"]);
    let token = app.link(&ada.user, ResetPassword).await;

    reset(&app, &token, NEW).send().await.expect(200);

    app.me(&ada.access).await.refused(401, "session_revoked");
    app.refresh(&ada.refresh).await.refused(401, "session_revoked");
    app.try_log_in("ada", PASSWORD).await.refused(401, "invalid_credentials");
    let again = SignedIn::from(&app.try_log_in("ada", NEW).await);
    assert_eq!(app.me(&again.access).await.json()["email_verified"], true, "who reads the mail has the address");
    reset(&app, &token, "another-good-one-5").send().await.refused(400, "reset_token_invalid");
    app.try_log_in("ada", NEW).await.expect(200);
}

async fn asking_for_a_new_password_says_nothing(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let mut seen = Vec::new();
    for identifier in ["ada", "ada@example.org", "nobody", "nobody@example.org"] {
        let answer = forgot(&app, identifier).send().await.expect(202);
        seen.push(answer.text());
    }
    assert!(seen.iter().all(|body| *body == seen[0]));
    forgot(&app, " ").send().await.refused_at((422, "validation"), "/identifier", "too_short");
    for bad in ["", "x", "asa1_", "asr1_AAAA", &"a".repeat(300)] {
        reset(&app, bad, NEW).send().await.refused(400, "reset_token_invalid");
    }
}

async fn links_run_out_and_are_replaced(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let first = app.link(&ada.user, ResetPassword).await;
    let second = app.link(&ada.user, ResetPassword).await;
    let other = app.link(&ada.user, VerifyEmail).await;
    reset(&app, &first, NEW).send().await.refused(400, "reset_token_invalid");
    reset(&app, &other, NEW).send().await.refused(400, "reset_token_invalid");
    app.advance(TimeDelta::minutes(30));
    reset(&app, &second, NEW).send().await.refused(400, "reset_token_invalid");

    let third = app.link(&ada.user, ResetPassword).await;
    let ada = app.log_in("ada").await;
    change(&app, &ada, &json!({ "current_password": PASSWORD, "new_password": NEW })).send().await.expect(200);
    reset(&app, &third, "another-good-one-5").send().await.refused(400, "reset_token_invalid");
}

async fn new_password_that_is_refused_does_not_cost_the_link(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let token = app.link(&ada.user, ResetPassword).await;
    let refused = reset(&app, &token, "ada-at-example.org").send().await;
    refused.refused_at((422, "password_rejected"), "/new_password", "contains_context");
    reset(&app, &token, "short").send().await.refused(422, "password_rejected");
    app.try_log_in("ada", PASSWORD).await.expect(200);
    reset(&app, &token, NEW).send().await.expect(200);
}

async fn reset_forgives_failed_attempts(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    for identifier in ["ada", "ada@example.org"] {
        for _ in 0..5 {
            app.try_log_in(identifier, "another-password").await.refused(401, "invalid_credentials");
        }
        app.try_log_in(identifier, PASSWORD).await.refused(429, "too_many_attempts");
    }
    let token = app.link(&ada.user, ResetPassword).await;
    reset(&app, &token, NEW).send().await.expect(200);
    for identifier in ["ada", "ada@example.org"] {
        app.try_log_in(identifier, NEW).await.expect(200);
    }
}

async fn strangers_have_few_letters_sent(database: Database) {
    let app = Setup::on(database).set("ASHLAR_RATE_LIMIT_MAIL", "3/1h").start().await;
    app.register("ada").await.expect(201);
    for _ in 0..6 {
        forgot(&app, "ada@example.org").send().await.expect(202);
    }
    let asked = app.events().await.iter().filter(|event| event.name == "identity.password.reset_requested").count();
    assert_eq!(asked, 3);
}

async fn password_change_ends_the_other_sessions(database: Database) {
    let app = TestApp::start(database).await;
    let phone = app.sign_up("ada").await;
    let laptop = app.log_in("ada").await;
    let kept = app.log_in("ada").await;

    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    let changed = change(&app, &laptop, &body).send().await.expect(200).json();

    assert_eq!(changed["revoked_sessions"], 2);
    for other in [&phone, &kept] {
        app.me(&other.access).await.refused(401, "session_revoked");
    }
    app.me(&laptop.access).await.expect(200);
    let refresh = changed["tokens"]["refresh_token"].as_str().unwrap_or_default();
    assert_ne!(refresh, laptop.refresh);
    app.refresh(refresh).await.expect(200);
    app.try_log_in("ada", PASSWORD).await.refused(401, "invalid_credentials");

    let tablet = SignedIn::from(&app.try_log_in("ada", NEW).await);
    let back = json!({ "current_password": NEW, "new_password": PASSWORD, "revoke_others": false });
    assert_eq!(change(&app, &tablet, &back).send().await.expect(200).json()["revoked_sessions"], 0);
    app.me(&laptop.access).await.expect(200);
}

async fn password_change_needs_the_present_password(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let body = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let refused = change(&app, &ada, &body(PASSWORD, PASSWORD)).send().await;
    refused.refused_at((422, "password_rejected"), "/new_password", "same_as_current");
    change(&app, &ada, &body(PASSWORD, "short")).send().await.refused(422, "password_rejected");
    let refused = change(&app, &ada, &body("another-password", NEW)).send().await;
    refused.refused(403, "current_password_invalid");
    assert!(app.events().await.iter().any(|event| event.name == "identity.password.change_failed"));
    for _ in 0..4 {
        change(&app, &ada, &body("another-password", NEW)).send().await.refused(403, "current_password_invalid");
    }
    change(&app, &ada, &body(PASSWORD, NEW)).send().await.refused(429, "too_many_attempts");
    app.me(&ada.access).await.expect(200);
}

async fn no_session_of_before_survives_a_password_change(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let other = app.log_in("ada").await;

    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    let logins = join_all((0..12).map(|_| app.try_log_in("ada", PASSWORD)));
    let refreshes = join_all((0..6).map(|_| app.refresh(&other.refresh)));
    let (changed, logins, refreshes) = tokio::join!(change(&app, &ada, &body).send(), logins, refreshes);

    changed.expect(200);
    let is_good = |answer: &&Answer| answer.status == 200;
    let sessions = logins.iter().chain(&refreshes).filter(is_good).map(SignedIn::from);
    for session in sessions.collect::<Vec<_>>() {
        assert!(!app.is_alive(&session.session).await, "a session of before is alive");
    }
    assert_eq!(app.sessions(&ada.access).await, std::slice::from_ref(&ada.session));
}

async fn racing_resets_by_one_link_have_one_winner(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let token = app.link(&ada.user, ResetPassword).await;
    let passwords: Vec<_> = (0..8).map(|number| format!("lemon-gravel-ostrich-{number}")).collect();

    let answers = join_all(passwords.iter().map(|password| reset(&app, &token, password).send())).await;

    let won: Vec<_> = answers.iter().zip(&passwords).filter(|(answer, _)| answer.status == 200).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    app.try_log_in("ada", won[0].1).await.expect(200);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "reset_token_invalid"));
}

async fn proof_of_identity_opens_what_a_stolen_session_must_not(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let other = app.log_in("ada").await;
    app.advance(TimeDelta::minutes(11));
    app.end(&ada.access, &other.session).await.refused(403, "reauthentication_required");

    let proof = prove(&app, &ada, PASSWORD).send().await.expect(200).json();

    app.end(&ada.access, &other.session).await.expect(204);
    let token = proof["access_token"].as_str().unwrap_or_default();
    app.me(token).await.expect(200);
    app.advance(TimeDelta::minutes(11));
    let third = app.log_in("ada").await;
    app.end(token, &third.session).await.refused(403, "reauthentication_required");
}

async fn wrong_proofs_lock_further_ones(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    for _ in 0..5 {
        prove(&app, &ada, "another-password").send().await.refused(403, "current_password_invalid");
    }
    prove(&app, &ada, PASSWORD).send().await.refused(429, "too_many_attempts");
    app.try_log_in("ada@example.org", PASSWORD).await.expect(200);
    app.me(&ada.access).await.expect(200);
}

async fn signing_out_everywhere_ends_every_session(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let bob = app.sign_up("bob").await;
    let others = [app.log_in("ada").await, app.log_in("ada").await];
    let everywhere = |body: Value| app.client.post("/api/v1/auth/logout-all").bearer(&ada.access).json(&body).send();

    assert_eq!(everywhere(json!({ "except_current": true })).await.expect(200).json()["revoked"], 2);
    for other in &others {
        app.me(&other.access).await.refused(401, "session_revoked");
    }
    app.me(&ada.access).await.expect(200);
    assert_eq!(everywhere(json!({})).await.expect(200).json()["revoked"], 1);
    app.me(&ada.access).await.refused(401, "session_revoked");
    app.me(&bob.access).await.expect(200);
    let late = app.log_in("ada").await;
    app.advance(TimeDelta::minutes(11));
    let refused = app.client.post("/api/v1/auth/logout-all").bearer(&late.access).send().await;
    refused.refused(403, "reauthentication_required");
}
