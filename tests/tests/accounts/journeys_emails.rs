//! Addresses that are proved before an account opens, and addresses that change.

use ashlar_identity::ActionPurpose::VerifyEmail;
use ashlar_tests::{Call, Database, PASSWORD, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    account_opens_when_its_address_is_proved,
    registering_says_nothing_about_an_address,
    stranger_cannot_take_an_address_beforehand,
    registrations_run_out,
    handle_that_is_taken_meanwhile_is_chosen_anew,
    address_of_an_open_account_is_proved_later,
    installation_may_insist_on_proved_addresses,
    address_changes_when_the_new_one_is_proved,
    change_of_the_address_can_be_taken_back,
    change_to_a_taken_address_is_found_out_at_the_end,
    looking_at_a_link_changes_nothing,
);

async fn verify_first(database: Database) -> TestApp {
    Setup::on(database).set("ASHLAR_REGISTRATION", "verify_first").start().await
}

fn register(app: &TestApp, email: &str, password: &str) -> Call {
    app.client.post("/api/v1/auth/register").json(&json!({ "email": email, "password": password }))
}

fn verify(app: &TestApp, body: &Value) -> Call {
    app.client.post("/api/v1/auth/verify-email").json(body)
}

async fn account_opens_when_its_address_is_proved(database: Database) {
    let app = verify_first(database).await;
    register(&app, "ada@example.org", PASSWORD).send().await.expect(202);
    app.try_log_in("ada@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    let token = app.registration_link().await;
    verify(&app, &json!({ "token": token })).send().await.refused(403, "current_password_invalid");
    let wrong = json!({ "token": token, "password": "another-password" });
    verify(&app, &wrong).send().await.refused(403, "current_password_invalid");

    let opened = verify(&app, &json!({ "token": token, "password": PASSWORD })).send().await.expect(200).json();

    assert_eq!((&opened["user"]["email_verified"], &opened["user"]["role"]), (&json!(true), &json!("member")));
    app.log_in("ada@example.org").await;
    let again = json!({ "token": token, "password": PASSWORD });
    verify(&app, &again).send().await.refused(400, "verification_token_invalid");
}

async fn registering_says_nothing_about_an_address(database: Database) {
    let app = verify_first(database).await;
    register(&app, "ada@example.org", PASSWORD).send().await.expect(202);
    let token = app.registration_link().await;
    verify(&app, &json!({ "token": token, "password": PASSWORD })).send().await.expect(200);

    let known = register(&app, "ada@example.org", PASSWORD).send().await.expect(202);
    let unknown = register(&app, "bob@example.org", PASSWORD).send().await.expect(202);
    assert_eq!(known.text(), unknown.text());
    assert_eq!(app.names(known.request_id()).await, app.names(unknown.request_id()).await);
    for email in ["ada@example.org", "cleo@example.org"] {
        register(&app, email, "short").send().await.refused(422, "password_rejected");
    }

    // Whoever has the address is told, and gets a way in.
    register(&app, "ada@example.org", "a-stranger-chose-this-1").send().await.expect(202);
    let way_in = app.registration_link().await;
    let body = json!({ "token": way_in, "new_password": "lemon-gravel-ostrich-4" });
    app.client.post("/api/v1/auth/password/reset").json(&body).send().await.expect(200);
    assert!(app.events().await.iter().any(|event| event.name == "identity.user.registration_duplicate"));
    app.try_log_in("ada@example.org", "a-stranger-chose-this-1").await.refused(401, "invalid_credentials");
}

async fn stranger_cannot_take_an_address_beforehand(database: Database) {
    let app = verify_first(database).await;
    register(&app, "ada@example.org", "a-stranger-chose-this-1").send().await.expect(202);
    let theirs = app.registration_link().await;
    register(&app, "ADA@example.org", PASSWORD).send().await.expect(202);
    let ours = app.registration_link().await;

    // Ada presses the first button she finds, with the password she knows.
    let mistaken = json!({ "token": theirs, "password": PASSWORD });
    verify(&app, &mistaken).send().await.refused(403, "current_password_invalid");
    verify(&app, &json!({ "token": ours, "password": PASSWORD })).send().await.expect(200);

    let late = json!({ "token": theirs, "password": "a-stranger-chose-this-1" });
    verify(&app, &late).send().await.refused(400, "verification_token_invalid");
    app.try_log_in("ada@example.org", "a-stranger-chose-this-1").await.refused(401, "invalid_credentials");
    app.log_in("ada@example.org").await;
}

async fn registrations_run_out(database: Database) {
    let app = verify_first(database).await;
    register(&app, "ada@example.org", PASSWORD).send().await.expect(202);
    let token = app.registration_link().await;
    app.advance(TimeDelta::hours(24));
    let late = json!({ "token": token, "password": PASSWORD });
    verify(&app, &late).send().await.refused(400, "verification_token_invalid");
    for bad in ["", "x", "asa1_", "asa1_AgAA"] {
        verify(&app, &json!({ "token": bad })).send().await.refused(400, "verification_token_invalid");
    }
}

async fn handle_that_is_taken_meanwhile_is_chosen_anew(database: Database) {
    let app = verify_first(database).await;
    let mut tokens = Vec::new();
    for email in ["ada@example.org", "other@example.org"] {
        let form = json!({ "email": email, "username": "ada", "password": PASSWORD });
        app.client.post("/api/v1/auth/register").json(&form).send().await.expect(202);
        tokens.push(app.registration_link().await);
    }
    verify(&app, &json!({ "token": tokens[0], "password": PASSWORD })).send().await.expect(200);
    let taken = verify(&app, &json!({ "token": tokens[1], "password": PASSWORD })).send().await;
    taken.refused_at((409, "identifier_taken"), "/username", "taken");
    let other = json!({ "token": tokens[1], "password": PASSWORD, "username": "ada2" });
    assert_eq!(verify(&app, &other).send().await.expect(200).json()["user"]["username"], "ada2");
    // Handles are public: here it is said at once.
    let form = json!({ "email": "third@example.org", "username": "ADA", "password": PASSWORD });
    app.client.post("/api/v1/auth/register").json(&form).send().await.refused(409, "identifier_taken");
}

async fn address_of_an_open_account_is_proved_later(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let token = app.link(&ada.user, VerifyEmail).await;
    assert_eq!(
        verify(&app, &json!({ "token": token })).send().await.expect(200).json()["user"]["email_verified"],
        true
    );
    verify(&app, &json!({ "token": token })).send().await.refused(400, "verification_token_invalid");

    let resend =
        |email: &str| app.client.post("/api/v1/auth/verify-email/resend").json(&json!({ "email": email })).send();
    app.register("bob").await.expect(201);
    let mut bodies = Vec::new();
    for email in ["ada@example.org", "bob@example.org", "nobody@example.org"] {
        bodies.push(resend(email).await.expect(202).text());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let asked = app.events().await.iter().filter(|event| event.name == "identity.email.verification_requested").count();
    assert_eq!(asked, 1, "only Bob has something to prove");
}

async fn installation_may_insist_on_proved_addresses(database: Database) {
    let app = Setup::on(database).set("ASHLAR_REQUIRE_VERIFIED_EMAIL", "true").start().await;
    let registered = app.register("ada").await.expect(201).json();
    app.try_log_in("ada", "another-password").await.refused(401, "invalid_credentials");
    app.try_log_in("ada", PASSWORD).await.refused(403, "email_unverified");
    let token = app.link(registered["user"]["id"].as_str().unwrap_or_default(), VerifyEmail).await;
    verify(&app, &json!({ "token": token })).send().await.expect(200);
    app.log_in("ada").await;
}

fn change(app: &TestApp, ada: &SignedIn, email: &str) -> Call {
    app.client.post("/api/v1/me/email").bearer(&ada.access).json(&json!({ "email": email }))
}

const REQUESTED: &str = "identity.email.change_requested";

async fn address_changes_when_the_new_one_is_proved(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    change(&app, &ada, "ADA@example.org").send().await.refused_at((422, "validation"), "/email", "unchanged");
    change(&app, &ada, "nonsense").send().await.refused_at((422, "validation"), "/email", "invalid_format");
    change(&app, &ada, "ada@lovelace.example").send().await.expect(202);
    let confirm = app.link_of_event(REQUESTED, "confirm").await;
    assert_eq!(app.me(&ada.access).await.json()["email"], "ada@example.org", "not yet");

    verify(&app, &json!({ "token": confirm })).send().await.expect(200);

    assert_eq!(app.me(&ada.access).await.json()["email"], "ada@lovelace.example");
    app.log_in("ada@lovelace.example").await;
    app.try_log_in("ada@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    app.advance(TimeDelta::minutes(11));
    change(&app, &ada, "third@example.org").send().await.refused(403, "reauthentication_required");
}

async fn change_of_the_address_can_be_taken_back(database: Database) {
    for is_confirmed in [false, true] {
        let app = TestApp::start(database).await;
        let thief = app.sign_up("ada").await;
        change(&app, &thief, "thief@example.org").send().await.expect(202);
        let confirm = app.link_of_event(REQUESTED, "confirm").await;
        let undo = app.link_of_event(REQUESTED, "undo").await;
        if is_confirmed {
            verify(&app, &json!({ "token": confirm })).send().await.expect(200);
        }
        app.advance(TimeDelta::hours(71));

        let back = || app.client.post("/api/v1/auth/email/undo").json(&json!({ "token": undo })).send();
        back().await.expect(204);

        app.refresh(&thief.refresh).await.refused(401, "session_revoked");
        verify(&app, &json!({ "token": confirm })).send().await.refused(400, "verification_token_invalid");
        back().await.refused(400, "verification_token_invalid");
        assert_eq!(app.log_in("ada@example.org").await.user, thief.user);
        app.try_log_in("thief@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    }
}

async fn change_to_a_taken_address_is_found_out_at_the_end(database: Database) {
    let app = TestApp::start(database).await;
    app.register("bob").await.expect(201);
    let ada = app.sign_up("ada").await;
    change(&app, &ada, "bob@example.org").send().await.expect(202);
    let confirm = app.link_of_event(REQUESTED, "confirm").await;
    verify(&app, &json!({ "token": confirm })).send().await.refused(409, "identifier_taken");
    assert_eq!(app.me(&ada.access).await.json()["email"], "ada@example.org");
}

async fn looking_at_a_link_changes_nothing(database: Database) {
    let app = verify_first(database).await;
    register(&app, "ada@example.org", PASSWORD).send().await.expect(202);
    let token = app.registration_link().await;
    let before = app.events().await.len();
    for page in ["verify-email", "reset-password", "undo-email-change"] {
        let shown = app.client.get(&format!("/account/{page}")).undescribed().send().await.expect(200);
        assert_eq!(shown.media_type(), Some("text/html"));
        assert!(shown.header("content-security-policy").is_some_and(|policy| policy.contains("script-src 'self'")));
    }
    app.client.get("/account/nothing").undescribed().send().await.refused(404, "not_found");
    assert_eq!(app.events().await.len(), before);
    verify(&app, &json!({ "token": token, "password": PASSWORD })).send().await.expect(200);
}
