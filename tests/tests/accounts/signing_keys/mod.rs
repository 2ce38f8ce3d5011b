//! The keys that sign access tokens: exchanged by the calendar, by hand and in an emergency, with nobody refused.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod calendar;
mod emergency;
mod processes;

use ashlar_kernel::{Clock as _, Context, RequestId, TenantId};
use ashlar_tests::{Answer, TestApp};
use serde_json::{Value, json};

/// Kid and state of each key, as an operator sees them.
fn states(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    answer.json()["data"].as_array().unwrap().iter().map(|key| (text(&key["kid"]), text(&key["state"]))).collect()
}

async fn list(app: &TestApp, access: &str) -> Vec<(String, String)> {
    states(&app.client.get("/api/v1/admin/keys").bearer(access).send().await.expect(200))
}

async fn rotate(app: &TestApp, access: &str, is_emergency: bool) -> Answer {
    let form = json!({ "emergency": is_emergency });
    app.client.post("/api/v1/admin/keys/rotate").bearer(access).json(&form).send().await
}

/// The names of the published keys, in order.
async fn published(app: &TestApp) -> Vec<String> {
    let keys = app.client.get("/.well-known/jwks.json").send().await.expect(200).json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The key that signed a token.
fn kid_of(access: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.decode(access.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// The scheduler looks at the keys; whether anything was due.
async fn turn(app: &TestApp) -> bool {
    let context = Context::system("test", TenantId::MAIN, RequestId::new(&*app.ids), app.clock.now());
    app.identity.turn_signing_keys(&context).await.unwrap()
}
