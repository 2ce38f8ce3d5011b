//! Every operation of the description has an unauthenticated, a forbidden and a happy case, or a stated reason.

mod admin;
mod audit;
mod leads;
mod requests;
mod trail;

use std::collections::BTreeSet;

use ashlar_tests::{Call, Database, Key, PASSWORD, Setup, SignedIn, TENANT, TestApp};
use chrono::TimeDelta;
use serde_json::json;

use admin::of_admin;
use audit::of_audit;
use leads::{of_leads, of_newsletter};
use requests::{
    attempts, colleague, confirm, confirm_at_login, devices, disable, edit, email, end, end_key, end_presented, enrol,
    enrol_at_login, everywhere, export, factor, get, key, keys, leave, log_in, log_in_badly, make_key, me, memberships,
    name_device, out, papers, password, post, prove, refresh, refresh_badly, regenerate, register, remove_device,
    reset, rotate_key, second_step, sessions, switch, tenant, undo, verify,
};

/// What one operation is tried with.
struct Row {
    operation: &'static str,
    /// Who may.
    caller: &'static str,
    /// A request that succeeds, once a token is added where one is needed.
    happy: (u16, fn(&TestApp, &SignedIn) -> Call),
    /// A request of somebody unknown.
    unauthenticated: Case,
    /// A request of somebody who may not.
    forbidden: Case,
}

