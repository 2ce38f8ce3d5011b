//! The second factor: set up, used, lost, guessed at.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_identity::ActionPurpose::ResetPassword;
use ashlar_tests::{Answer, Authenticator, Call, Database, PASSWORD, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    code_of_an_authenticator_is_asked_for_once_it_is_confirmed,
    code_counts_once_however_many_try_it_at_once,
    code_on_paper_counts_once_however_it_is_typed,
    sign_in_may_try_five_codes,
    thousand_codes_at_once_are_five,
    wrong_codes_lock_the_second_factor,
    challenge_is_of_one_sign_in,
    new_password_leaves_the_second_factor,
    authenticator_is_given_up_with_a_code,
    code_proves_again_who_one_is,
    unconfirmed_authenticator_is_dropped,
    new_codes_on_paper_replace_the_old,
    clock_that_steps_back_replays_nothing,
);

fn post(app: &TestApp, ada: &SignedIn, path: &str, body: &Value) -> Call {
    app.client.post(&format!("/api/v1/me/2fa/{path}")).bearer(&ada.access).json(body)
}

async fn enrol(app: &TestApp, ada: &SignedIn) -> Authenticator {
    let enrolled = app.client.post("/api/v1/me/2fa/totp").bearer(&ada.access).send().await.expect(201).json();
    Authenticator::set_up(&enrolled)
}

/// Ada with an authenticator and codes on paper.
async fn guarded(app: &TestApp) -> (SignedIn, Authenticator, Vec<String>) {
    let ada = app.sign_up("ada").await;
    let authenticator = enrol(app, &ada).await;
    let confirmed = post(app, &ada, "totp/confirm", &json!({ "code": authenticator.code(app) })).send().await;
    let codes: Vec<String> = serde_json::from_value(confirmed.expect(200).json()["backup_codes"].clone()).unwrap();
    assert_eq!(codes.len(), 10);
    // The code of this half minute was used.
    app.advance(TimeDelta::seconds(30));
    (ada, authenticator, codes)
}

async fn challenge(app: &TestApp) -> String {
    let answer = app.try_log_in("ada", PASSWORD).await.expect(200).json();
    assert_eq!(answer["status"], "mfa_required", "{answer}");
    assert_eq!((&answer["expires_in"], &answer["methods"]), (&json!(300), &json!(["totp", "backup_code"])));
    assert!(answer.get("access_token").is_none());
    answer["challenge_token"].as_str().unwrap().to_owned()
}

async fn step(app: &TestApp, token: &str, kind: &str, code: &str) -> Answer {
    app.client.post("/api/v1/auth/login/2fa").json(&json!({ "challenge_token": token, kind: code })).send().await
}

async fn code_of_an_authenticator_is_asked_for_once_it_is_confirmed(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let other = app.log_in("ada").await;
    let authenticator = enrol(&app, &ada).await;
    app.log_in("ada").await;
    let wrong = post(&app, &ada, "totp/confirm", &json!({ "code": "000000" })).send().await;
    wrong.refused(422, "totp_code_invalid");
    let no_code = post(&app, &ada, "totp/confirm", &json!({ "code": "12345" })).send().await;
    no_code.refused_at((422, "validation"), "/code", "invalid_format");
    post(&app, &ada, "totp/confirm", &json!({ "code": authenticator.code(&app) })).send().await.expect(200);

    app.me(&other.access).await.refused(401, "session_revoked");
    app.client.post("/api/v1/me/2fa/totp").bearer(&ada.access).send().await.refused(409, "totp_already_enabled");
    let status = app.client.get("/api/v1/me/2fa").bearer(&ada.access).send().await.expect(200).json();
    assert_eq!((&status["totp_enabled"], &status["backup_codes"]["remaining"]), (&json!(true), &json!(10)));
    app.try_log_in("ada", "another-password").await.refused(401, "invalid_credentials");
    let token = challenge(&app).await;
    // The code that confirmed it does not count again.
    step(&app, &token, "totp_code", &authenticator.code(&app)).await.refused(401, "mfa_code_invalid");
    app.advance(TimeDelta::seconds(30));
    let signed_in = step(&app, &token, "totp_code", &authenticator.code(&app)).await.expect(200);
    let session = SignedIn::from(&signed_in);
    let sessions = app.client.get("/api/v1/me/sessions").bearer(&session.access).send().await.json();
    let found = sessions["data"].as_array().unwrap().iter().find(|line| line["id"] == session.session.as_str());
    assert_eq!(found.unwrap()["amr"], json!(["pwd", "otp", "mfa"]));
}

