//! Every operation of the description has an unauthenticated, a forbidden and a happy case, or a stated reason.

use std::collections::BTreeSet;

use ashlar_tests::{Call, Database, Key, PASSWORD, Setup, SignedIn, TENANT, TestApp, keys::READ};
use chrono::TimeDelta;
use serde_json::json;

/// What one operation is tried with.
struct Row {
    operation: &'static str,
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
const FOR_ALL: &str = "there is nobody who may not";

fn get(app: &TestApp, path: &str) -> Call {
    app.client.get(path)
}

fn me(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me")
}

fn edit(app: &TestApp, _: &SignedIn) -> Call {
    app.client.patch("/api/v1/me").json(&json!({ "display_name": "Ada" }))
}

fn sessions(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/sessions")
}

fn end(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.delete(&format!("/api/v1/me/sessions/{}", ada.session))
}

fn out(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/logout")
}

fn register(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/register").json(&json!({ "email": "new@example.org", "password": PASSWORD }))
}

fn log_in(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/login").json(&json!({ "identifier": "ada", "password": PASSWORD }))
}

fn log_in_badly(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/login").json(&json!({ "identifier": "ada", "password": "another-password" }))
}

fn refresh(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": ada.refresh }))
}

fn refresh_badly(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": ada.access }))
}

fn make_key(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/api-keys").json(&json!({ "name": "K", "scopes": [READ] }))
}

fn keys(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/api-keys")
}

fn key(app: &TestApp, ada: &SignedIn) -> Call {
    get(app, &format!("/api/v1/api-keys/{}", ada.key.id))
}

fn rotate_key(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.post(&format!("/api/v1/api-keys/{}/rotate", ada.key.id))
}

fn end_key(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.delete(&format!("/api/v1/api-keys/{}", ada.key.id))
}

fn end_presented(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.delete("/api/v1/api-keys/self").header("x-api-key", &ada.key.text)
}

/// With the caller's token, in a tenant that is not the token's.
fn elsewhere(happy: fn(&TestApp, &SignedIn) -> Call, app: &TestApp, ada: &SignedIn) -> Call {
    happy(app, ada).bearer(&ada.access).header(TENANT, "acme")
}

fn open(operation: &'static str, happy: fn(&TestApp, &SignedIn) -> Call) -> Row {
    Row { operation, happy: (200, happy), unauthenticated: Because(PUBLIC), forbidden: Because(FOR_ALL) }
}

fn secured(
    operation: &'static str,
    happy: (u16, fn(&TestApp, &SignedIn) -> Call),
    forbidden: fn(&TestApp, &SignedIn) -> Call,
) -> Row {
    let unauthenticated = Answers(401, "authentication_required", happy.1);
    Row { operation, happy, unauthenticated, forbidden: Answers(403, "tenant_mismatch", forbidden) }
}

fn table() -> Vec<Row> {
    vec![
        Row {
            operation: "register",
            happy: (201, register),
            unauthenticated: Because(PUBLIC),
            forbidden: Because("who may not is decided by configuration; see `closed_registration_is_forbidden`"),
        },
        Row {
            operation: "logIn",
            happy: (200, log_in),
            unauthenticated: Answers(401, "invalid_credentials", log_in_badly),
            forbidden: Because("who may not is told the same as who does not know the password"),
        },
        Row {
            operation: "refreshTokens",
            happy: (200, refresh),
            unauthenticated: Answers(401, "refresh_token_invalid", refresh_badly),
            forbidden: Because("the token is the permission"),
        },
        Row {
            operation: "logOut",
            happy: (204, |app, ada| out(app, ada).bearer(&ada.access)),
            unauthenticated: Answers(401, "authentication_required", out),
            forbidden: Because("everybody may end what a token of theirs names"),
        },
        secured("getMe", (200, me), |app, ada| elsewhere(me, app, ada)),
        secured("updateMe", (200, edit), |app, ada| elsewhere(edit, app, ada)),
        secured("listMySessions", (200, sessions), |app, ada| elsewhere(sessions, app, ada)),
        secured("revokeMySession", (204, end), |app, ada| elsewhere(end, app, ada)),
        secured("createApiKey", (201, make_key), |app, ada| elsewhere(make_key, app, ada)),
        secured("listApiKeys", (200, keys), |app, ada| elsewhere(keys, app, ada)),
        secured("getApiKey", (200, key), |app, ada| elsewhere(key, app, ada)),
        secured("rotateApiKey", (200, rotate_key), |app, ada| elsewhere(rotate_key, app, ada)),
        secured("revokeApiKey", (204, end_key), |app, ada| elsewhere(end_key, app, ada)),
        Row {
            operation: "endPresentedApiKey",
            happy: (204, end_presented),
            unauthenticated: Answers(401, "authentication_required", |app, _| {
                app.client.delete("/api/v1/api-keys/self")
            }),
            forbidden: Answers(403, "tenant_mismatch", |app, ada| end_presented(app, ada).header(TENANT, "acme")),
        },
        open("getJwks", |app, _| get(app, "/.well-known/jwks.json")),
        open("getLiveness", |app, _| get(app, "/health/live")),
        open("getReadiness", |app, _| get(app, "/health/ready")),
        open("getStartup", |app, _| get(app, "/health/startup")),
        open("getOpenApi", |app, _| get(app, "/openapi.json")),
    ]
}

async fn furnished() -> TestApp {
    let app = TestApp::start(Database::Sqlite).await;
    app.register("ada").await.expect(201);
    app.add_tenant(7, "acme").await;
    app
}

/// Ada with a key that may read her account.
async fn keyed(app: &TestApp) -> SignedIn {
    let ada = app.log_in("ada").await;
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
        let ada = keyed(&app).await;
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
            let ada = keyed(&app).await;
            match case {
                Answers(status, code, request) => request(&app, &ada).send().await.refused(status, code),
                Because(reason) => assert!(reason.len() > 20, "{}: say why", row.operation),
            }
            assert!(app.is_alive(&ada.session).await, "{} had an effect", row.operation);
        }
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
        let ada = keyed(&app).await;
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
        let ada = keyed(&app).await;
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
