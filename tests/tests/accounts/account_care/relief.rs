//! Administrators who help people in.

use ashlar_tests::{Database, PASSWORD, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::json;

use super::{guard, lock, told};

journeys!(
    unlocked_person_may_try_again_at_once,
    lock_is_lifted_in_every_tenant_also_by_those_who_have_the_person_as_a_guest,
    guests_are_relieved_and_not_forgiven,
    second_factor_is_taken_away_with_all_sessions,
    failures_of_the_factor_before_do_not_count_for_the_next,
    helping_in_is_for_administrators_and_not_for_oneself,
);

async fn unlocked_person_may_try_again_at_once(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ada = app.sign_up("ada").await;
    lock(&app, "ada").await;
    lock(&app, "ada@example.org").await;

    let answer = app.administer(&boss.access, &ada.user, "unlock").await.expect(200);

    assert_eq!(answer.json()["username"], "ada");
    assert_eq!(told(&app, &answer).await, [("identity.login.unlocked".to_owned(), json!({ "user": ada.user }))]);
    app.try_log_in("ada@example.org", PASSWORD).await.expect(200);
    app.log_in("ada").await;
    app.administer(&boss.access, &ada.user, "unlock").await.expect(200);
}

/// A guest of `acme` from `main`, and the administrators of `main` and of `acme`.
async fn guest(app: &TestApp) -> (SignedIn, SignedIn, SignedIn) {
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    app.register("founder").await.expect(201);
    app.open_tenant(&operator, "acme", "founder").await;
    let founder = app.log_in_to("acme", "founder").await;
    let ada = app.sign_up("ada").await;
    let form = json!({ "user_id": ada.user, "role": "member" });
    app.client.post("/api/v1/admin/memberships").bearer(&founder.access).json(&form).send().await.expect(201);
    (ada, boss, founder)
}

async fn lock_is_lifted_in_every_tenant_also_by_those_who_have_the_person_as_a_guest(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, boss, founder) = guest(&app).await;
    for administrator in [&boss, &founder] {
        lock(&app, "ada").await;
        lock(&app, "ada@example.org").await;
        let answer = app.administer(&administrator.access, &ada.user, "unlock").await.expect(200);
        assert_eq!(told(&app, &answer).await, [("identity.login.unlocked".to_owned(), json!({ "user": ada.user }))]);
        app.log_in("ada").await;
        app.log_in_to("acme", "ada@example.org").await;
    }
}

async fn guests_are_relieved_and_not_forgiven(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, boss, founder) = guest(&app).await;
    for _ in 0..19 {
        lock(&app, "ada").await;
        app.administer(&founder.access, &ada.user, "unlock").await.expect(200);
    }
    lock(&app, "ada").await;
    app.administer(&founder.access, &ada.user, "unlock").await.refused(403, "guest_account");
    app.try_log_in("ada", PASSWORD).await.refused(429, "too_many_attempts");
    app.administer(&boss.access, &ada.user, "unlock").await.expect(200);
    app.log_in("ada").await;
}

async fn second_factor_is_taken_away_with_all_sessions(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ada = app.sign_up("ada").await;
    let (_, codes) = guard(&app, &ada).await;
    let waiting = app.try_log_in("ada", PASSWORD).await.expect(200).json();

    let answer = app.administer(&boss.access, &ada.user, "2fa/reset").await.expect(200);

    let names: Vec<_> = told(&app, &answer).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["identity.mfa.reset_by_admin", "identity.session.revoked_all"]);
    assert!(codes.iter().all(|code| !answer.text().contains(code)));
    app.me(&ada.access).await.refused(401, "session_revoked");
    // A sign-in that waited for a code does not get in by one that is no more.
    let step = json!({ "challenge_token": waiting["challenge_token"], "backup_code": codes[0] });
    app.client.post("/api/v1/auth/login/2fa").json(&step).send().await.refused(401, "challenge_invalid");
    let again = app.log_in("ada").await;
    let status = app.client.get("/api/v1/me/2fa").bearer(&again.access).send().await.expect(200).json();
    assert_eq!((&status["totp_enabled"], &status["backup_codes"]["remaining"]), (&json!(false), &json!(0)));
    let twice = app.administer(&boss.access, &ada.user, "2fa/reset").await.expect(200);
    assert!(told(&app, &twice).await.is_empty());
    app.me(&again.access).await.expect(200);
}

async fn failures_of_the_factor_before_do_not_count_for_the_next(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ada = app.sign_up("ada").await;
    guard(&app, &ada).await;
    let disable = |access: String| {
        let call = app.client.post("/api/v1/me/2fa/totp/disable").bearer(&access);
        call.json(&json!({ "totp_code": "000000" })).send()
    };
    for _ in 0..10 {
        disable(ada.access.clone()).await.refused(422, "totp_code_invalid");
    }
    disable(ada.access.clone()).await.refused(429, "mfa_locked");

    app.administer(&boss.access, &ada.user, "2fa/reset").await.expect(200);

    let ada = app.log_in("ada").await;
    guard(&app, &ada).await;
    disable(ada.access).await.refused(422, "totp_code_invalid");
}

async fn helping_in_is_for_administrators_and_not_for_oneself(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let ada = app.sign_up("ada").await;
    let operator = app.operator("ops").await;
    app.register("founder").await.expect(201);
    app.open_tenant(&operator, "acme", "founder").await;
    let guest = app.sign_up_to("acme", "guest").await;
    let form = json!({ "user_id": guest.user, "role": "member" });
    app.client.post("/api/v1/admin/memberships").bearer(&boss.access).json(&form).send().await.expect(201);

    for what in ["unlock", "2fa/reset"] {
        app.administer(&staff.access, &ada.user, what).await.refused(403, "permission_denied");
        app.administer(&operator.access, &ada.user, what).await.refused(403, "permission_denied");
        app.administer(&boss.access, &boss.user, what).await.refused(403, "self_administration");
    }
    app.administer(&boss.access, &guest.user, "2fa/reset").await.refused(403, "guest_account");
    app.administer(&boss.access, &operator.user, "2fa/reset").await.refused(409, "operator_account");
    app.advance(TimeDelta::minutes(11));
    for what in ["unlock", "2fa/reset"] {
        app.administer(&boss.access, &ada.user, what).await.refused(403, "reauthentication_required");
    }
}
