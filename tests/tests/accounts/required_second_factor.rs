//! An installation that asks a second factor of its administrators and staff.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Authenticator, Database, PASSWORD, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    administrator_sets_up_a_second_factor_to_sign_in,
    member_is_not_asked,
    office_in_another_tenant_counts,
    new_powers_wait_for_a_second_factor,
    key_is_good_for_no_more_than_its_owner,
    first_code_signs_in_once_however_many_try_it,
    sign_in_tries_five_first_codes,
    token_of_another_sign_in_sets_nothing_up,
);

async fn strict(database: Database) -> TestApp {
    Setup::on(database).set("ASHLAR_SECOND_FACTOR", "required_for_admin_and_staff").start().await
}

async fn step(app: &TestApp, path: &str, body: &Value) -> Answer {
    app.client.post(&format!("/api/v1/auth/login/2fa/{path}")).json(body).send().await
}

/// The token of a sign-in that cannot go on without a second factor.
async fn begin(app: &TestApp, name: &str) -> String {
    let answer = app.try_log_in(name, PASSWORD).await.expect(200).json();
    assert_eq!(answer["status"], "mfa_enrollment_required", "{answer}");
    assert_eq!((&answer["expires_in"], &answer["methods"]), (&json!(300), &json!(["totp"])));
    assert!(answer.get("access_token").is_none());
    answer["challenge_token"].as_str().unwrap().to_owned()
}

async fn set_up(app: &TestApp, token: &str) -> Authenticator {
    Authenticator::set_up(&step(app, "totp", &json!({ "challenge_token": token })).await.expect(201).json())
}

/// The first administrator, signed in with a new authenticator.
async fn guarded_boss(app: &TestApp) -> (SignedIn, Authenticator, Value) {
    app.register("boss").await.expect(201);
    let token = begin(app, "boss").await;
    let authenticator = set_up(app, &token).await;
    let body = json!({ "challenge_token": token, "code": authenticator.code(app) });
    let confirmed = step(app, "totp/confirm", &body).await.expect(200);
    (SignedIn::from(&confirmed), authenticator, confirmed.json())
}

async fn administrator_sets_up_a_second_factor_to_sign_in(database: Database) {
    let app = strict(database).await;
    let (boss, authenticator, confirmed) = guarded_boss(&app).await;
    assert_eq!(confirmed["status"], "authenticated");
    assert_eq!(confirmed["backup_codes"].as_array().unwrap().len(), 10);
    assert!(confirmed["device_token"].as_str().unwrap().starts_with("asd1_"));
    app.users(&boss.access, "").await.expect(200);

    // From now on a code is asked for, and it cannot be given up.
    app.advance(TimeDelta::seconds(30));
    let answer = app.try_log_in("boss", PASSWORD).await.expect(200).json();
    assert_eq!(answer["status"], "mfa_required");
    let body = json!({ "totp_code": authenticator.code(&app) });
    let disable = app.client.post("/api/v1/me/2fa/totp/disable").bearer(&boss.access).json(&body).send().await;
    disable.refused(403, "mfa_required_by_policy");
    assert_eq!(app.names(disable.request_id()).await, [""; 0], "no permission is missing");
    let sign_in = json!({ "challenge_token": answer["challenge_token"], "totp_code": authenticator.code(&app) });
    app.client.post("/api/v1/auth/login/2fa").json(&sign_in).send().await.expect(200);
}

async fn member_is_not_asked(database: Database) {
    let app = strict(database).await;
    guarded_boss(&app).await;
    let ada = app.sign_up("ada").await;
    app.me(&ada.access).await.expect(200);
}

async fn office_in_another_tenant_counts(database: Database) {
    let app = strict(database).await;
    let (boss, authenticator, _) = guarded_boss(&app).await;
    let bee = app.add_tenant(7, "bee").await;
    // A member of `bee`, who administers `main`.
    app.execute(
        "INSERT INTO membership (id, tenant_id, user_id, role, created_at, updated_at, version) \
         SELECT user_id, (SELECT id FROM tenant WHERE slug = 'bee'), user_id, 'member', created_at, updated_at, 1 \
         FROM membership WHERE role = 'admin'",
    )
    .await;
    let switched = app.switch(&boss.access, &bee.to_string()).await.expect(200).json();
    app.advance(TimeDelta::seconds(30));
    let body = json!({ "totp_code": authenticator.code(&app) });
    let there = switched["access_token"].as_str().unwrap();
    let disable = app.client.post("/api/v1/me/2fa/totp/disable").bearer(there).json(&body);
    disable.send().await.refused(403, "mfa_required_by_policy");
}

