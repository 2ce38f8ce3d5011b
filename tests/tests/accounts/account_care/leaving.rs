//! Taking one's data along, and leaving.

use ashlar_identity::{
    ActionPurpose, ChangePassword, DeleteAccount, Reauthenticate, UserId,
    port::Estates as _,
    use_case::{ChangePasswordError, DeleteAccountError, ReauthenticateError},
};
use ashlar_kernel::{Clock as _, Context, RequestId, Secret, TenantId};
use ashlar_tests::{Answer, Database, PASSWORD, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use super::{guard, told};

journeys!(
    export_holds_everything_but_secrets,
    deleted_account_is_gone_at_once_and_its_names_after_thirty_days,
    leaving_takes_a_fresh_sign_in_and_the_password,
    last_administrator_does_not_leave,
    administrators_delete_accounts_of_their_tenant,
    nobody_gets_in_while_an_account_is_deleted,
    of_two_who_leave_at_once_the_second_is_not_told_of_a_wrong_password,
    no_link_outlives_an_account,
    deleted_person_is_not_taken_in_again,
);

async fn export(app: &TestApp, access: &str) -> Answer {
    app.client.get("/api/v1/me/export").bearer(access).send().await
}

async fn leave(app: &TestApp, access: &str, password: &str) -> Answer {
    app.client.delete("/api/v1/me").bearer(access).json(&json!({ "password": password })).send().await
}

async fn delete(app: &TestApp, access: &str, user: &str) -> Answer {
    app.client.delete(&format!("/api/v1/admin/users/{user}")).bearer(access).send().await
}

async fn release(app: &TestApp) -> u64 {
    let request = RequestId::parse("housekeeping").unwrap();
    let context = Context::system("housekeeping", TenantId::MAIN, request, app.clock.now());
    app.identity.release_identifiers(&context).await.unwrap()
}

async fn export_holds_everything_but_secrets(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    let ada = app.sign_up("ada").await;
    app.edit(&ada.access, &json!({ "display_name": "Ada", "locale": "de" })).await.expect(200);
    let key = app.make_key(&ada.access).await;
    let (_, codes) = guard(&app, &ada).await;
    app.client.post("/api/v1/me/email").bearer(&ada.access).json(&json!({ "email": "new@example.org" })).send().await;
    app.try_log_in("ada", "another-password").await.expect(401);

    let answer = export(&app, &ada.access).await.expect(200);

    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
    let data = answer.json();
    assert_eq!(data["account"]["email"], "ada@example.org");
    assert_eq!((&data["account"]["display_name"], &data["account"]["locale"]), (&json!("Ada"), &json!("de")));
    assert_eq!(data["account"]["last_login_at"], "2030-01-01T12:00:00.000Z");
    assert_eq!(
        (&data["memberships"][0]["tenant_slug"], &data["memberships"][0]["role"]),
        (&json!("main"), &json!("member"))
    );
    assert_eq!(data["sessions"][0]["id"], ada.session.as_str());
    assert_eq!(data["api_keys"][0]["id"], key.id.as_str());
    assert_eq!(data["second_factor"]["backup_codes_left"], 10);
    let purposes: Vec<_> =
        data["mailed_links"].as_array().unwrap().iter().map(|link| link["purpose"].clone()).collect();
    assert!(purposes.contains(&json!("change_email")), "{purposes:?}");
    let outcomes: Vec<_> =
        data["login_attempts"].as_array().unwrap().iter().map(|line| line["outcome"].clone()).collect();
    assert!(outcomes.contains(&json!("failed")) && outcomes.contains(&json!("succeeded")), "{outcomes:?}");
    let text = answer.text();
    for secret in
        ["$argon2", &key.text, &ada.refresh, "hash", "salt"].into_iter().chain(codes.iter().map(String::as_str))
    {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(!text.contains("boss"), "nobody else's");
    assert_eq!(told(&app, &answer).await, [("identity.user.exported".to_owned(), json!({ "user": ada.user }))]);
    app.client.get("/api/v1/me/export").header("x-api-key", &key.text).send().await.refused(403, "person_required");
    app.advance(TimeDelta::minutes(11));
    export(&app, &ada.access).await.refused(403, "reauthentication_required");
}

/// Ada, a member of two tenants, with a key.
async fn settle(app: &TestApp) -> (SignedIn, SignedIn, SignedIn) {
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    app.register("founder").await.expect(201);
    let acme = app.open_tenant(&operator, "acme", "founder").await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;
    let founder = app.log_in_to("acme", "founder").await;
    let form = json!({ "user_id": ada.user, "role": "staff" });
    app.client.post("/api/v1/admin/memberships").bearer(&founder.access).json(&form).send().await.expect(201);
    assert!(!acme.is_empty());
    let there = app.log_in_to("acme", "ada").await;
    (boss, SignedIn { key, ..ada }, there)
}

async fn deleted_account_is_gone_at_once_and_its_names_after_thirty_days(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, ada, there) = settle(&app).await;

    let answer = leave(&app, &ada.access, PASSWORD).await.expect(204);

    assert_eq!(told(&app, &answer).await, [("identity.user.deleted".to_owned(), json!({ "user": ada.user }))]);
    for session in [&ada, &there] {
        app.me(&session.access).await.refused(401, "session_revoked");
        assert_eq!(app.refresh(&session.refresh).await.status, 401);
    }
    app.me_by_key(&ada.key.text).await.refused(401, "api_key_invalid");
    let unknown = app.try_log_in("nobody", PASSWORD).await;
    let gone = app.try_log_in("ada", PASSWORD).await;
    assert_eq!((gone.status, gone.without_request()), (unknown.status, unknown.without_request()));
    app.try_log_in_to("acme", "ada").await.refused(401, "invalid_credentials");
    app.client
        .get(&format!("/api/v1/admin/users/{}", ada.user))
        .bearer(&boss.access)
        .send()
        .await
        .refused(404, "not_found");
    assert!(!app.users(&boss.access, "?limit=200").await.expect(200).text().contains("ada"));
    let attempts = app.client.get(&format!("/api/v1/admin/login-attempts?user_id={}&outcome=succeeded", ada.user));
    assert_eq!(attempts.bearer(&boss.access).send().await.expect(200).json()["data"], json!([]));
    app.register("ada").await.refused(409, "identifier_taken");

    app.advance(TimeDelta::days(30) - TimeDelta::milliseconds(1));
    assert_eq!(release(&app).await, 0);
    app.register("ada").await.refused(409, "identifier_taken");
    app.advance(TimeDelta::milliseconds(1));
    assert_eq!((release(&app).await, release(&app).await), (1, 0));
    let again = app.sign_up("ada").await;
    assert_ne!(again.user, ada.user);
}

async fn leaving_takes_a_fresh_sign_in_and_the_password(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await;

    leave(&app, &ada.access, "another-password").await.refused(403, "current_password_invalid");
    leave(&app, &ada.access, "").await.refused(422, "validation");
    app.client.delete("/api/v1/me").bearer(&ada.access).send().await.expect(415);
    let by_key = app.client.delete("/api/v1/me").header("x-api-key", &key.text).json(&json!({ "password": PASSWORD }));
    by_key.send().await.refused(403, "person_required");
    app.advance(TimeDelta::minutes(11));
    leave(&app, &ada.access, PASSWORD).await.refused(403, "reauthentication_required");
    let prove =
        app.client.post("/api/v1/auth/reauthenticate").bearer(&ada.access).json(&json!({ "password": PASSWORD }));
    let fresh = prove.send().await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        leave(&app, &fresh, "another-password").await.refused(403, "current_password_invalid");
    }
    leave(&app, &fresh, PASSWORD).await.refused(429, "too_many_attempts");
    app.me(&fresh).await.expect(200);
    app.advance(TimeDelta::seconds(60));
    leave(&app, &fresh, PASSWORD).await.expect(204);
}

