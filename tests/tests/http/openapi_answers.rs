//! The description of the API and the product agree. Every journey compares every answer; these prove that the
//! comparison can fail, and that what the description offers works.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use ashlar_tests::{Answer, Database, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// An answer with another body.
fn with(answer: &Answer, body: &Value) -> Answer {
    Answer { body: body.to_string().into_bytes(), ..answer.clone() }
}

fn is_accepted(app: &TestApp, method: &Method, path: &str, answer: &Answer) -> bool {
    catch_unwind(AssertUnwindSafe(|| app.client.contract().check(method, path, answer))).is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answer_that_is_not_as_described_is_noticed() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let good = app.me(&ada.access).await.expect(200);
    let accepted = |answer: &Answer| is_accepted(&app, &Method::GET, "/api/v1/me", answer);
    let body = |member: &str, value: Value| {
        let mut body = good.json();
        body[member] = value;
        with(&good, &body)
    };
    let mut incomplete = good.json();
    incomplete.as_object_mut().unwrap().remove("role");
    let mut bare = good.clone();
    bare.headers.remove("x-frame-options");
    let mut untagged = good.clone();
    untagged.headers.remove("etag");

    assert!(accepted(&good));
    for wrong in [
        with(&good, &incomplete),
        body("id", json!(7)),
        body("id", json!("no-uuid")),
        body("role", json!("king")),
        body("created_at", json!("yesterday")),
        body("password_hash", json!("$argon2id$")),
        Answer { status: 201, ..good.clone() },
        Answer { status: 304, ..good.clone() },
        Answer { body: Vec::new(), ..good.clone() },
        bare,
        untagged,
    ] {
        assert!(!accepted(&wrong), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn problem_that_is_not_as_described_is_noticed() {
    let app = TestApp::start(Database::Sqlite).await;
    let good = app.me("nonsense").await.expect(401);
    let accepted = |answer: &Answer| is_accepted(&app, &Method::GET, "/api/v1/me", answer);
    let body = |member: &str, value: Value| {
        let mut body = good.json();
        body[member] = value;
        with(&good, &body)
    };
    let mut html = good.clone();
    html.headers.insert("content-type", "text/html".parse().unwrap());

    assert!(accepted(&good));
    let other =
        json!({ "code": "invalid_credentials", "type": "/problems/invalid_credentials", "title": "Wrong credentials" });
    let mut elsewhere = good.json();
    elsewhere.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    for wrong in [
        with(&good, &elsewhere),
        body("code", json!("made_up")),
        body("title", json!("Another title")),
        body("status", json!(403)),
        body("instance", json!("another request")),
        body("type", json!("about:blank")),
        html,
        Answer { status: 403, ..good.clone() },
    ] {
        assert!(!accepted(&wrong), "{wrong:?}");
    }
}

/// The example body of an operation, as Swagger UI fills it in.
fn example(path: &str, method: &str) -> Value {
    let description = serde_json::to_value(ashlar_server::http::openapi::describe()).unwrap();
    description["paths"][path][method]["requestBody"]["content"]["application/json"]["example"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn examples_of_the_description_work_in_order() {
    let app = TestApp::start(Database::Sqlite).await;
    let post = async |path: &str| app.client.post(path).json(&example(path, "post")).send().await;

    post("/api/v1/auth/register").await.expect(201);
    let login = post("/api/v1/auth/login").await.expect(200).json();
    let edited = app.edit(login["access_token"].as_str().unwrap(), &example("/api/v1/me", "patch")).await;

    edited.expect(200);
    // Examples of tokens are nobody's.
    post("/api/v1/auth/refresh").await.refused(401, "refresh_token_invalid");
    post("/api/v1/auth/logout").await.refused(401, "refresh_token_invalid");
}