async fn code_counts_once_however_many_try_it_at_once(database: Database) {
    let app = TestApp::start(database).await;
    let (_, authenticator, _) = guarded(&app).await;
    let mut tokens = Vec::new();
    for _ in 0..10 {
        tokens.push(challenge(&app).await);
    }
    let code = authenticator.code(&app);
    let answers = join_all(tokens.iter().chain(&tokens).map(|token| step(&app, token, "totp_code", &code))).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1, "{answers:?}");
}

async fn code_on_paper_counts_once_however_it_is_typed(database: Database) {
    let app = TestApp::start(database).await;
    let (_, _, codes) = guarded(&app).await;
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(challenge(&app).await);
    }
    let typed = codes[3].to_lowercase().replace('-', " ");
    let answers = join_all(tokens.iter().map(|token| step(&app, token, "backup_code", &typed))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");

    let mut left = 9;
    for code in codes.iter().filter(|code| **code != codes[3]).take(6) {
        let token = challenge(&app).await;
        let answer = step(&app, &token, "backup_code", code).await.expect(200).json();
        left -= 1;
        let warns = answer["warnings"] == json!(["backup_codes_low"]);
        assert_eq!(warns, left <= 3, "{answer}");
    }
}

async fn sign_in_may_try_five_codes(database: Database) {
    let app = TestApp::start(database).await;
    let (_, authenticator, _) = guarded(&app).await;
    let token = challenge(&app).await;
    for left in (0..5).rev() {
        let wrong = step(&app, &token, "backup_code", "00000-00000").await;
        wrong.refused(401, "mfa_code_invalid");
        assert_eq!(wrong.json()["attempts_left"], left);
    }
    step(&app, &token, "totp_code", &authenticator.code(&app)).await.refused(401, "challenge_invalid");
    let token = challenge(&app).await;
    step(&app, &token, "totp_code", &authenticator.code(&app)).await.expect(200);
    step(&app, &token, "totp_code", &authenticator.code(&app)).await.refused(401, "challenge_invalid");
    let late = challenge(&app).await;
    app.advance(TimeDelta::minutes(5));
    step(&app, &late, "totp_code", &authenticator.code(&app)).await.refused(401, "challenge_invalid");
    for bad in ["", "x", "asa1_AwAA"] {
        step(&app, bad, "totp_code", "123456").await.refused(401, "challenge_invalid");
    }
}

async fn thousand_codes_at_once_are_five(database: Database) {
    let app = TestApp::start(database).await;
    guarded(&app).await;
    let token = challenge(&app).await;
    let answers = join_all((0..100).map(|_| step(&app, &token, "totp_code", "000000"))).await;
    let judged = answers.iter().filter(|answer| answer.code() == "mfa_code_invalid").count();
    assert_eq!(judged, 5);
    assert!(answers.iter().all(|answer| ["mfa_code_invalid", "challenge_invalid"].contains(&&*answer.code())));
}

async fn wrong_codes_lock_the_second_factor(database: Database) {
    let app = TestApp::start(database).await;
    let (_, authenticator, _) = guarded(&app).await;
    for _ in 0..2 {
        let token = challenge(&app).await;
        for _ in 0..5 {
            step(&app, &token, "totp_code", "000000").await.refused(401, "mfa_code_invalid");
        }
    }
    let token = challenge(&app).await;
    let locked = step(&app, &token, "totp_code", &authenticator.code(&app)).await;
    locked.refused(429, "mfa_locked");
    assert_eq!(locked.header("retry-after"), Some("900"));
    assert!(app.events().await.iter().any(|event| event.name == "identity.mfa.locked"));
    app.advance(TimeDelta::minutes(15));
    let token = challenge(&app).await;
    step(&app, &token, "totp_code", &authenticator.code(&app)).await.expect(200);
}

async fn challenge_is_of_one_sign_in(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, authenticator, _) = guarded(&app).await;
    let token = challenge(&app).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "lemon-gravel-ostrich-4" });
    app.client.post("/api/v1/me/password").bearer(&ada.access).json(&change).send().await.expect(200);
    step(&app, &token, "totp_code", &authenticator.code(&app)).await.refused(401, "challenge_invalid");
    let link = app.link(&ada.user, ResetPassword).await;
    step(&app, &link, "totp_code", &authenticator.code(&app)).await.refused(401, "challenge_invalid");
}

async fn new_password_leaves_the_second_factor(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, _, _) = guarded(&app).await;
    let token = app.link(&ada.user, ResetPassword).await;
    let body = json!({ "token": token, "new_password": "lemon-gravel-ostrich-4" });
    app.client.post("/api/v1/auth/password/reset").json(&body).send().await.expect(200);
    let answer = app.try_log_in("ada", "lemon-gravel-ostrich-4").await.expect(200).json();
    assert_eq!(answer["status"], "mfa_required");
}