async fn last_administrator_does_not_leave(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    leave(&app, &boss.access, PASSWORD).await.refused(409, "last_admin");
    app.me(&boss.access).await.expect(200);
    app.colleague(&boss, "heir", "admin").await;
    leave(&app, &boss.access, PASSWORD).await.expect(204);
    let heir = app.log_in("heir").await;
    leave(&app, &heir.access, PASSWORD).await.refused(409, "last_admin");
}

async fn administrators_delete_accounts_of_their_tenant(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let ada = app.sign_up("ada").await;
    let operator = app.operator("ops").await;
    app.register("founder").await.expect(201);
    app.open_tenant(&operator, "acme", "founder").await;
    let stranger = app.sign_up_to("acme", "stranger").await;
    let guest = app.sign_up_to("acme", "guest").await;
    let form = json!({ "user_id": guest.user, "role": "member" });
    app.client.post("/api/v1/admin/memberships").bearer(&boss.access).json(&form).send().await.expect(201);

    delete(&app, &staff.access, &ada.user).await.refused(403, "permission_denied");
    delete(&app, &boss.access, &boss.user).await.refused(403, "self_administration");
    delete(&app, &boss.access, &stranger.user).await.refused(404, "not_found");
    delete(&app, &boss.access, &guest.user).await.refused(403, "guest_account");
    delete(&app, &boss.access, &operator.user).await.refused(409, "operator_account");
    let founder = app.log_in_to("acme", "founder").await;
    app.set_role(&boss.access, &guest.user, "member").await.expect(200);
    delete(&app, &founder.access, &guest.user).await.expect(204);
    delete(&app, &boss.access, &ada.user).await.expect(204);
    delete(&app, &boss.access, &ada.user).await.refused(404, "not_found");
    app.me(&ada.access).await.refused(401, "session_revoked");
    app.try_log_in("ada", PASSWORD).await.refused(401, "invalid_credentials");
    app.advance(TimeDelta::minutes(11));
    delete(&app, &boss.access, &staff.user).await.refused(403, "reauthentication_required");
}

