//! Looking after accounts: helping people in, seeing who tried to get in, slowing down who tries lists, and leaving.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod attempts;
mod denials;
mod leaving;
mod relief;
mod stuffing;

use ashlar_kernel::Clock as _;
use ashlar_tests::{Answer, SignedIn, TestApp};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

/// Sets up an authenticator for somebody; the app, and the codes on paper.
async fn guard(app: &TestApp, person: &SignedIn) -> (Totp, Vec<String>) {
    let enrolled = app.client.post("/api/v1/me/2fa/totp").bearer(&person.access).send().await.expect(201).json();
    let secret = Secret::try_from_base32(enrolled["secret_base32"].as_str().unwrap()).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let code = totp.generate(u64::try_from(app.clock.now().timestamp()).unwrap()).to_string();
    let confirm = app.client.post("/api/v1/me/2fa/totp/confirm").bearer(&person.access).json(&json!({ "code": code }));
    let confirmed = confirm.send().await.expect(200).json();
    (totp, serde_json::from_value(confirmed["backup_codes"].clone()).unwrap())
}

/// Tries wrong passwords until the identifier is locked.
async fn lock(app: &TestApp, identifier: &str) {
    for _ in 0..5 {
        app.try_log_in(identifier, "another-password").await.refused(401, "invalid_credentials");
    }
    app.try_log_in(identifier, "another-password").await.refused(429, "too_many_attempts");
}

/// The events of a request, by name and data.
async fn told(app: &TestApp, answer: &Answer) -> Vec<(String, Value)> {
    let request = answer.request_id();
    let events = app.events().await.into_iter().filter(|event| event.request_id == request);
    events.map(|event| (event.name, event.data)).collect()
}