enum Case {
    /// Is answered so.
    Answers(u16, &'static str, fn(&TestApp, &SignedIn) -> Call),
    /// Cannot be: why.
    Because(&'static str),
}

use Case::{Answers, Because};

const PUBLIC: &str = "open to everybody: the happy case is unauthenticated";
const BY_OPERATORS: &str = "only operators may: see `nobody_reaches_what_is_not_theirs` and the journeys of tenants";
const BY_ADMINISTRATORS: &str = "only administrators may: see `operations_of_administrators_are_forbidden_to_members`";
/// An account of `main` that is not the caller's.
const COLLEAGUE: &str = "00000000-0000-0000-0000-0000000000c0";
/// An account of no tenant.
const OUTSIDER: &str = "00000000-0000-0000-0000-0000000000d0";
/// Another tenant.
const ACME: &str = "00000000-0000-0000-0000-000000000007";
const FOR_ALL: &str = "there is nobody who may not";

/// With the caller's token, in a tenant that is not the token's.
fn elsewhere(happy: fn(&TestApp, &SignedIn) -> Call, app: &TestApp, ada: &SignedIn) -> Call {
    happy(app, ada).bearer(&ada.access).header(TENANT, "acme")
}

fn open(operation: &'static str, happy: fn(&TestApp, &SignedIn) -> Call) -> Row {
    Row { happy: (200, happy), unauthenticated: Because(PUBLIC), forbidden: Because(FOR_ALL), ..of(operation) }
}

/// A row to be filled in.
fn of(operation: &'static str) -> Row {
    let nothing = (0, me as fn(&TestApp, &SignedIn) -> Call);
    Row { operation, caller: "ada", happy: nothing, unauthenticated: Because(""), forbidden: Because("") }
}

/// One that only operators of the installation may do.
fn operated(operation: &'static str, happy: (u16, fn(&TestApp, &SignedIn) -> Call)) -> Row {
    let unauthenticated = Answers(401, "authentication_required", happy.1);
    Row { caller: "ops", happy, unauthenticated, forbidden: Because(BY_OPERATORS), ..of(operation) }
}

/// One that only administrators of the tenant may do.
fn administered(operation: &'static str, happy: (u16, fn(&TestApp, &SignedIn) -> Call)) -> Row {
    let unauthenticated = Answers(401, "authentication_required", happy.1);
    Row { happy, unauthenticated, forbidden: Because(BY_ADMINISTRATORS), ..of(operation) }
}

fn secured(
    operation: &'static str,
    happy: (u16, fn(&TestApp, &SignedIn) -> Call),
    forbidden: fn(&TestApp, &SignedIn) -> Call,
) -> Row {
    let unauthenticated = Answers(401, "authentication_required", happy.1);
    Row { happy, unauthenticated, forbidden: Answers(403, "tenant_mismatch", forbidden), ..of(operation) }
}

/// The link is the permission. Happy cases with real links are those of the journeys.
fn by_link(operation: &'static str, refused: (u16, fn(&TestApp, &SignedIn) -> Call), code: &'static str) -> Row {
    let unauthenticated = Answers(refused.0, code, refused.1);
    Row { operation, caller: "ada", happy: refused, unauthenticated, forbidden: Because("the link is the permission") }
}

/// Accounts and sessions, and what is open to everybody.
fn signing_in() -> Vec<Row> {
    vec![
        Row {
            operation: "register",
            caller: "ada",
            happy: (201, register),
            unauthenticated: Because(PUBLIC),
            forbidden: Because("who may not is decided by configuration; see `closed_registration_is_forbidden`"),
        },
        Row {
            operation: "logIn",
            caller: "ada",
            happy: (200, log_in),
            unauthenticated: Answers(401, "invalid_credentials", log_in_badly),
            forbidden: Because("who may not is told the same as who does not know the password"),
        },
        Row {
            operation: "refreshTokens",
            caller: "ada",
            happy: (200, refresh),
            unauthenticated: Answers(401, "refresh_token_invalid", refresh_badly),
            forbidden: Because("the token is the permission"),
        },
        Row {
            operation: "logOut",
            caller: "ada",
            happy: (204, |app, ada| out(app, ada).bearer(&ada.access)),
            unauthenticated: Answers(401, "authentication_required", out),
            forbidden: Because("everybody may end what a token of theirs names"),
        },
        secured("getMe", (200, me), |app, ada| elsewhere(me, app, ada)),
        secured("updateMe", (200, edit), |app, ada| elsewhere(edit, app, ada)),
        secured("exportMe", (200, export), |app, ada| elsewhere(export, app, ada)),
        secured("listMySessions", (200, sessions), |app, ada| elsewhere(sessions, app, ada)),
        secured("listMyLoginAttempts", (200, attempts), |app, ada| elsewhere(attempts, app, ada)),
        secured("revokeMySession", (204, end), |app, ada| elsewhere(end, app, ada)),
        secured("listMyDevices", (200, devices), |app, ada| elsewhere(devices, app, ada)),
        // Happy cases with real devices are those of `devices.rs`.
        secured("updateMyDevice", (404, name_device), |app, ada| elsewhere(name_device, app, ada)),
        secured("removeMyDevice", (404, remove_device), |app, ada| elsewhere(remove_device, app, ada)),
        secured("listMyMemberships", (200, memberships), |app, ada| elsewhere(memberships, app, ada)),
        secured("switchTenant", (200, switch), |app, ada| elsewhere(switch, app, ada)),
        open("getJwks", |app, _| get(app, "/.well-known/jwks.json")),
        open("getLiveness", |app, _| get(app, "/health/live")),
        open("getReadiness", |app, _| get(app, "/health/ready")),
        open("getStartup", |app, _| get(app, "/health/startup")),
        open("getOpenApi", |app, _| get(app, "/openapi.json")),
    ]
}

/// Passwords, addresses and second factors.
fn credentials() -> Vec<Row> {
    vec![
        Row {
            happy: (202, |app, _| post(app, "password/forgot", &json!({ "identifier": "ada" }))),
            ..open("forgotPassword", out)
        },
        Row {
            happy: (202, |app, _| post(app, "verify-email/resend", &json!({ "email": "ada@example.org" }))),
            ..open("resendVerification", out)
        },
        by_link("resetPassword", (400, reset), "reset_token_invalid"),
        by_link("verifyEmail", (400, verify), "verification_token_invalid"),
        by_link("undoEmailChange", (400, undo), "verification_token_invalid"),
        by_link("logInSecondStep", (401, second_step), "challenge_invalid"),
        // Happy cases with real tokens are those of `required_second_factor.rs`.
        by_link("enrollTotpAtLogin", (401, enrol_at_login), "challenge_invalid"),
        by_link("confirmTotpAtLogin", (401, confirm_at_login), "challenge_invalid"),
        secured("getSecondFactor", (200, factor), |app, ada| elsewhere(factor, app, ada)),
        secured("getBackupCodes", (200, papers), |app, ada| elsewhere(papers, app, ada)),
        secured("enrollTotp", (201, enrol), |app, ada| elsewhere(enrol, app, ada)),
        // Happy cases with real codes are those of `second_factor.rs`.
        secured("confirmTotp", (422, confirm), |app, ada| elsewhere(confirm, app, ada)),
        secured("disableTotp", (409, disable), |app, ada| elsewhere(disable, app, ada)),
        secured("regenerateBackupCodes", (409, regenerate), |app, ada| elsewhere(regenerate, app, ada)),
        secured("changeEmail", (202, email), |app, ada| elsewhere(email, app, ada)),
        secured("reauthenticate", (200, prove), |app, ada| elsewhere(prove, app, ada)),
        secured("logOutEverywhere", (200, everywhere), |app, ada| elsewhere(everywhere, app, ada)),
    ]
}

/// API keys.
fn of_keys() -> Vec<Row> {
    vec![
        secured("createApiKey", (201, make_key), |app, ada| elsewhere(make_key, app, ada)),
        secured("listApiKeys", (200, keys), |app, ada| elsewhere(keys, app, ada)),
        secured("getApiKey", (200, key), |app, ada| elsewhere(key, app, ada)),
        secured("rotateApiKey", (200, rotate_key), |app, ada| elsewhere(rotate_key, app, ada)),
        secured("revokeApiKey", (204, end_key), |app, ada| elsewhere(end_key, app, ada)),
        Row {
            operation: "endPresentedApiKey",
            caller: "ada",
            happy: (204, end_presented),
            unauthenticated: Answers(401, "authentication_required", |app, _| {
                app.client.delete("/api/v1/api-keys/self")
            }),
            forbidden: Answers(403, "tenant_mismatch", |app, ada| end_presented(app, ada).header(TENANT, "acme")),
        },
    ]
}

/// People, memberships and tenants.
fn administration() -> Vec<Row> {
    vec![
        administered("listUsers", (200, |app, _| get(app, "/api/v1/admin/users"))),
        administered(
            "createUser",
            (201, |app, _| {
                let form = json!({ "email": "made@example.org", "password": PASSWORD });
                app.client.post("/api/v1/admin/users").json(&form)
            }),
        ),
        administered("getUser", (200, |app, _| colleague(app, "GET", ""))),
        administered("updateUser", (200, |app, _| colleague(app, "PATCH", "").json(&json!({ "display_name": "X" })))),
        administered("suspendUser", (200, |app, _| colleague(app, "POST", "/suspend"))),
        administered("activateUser", (200, |app, _| colleague(app, "POST", "/activate"))),
        administered("unlockUser", (200, |app, _| colleague(app, "POST", "/unlock"))),
        administered("resetUserSecondFactor", (200, |app, _| colleague(app, "POST", "/2fa/reset"))),
        administered("setUserRole", (200, |app, _| colleague(app, "PUT", "/role").json(&json!({ "role": "staff" })))),
        administered("listLoginAttempts", (200, |app, _| get(app, "/api/v1/admin/login-attempts"))),
        administered("listUserSessions", (200, |app, _| colleague(app, "GET", "/sessions"))),
        administered("revokeUserSessions", (200, |app, _| colleague(app, "DELETE", "/sessions"))),
        administered(
            "revokeUserSession",
            (204, |app, ada| app.client.delete(&format!("/api/v1/admin/users/{}/sessions/{}", ada.user, ada.session))),
        ),
        administered("listUserDevices", (200, |app, _| colleague(app, "GET", "/devices"))),
        // The happy case with a real device is one of `devices.rs`.
        administered("removeUserDevice", (404, |app, _| colleague(app, "DELETE", &format!("/devices/{ACME}")))),
        administered(
            "addMember",
            (201, |app, _| {
                app.client.post("/api/v1/admin/memberships").json(&json!({ "user_id": OUTSIDER, "role": "member" }))
            }),
        ),
        administered(
            "removeMember",
            (204, |app, _| app.client.delete(&format!("/api/v1/admin/memberships/{COLLEAGUE}"))),
        ),
        operated("listTenants", (200, |app, _| get(app, "/api/v1/admin/tenants"))),
        operated(
            "openTenant",
            (201, |app, _| {
                let form = json!({ "slug": "bee", "name": "Bee", "admin_email": "ada@example.org" });
                app.client.post("/api/v1/admin/tenants").json(&form)
            }),
        ),
        operated("listSigningKeys", (200, |app, _| get(app, "/api/v1/admin/keys"))),
        operated("rotateSigningKeys", (200, |app, _| app.client.post("/api/v1/admin/keys/rotate").json(&json!({})))),
        operated("suspendTenant", (200, |app, _| tenant(app, "suspend"))),
        operated("resumeTenant", (200, |app, _| tenant(app, "resume"))),
    ]
}

/// What nobody signs in after as before.
fn at_the_end() -> Vec<Row> {
    vec![
        administered("deleteUser", (204, |app, _| app.client.delete(&format!("/api/v1/admin/users/{OUTSIDER}")))),
        Row { caller: "ops", ..secured("deleteMe", (204, leave), |app, ada| elsewhere(leave, app, ada)) },
        // The last, because nobody signs in with the password of before after it.
        secured("changePassword", (200, password), |app, ada| elsewhere(password, app, ada)),
    ]
}

fn table() -> Vec<Row> {
    [
        signing_in(),
        credentials(),
        of_keys(),
        of_leads(),
        of_newsletter(),
        of_audit(),
        of_admin(),
        administration(),
        at_the_end(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

async fn furnished() -> TestApp {
    let app = TestApp::start(Database::Sqlite).await;
    app.register("ada").await.expect(201);
    app.add_tenant(7, "acme").await;
    app.operator("ops").await;
    for (id, name) in [(COLLEAGUE, "colleague"), (OUTSIDER, "outsider")] {
        settle(&app, id, name).await;
    }
    leads::settle(&app).await;
    audit::settle(&app).await;
    admin::settle(&app).await;
    app
}

/// An account whose id is known beforehand; the colleague is a member of `main`.
async fn settle(app: &TestApp, id: &str, name: &str) {
    let id = format!("x'{}'", id.replace('-', ""));
    let rest = "password_hash, status, created_at, updated_at, version";
    let ada = "email_key = 'ada@example.org'";
    app.execute(&format!(
        "INSERT INTO \"user\" (id, tenant_id, email, email_key, {rest}) \
         SELECT {id}, tenant_id, '{name}@example.org', '{name}@example.org', {rest} FROM \"user\" WHERE {ada}"
    ))
    .await;
    if name == "colleague" {
        app.execute(&format!(
            "INSERT INTO membership (id, tenant_id, user_id, role, created_at, updated_at, version) \
             SELECT {id}, tenant_id, {id}, 'member', created_at, updated_at, 1 FROM \"user\" WHERE {ada}"
        ))
        .await;
    }
}

/// Ada with a key that may read her account.
async fn keyed(app: &TestApp, caller: &str) -> SignedIn {
    let ada = app.log_in(caller).await;
    SignedIn { key: app.make_key(&ada.access).await, ..ada }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn table_and_description_name_the_same_operations() {
    let app = TestApp::start(Database::Sqlite).await;
    let table = table();
    let listed: BTreeSet<_> = table.iter().map(|row| row.operation).collect();
    let described: BTreeSet<_> = app.client.contract().operations().keys().map(String::as_str).collect();

    let missing: Vec<_> = described.difference(&listed).collect();
    let invented: Vec<_> = listed.difference(&described).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "without a row: {missing:?}; without an operation: {invented:?}"
    );
    assert_eq!(listed.len(), table.len(), "an operation has two rows");
    for row in &table {
        let is_secured = app.client.contract().operations()[row.operation].is_secured;
        let is_tried = matches!(row.unauthenticated, Answers(401, "authentication_required", _));
        assert!(!is_secured || is_tried, "{} needs a token and nobody tries without", row.operation);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_has_its_happy_case() {
    let app = furnished().await;
    for row in table() {
        let ada = keyed(&app, row.caller).await;
        let (status, request) = row.happy;
        let call = request(&app, &ada);
        let operation = &app.client.contract().operations()[row.operation];
        let answer =
            if operation.is_secured && operation.schemes.contains("bearer") { call.bearer(&ada.access) } else { call }
                .send()
                .await;
        assert_eq!(answer.status, status, "{}: {answer:?}", row.operation);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_refuses_the_unknown_and_the_forbidden() {
    let app = furnished().await;
    for row in table() {
        for case in [row.unauthenticated, row.forbidden] {
            let ada = keyed(&app, "ada").await;
            match case {
                Answers(status, code, request) => request(&app, &ada).send().await.refused(status, code),
                Because(reason) => assert!(reason.len() > 20, "{}: say why", row.operation),
            }
            assert!(app.is_alive(&ada.session).await, "{} had an effect", row.operation);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_of_administrators_are_forbidden_to_members() {
    let app = furnished().await;
    let mallory = app.sign_up("mallory").await;
    let is_restricted = |row: &Row| matches!(row.forbidden, Because(BY_ADMINISTRATORS | BY_OPERATORS));
    let restricted: Vec<_> = table().into_iter().filter(is_restricted).collect();
    assert!(restricted.len() >= 16);
    for row in restricted {
        let answer = row.happy.1(&app, &mallory).bearer(&mallory.access).send().await;
        answer.refused(403, "permission_denied");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_secured_operation_refuses_tokens_that_are_no_good() {
    let app = furnished().await;
    let contract = app.client.contract();
    let takes_token = |row: &Row| {
        let operation = &contract.operations()[row.operation];
        operation.is_secured && operation.schemes.contains("bearer")
    };
    let secured: Vec<_> = table().into_iter().filter(takes_token).collect();
    assert!(secured.len() >= 4);
    for row in secured {
        let ada = keyed(&app, "ada").await;
        let request = || row.happy.1(&app, &ada);

        request().bearer("garbage").send().await.refused(401, "token_invalid");
        request().header("authorization", "Basic YWRhOng=").send().await.refused(401, "token_invalid");
        request().bearer(&ada.refresh).send().await.refused(401, "token_invalid");
        app.advance(TimeDelta::minutes(16));
        request().bearer(&ada.access).send().await.refused(401, "token_expired");
        let again = app.log_in("ada").await;
        app.log_out(&again.access).await.expect(204);
        request().bearer(&again.access).send().await.refused(401, "session_revoked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_secured_operation_refuses_keys_that_are_not_for_it() {
    let app = furnished().await;
    for row in table() {
        let operation = &app.client.contract().operations()[row.operation];
        if !operation.is_secured || !operation.schemes.contains("bearer") {
            continue;
        }
        let ada = keyed(&app, "ada").await;
        let Key { text, .. } = app.publish_key(&ada.access).await;
        let code = if operation.schemes.contains("api_key") { "insufficient_scope" } else { "person_required" };
        let with = |origin: &str| row.happy.1(&app, &ada).header("x-api-key", &text).header("origin", origin);

        with("https://www.example.org").send().await.refused(403, code);
        with("https://evil.example").send().await.refused(403, "origin_not_allowed");
        row.happy.1(&app, &ada)
            .header("x-api-key", &ada.key.text)
            .bearer(&ada.access)
            .send()
            .await
            .refused(400, "ambiguous_credentials");
        assert!(app.is_alive(&ada.session).await, "{} had an effect", row.operation);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_registration_is_forbidden() {
    let app = Setup::on(Database::Sqlite).set("ASHLAR_REGISTRATION", "closed").start().await;
    app.register("ada").await.refused(403, "registration_closed");
}