async fn nobody_gets_in_while_an_account_is_deleted(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    let ada = app.sign_up("ada").await;

    let logins = join_all((0..12).map(|_| app.try_log_in("ada", PASSWORD)));
    let leaves = join_all((0..2).map(|_| leave(&app, &ada.access, PASSWORD)));
    let (logins, left) = futures::join!(logins, leaves);

    assert!(left.iter().any(|answer| answer.status == 204), "{left:?}");
    assert!(left.iter().all(|answer| [204, 401, 404].contains(&answer.status)), "{left:?}");
    assert_eq!(app.count_events("user.deleted").await, 1);
    for login in logins.into_iter().filter(|answer| answer.status == 200) {
        let session = SignedIn::from(&login);
        app.me(&session.access).await.refused(401, "session_revoked");
        assert_eq!(app.refresh(&session.refresh).await.status, 401);
    }
}

/// Both were let in before either had got anywhere.
async fn of_two_who_leave_at_once_the_second_is_not_told_of_a_wrong_password(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    let ada = app.sign_up("ada").await;
    let request = RequestId::parse("both").unwrap();
    let nobody = Context::system("both", TenantId::MAIN, request, app.clock.now());
    let both = app.identity.authenticate(&nobody, &ada.access, None).await.unwrap().context;
    let password = || Secret::from(PASSWORD);
    let leave = || DeleteAccount::with_password(password()).unwrap();

    app.identity.delete_own_account(&both, leave()).await.unwrap();

    let second = app.identity.delete_own_account(&both, leave()).await;
    assert!(matches!(second, Err(DeleteAccountError::NotFound(_))), "{second:?}");
    let proof = Reauthenticate::by_password(password()).unwrap();
    let again = app.identity.reauthenticate(&both, proof).await.map(drop);
    assert!(matches!(again, Err(ReauthenticateError::NotFound(_))), "{again:?}");
    let change = ChangePassword::parse(password(), Secret::from("tuba-mint-quarrel-9"), true).unwrap();
    let changed = app.identity.change_password(&both, change).await.map(drop);
    assert!(matches!(changed, Err(ChangePasswordError::NotFound(_))), "{changed:?}");
    assert_eq!(app.count_events("identity.reauth.failed").await, 0);
}

async fn no_link_outlives_an_account(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    for round in 0..4 {
        let ada = app.sign_up(&format!("ada{round}")).await;
        let user: UserId = ada.user.parse().unwrap();
        // Letter after letter, until there is nobody to write to.
        let letters = async || {
            let mut left = 1_000;
            while left > 0 && app.try_link(user, ActionPurpose::ResetPassword).await {
                left -= 1;
            }
        };

        let (_written, left) = futures::join!(join_all((0..4).map(|_| letters())), leave(&app, &ada.access, PASSWORD));

        left.expect(204);
        assert!(app.store.holdings(user).await.unwrap().links.is_empty(), "round {round}");
    }
}

async fn deleted_person_is_not_taken_in_again(database: Database) {
    let app = TestApp::start(database).await;
    let (boss, ada, _) = settle(&app).await;
    leave(&app, &ada.access, PASSWORD).await.expect(204);

    for form in
        [json!({ "user_id": ada.user, "role": "member" }), json!({ "email": "ada@example.org", "role": "member" })]
    {
        let call = app.client.post("/api/v1/admin/memberships").bearer(&boss.access).json(&form);
        call.send().await.refused(404, "not_found");
    }
    app.client.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "ada" })).send().await.expect(202);
    let asked =
        app.events().await.into_iter().rfind(|event| event.name == "identity.password.reset_requested").unwrap();
    assert!(asked.data.get("user").is_none(), "nobody to write to: {}", asked.data);
    app.users(&boss.access, "?status=deleted").await.refused(400, "invalid_parameter");
}