async fn authenticator_is_given_up_with_a_code(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, authenticator, codes) = guarded(&app).await;
    let disable = |body: Value| post(&app, &ada, "totp/disable", &body).send();
    disable(json!({ "totp_code": "000000" })).await.refused(422, "totp_code_invalid");
    disable(json!({})).await.refused_at((422, "validation"), "/totp_code", "required");
    let both = json!({ "totp_code": authenticator.code(&app), "backup_code": codes[0] });
    disable(both).await.refused_at((422, "validation"), "/totp_code", "required");
    app.advance(TimeDelta::minutes(11));
    disable(json!({ "backup_code": codes[0] })).await.refused(403, "reauthentication_required");
    let proof = json!({ "password": PASSWORD });
    app.client.post("/api/v1/auth/reauthenticate").bearer(&ada.access).json(&proof).send().await.expect(200);
    disable(json!({ "backup_code": codes[0] })).await.expect(204);
    app.log_in("ada").await;
    disable(json!({ "backup_code": codes[1] })).await.refused(409, "totp_not_enabled");
}

async fn code_proves_again_who_one_is(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, authenticator, codes) = guarded(&app).await;
    app.advance(TimeDelta::minutes(11));
    let prove = |body: Value| app.client.post("/api/v1/auth/reauthenticate").bearer(&ada.access).json(&body).send();
    let renew = |body: Value| post(&app, &ada, "backup-codes", &body).send();
    renew(json!({ "backup_code": codes[0] })).await.refused(403, "reauthentication_required");

    prove(json!({})).await.refused_at((422, "validation"), "/password", "required");
    let both = json!({ "password": PASSWORD, "totp_code": authenticator.code(&app) });
    prove(both).await.refused_at((422, "validation"), "/password", "required");
    prove(json!({ "totp_code": "12" })).await.refused_at((422, "validation"), "/totp_code", "invalid_format");
    prove(json!({ "totp_code": "000000" })).await.refused(422, "totp_code_invalid");
    let body = json!({ "totp_code": authenticator.code(&app) });
    prove(body.clone()).await.expect(200);
    prove(body).await.refused(422, "totp_code_invalid");
    renew(json!({ "backup_code": codes[0] })).await.expect(201);

    let bob = app.sign_up("bob").await;
    let none = app.client.post("/api/v1/auth/reauthenticate").bearer(&bob.access);
    none.json(&json!({ "totp_code": "000000" })).send().await.refused(409, "totp_not_enabled");
}

async fn unconfirmed_authenticator_is_dropped(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let confirm = |code: String| post(&app, &ada, "totp/confirm", &json!({ "code": code })).send();
    confirm("123456".to_owned()).await.refused(409, "totp_not_pending");
    let authenticator = enrol(&app, &ada).await;
    for _ in 0..5 {
        confirm("000000".to_owned()).await.refused(422, "totp_code_invalid");
    }
    confirm(authenticator.code(&app)).await.refused(409, "totp_not_pending");
    let first = enrol(&app, &ada).await;
    let second = enrol(&app, &ada).await;
    confirm(first.code(&app)).await.refused(422, "totp_code_invalid");
    app.advance(TimeDelta::minutes(9));
    confirm(second.code(&app)).await.expect(200);
}

async fn new_codes_on_paper_replace_the_old(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, authenticator, codes) = guarded(&app).await;
    let body = json!({ "totp_code": authenticator.code(&app) });
    let renewed = post(&app, &ada, "backup-codes", &body).send().await.expect(201).json();
    post(&app, &ada, "backup-codes", &body).send().await.refused(422, "totp_code_invalid");
    let token = challenge(&app).await;
    step(&app, &token, "backup_code", &codes[0]).await.refused(401, "mfa_code_invalid");
    step(&app, &token, "backup_code", renewed["backup_codes"][0].as_str().unwrap()).await.expect(200);
    let counted = app.client.get("/api/v1/me/2fa/backup-codes").bearer(&ada.access).send().await.expect(200).json();
    assert_eq!(counted["remaining"], 9);
}

async fn clock_that_steps_back_replays_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let (_, authenticator, _) = guarded(&app).await;
    let token = challenge(&app).await;
    let code = authenticator.code(&app);
    step(&app, &token, "totp_code", &code).await.expect(200);
    app.advance(TimeDelta::minutes(-2));
    let token = challenge(&app).await;
    step(&app, &token, "totp_code", &authenticator.code(&app)).await.refused(401, "mfa_code_invalid");
}