async fn new_powers_wait_for_a_second_factor(database: Database) {
    let app = strict(database).await;
    let (boss, ..) = guarded_boss(&app).await;
    let ada = app.sign_up("ada").await;
    app.users(&ada.access, "").await.refused(403, "permission_denied");
    app.set_role(&boss.access, &ada.user, "staff").await.expect(200);

    app.users(&ada.access, "").await.refused(403, "mfa_required_by_policy");
    let denied = app.edit(&ada.access, &json!({ "display_name": "Ada" })).await;
    denied.refused(403, "mfa_required_by_policy");
    assert_eq!(denied.json()["required"], "identity.profile.update.own");
    assert_eq!(app.names(denied.request_id()).await, ["identity.authz.denied"]);
    app.me(&ada.access).await.expect(200);
    let enrolled = app.client.post("/api/v1/me/2fa/totp").bearer(&ada.access).send().await.expect(201).json();
    let body = json!({ "code": Authenticator::set_up(&enrolled).code(&app) });
    app.client.post("/api/v1/me/2fa/totp/confirm").bearer(&ada.access).json(&body).send().await.expect(200);
    app.users(&ada.access, "").await.expect(200);
}

async fn key_is_good_for_no_more_than_its_owner(database: Database) {
    let app = strict(database).await;
    let (boss, ..) = guarded_boss(&app).await;
    let ada = app.sign_up("ada").await;
    let form = json!({ "name": "profile", "scopes": ["identity.profile.read.own", "identity.profile.update.own"] });
    let made = app.client.post("/api/v1/api-keys").bearer(&ada.access).json(&form).send().await.expect(201).json();
    let key = made["key"].as_str().unwrap();
    app.edit(key, &json!({ "display_name": "Ada" })).await.expect(200);
    app.set_role(&boss.access, &ada.user, "staff").await.expect(200);
    app.edit(key, &json!({ "display_name": "Bea" })).await.refused(403, "insufficient_scope");
    app.me(key).await.expect(200);
}

async fn first_code_signs_in_once_however_many_try_it(database: Database) {
    let app = strict(database).await;
    app.register("boss").await.expect(201);
    let token = begin(&app, "boss").await;
    let body = json!({ "challenge_token": token, "code": set_up(&app, &token).await.code(&app) });
    let answers = join_all((0..5).map(|_| step(&app, "totp/confirm", &body))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401].contains(status)), "{statuses:?}");
}

async fn sign_in_tries_five_first_codes(database: Database) {
    let app = strict(database).await;
    app.register("boss").await.expect(201);
    let token = begin(&app, "boss").await;
    let confirm = |code: String| {
        let body = json!({ "challenge_token": token, "code": code });
        let app = &app;
        async move { step(app, "totp/confirm", &body).await }
    };
    confirm("000000".to_owned()).await.refused(409, "totp_not_pending");
    let authenticator = set_up(&app, &token).await;
    for left in (0..5).rev() {
        let refused = confirm("000000".to_owned()).await;
        refused.refused(401, "mfa_code_invalid");
        assert_eq!(refused.json()["attempts_left"], left);
    }
    let refused = confirm(authenticator.code(&app)).await;
    assert!(refused.status == 401 || refused.status == 409, "{refused:?}");
    // The next sign-in begins with a secret of its own.
    let token = begin(&app, "boss").await;
    let body = json!({ "challenge_token": token, "code": set_up(&app, &token).await.code(&app) });
    step(&app, "totp/confirm", &body).await.expect(200);
}

async fn token_of_another_sign_in_sets_nothing_up(database: Database) {
    let app = strict(database).await;
    let (_, authenticator, _) = guarded_boss(&app).await;
    app.advance(TimeDelta::seconds(30));
    // Of somebody who has a second factor: a stranger with the password must not replace it.
    let answer = app.try_log_in("boss", PASSWORD).await.expect(200).json();
    let token = json!({ "challenge_token": answer["challenge_token"] });
    step(&app, "totp", &token).await.refused(401, "challenge_invalid");
    let body = json!({ "challenge_token": answer["challenge_token"], "code": authenticator.code(&app) });
    step(&app, "totp/confirm", &body).await.refused(401, "challenge_invalid");
    step(&app, "totp", &json!({ "challenge_token": "asa1_x" })).await.refused(401, "challenge_invalid");
}
