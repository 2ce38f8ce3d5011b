//! The requests that the table names.

use ashlar_tests::{Call, PASSWORD, SignedIn, TestApp, keys::READ};
use serde_json::json;

use super::{ACME, COLLEAGUE};

pub(super) fn get(app: &TestApp, path: &str) -> Call {
    app.client.get(path)
}

pub(super) fn post(app: &TestApp, path: &str, body: &serde_json::Value) -> Call {
    app.client.post(&format!("/api/v1/auth/{path}")).json(body)
}

/// On the account of the colleague.
pub(super) fn colleague(app: &TestApp, method: &str, rest: &str) -> Call {
    app.client.named(method, &format!("/api/v1/admin/users/{COLLEAGUE}{rest}"))
}

pub(super) fn tenant(app: &TestApp, what: &str) -> Call {
    app.client.post(&format!("/api/v1/admin/tenants/{ACME}/{what}"))
}

pub(super) fn me(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me")
}

pub(super) fn edit(app: &TestApp, _: &SignedIn) -> Call {
    app.client.patch("/api/v1/me").json(&json!({ "display_name": "Ada" }))
}

pub(super) fn sessions(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/sessions")
}

pub(super) fn export(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/export")
}

pub(super) fn leave(app: &TestApp, _: &SignedIn) -> Call {
    app.client.delete("/api/v1/me").json(&json!({ "password": PASSWORD }))
}

pub(super) fn attempts(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/login-attempts")
}

pub(super) fn devices(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/devices")
}

pub(super) fn name_device(app: &TestApp, _: &SignedIn) -> Call {
    app.client.patch(&format!("/api/v1/me/devices/{ACME}")).json(&json!({ "name": "My phone" }))
}

pub(super) fn remove_device(app: &TestApp, _: &SignedIn) -> Call {
    app.client.delete(&format!("/api/v1/me/devices/{ACME}"))
}

pub(super) fn memberships(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/memberships")
}

pub(super) fn switch(app: &TestApp, _: &SignedIn) -> Call {
    let main = ashlar_kernel::TenantId::MAIN.to_string();
    app.client.post("/api/v1/auth/switch-tenant").json(&json!({ "tenant_id": main }))
}

pub(super) fn end(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.delete(&format!("/api/v1/me/sessions/{}", ada.session))
}

pub(super) fn out(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/logout")
}

pub(super) fn register(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/register").json(&json!({ "email": "new@example.org", "password": PASSWORD }))
}

pub(super) fn log_in(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/login").json(&json!({ "identifier": "ada", "password": PASSWORD }))
}

pub(super) fn log_in_badly(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/login").json(&json!({ "identifier": "ada", "password": "another-password" }))
}

pub(super) fn refresh(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": ada.refresh }))
}

pub(super) fn refresh_badly(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": ada.access }))
}

pub(super) fn make_key(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/api-keys").json(&json!({ "name": "K", "scopes": [READ] }))
}

pub(super) fn keys(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/api-keys")
}

pub(super) fn key(app: &TestApp, ada: &SignedIn) -> Call {
    get(app, &format!("/api/v1/api-keys/{}", ada.key.id))
}

pub(super) fn rotate_key(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.post(&format!("/api/v1/api-keys/{}/rotate", ada.key.id))
}

pub(super) fn end_key(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.delete(&format!("/api/v1/api-keys/{}", ada.key.id))
}

pub(super) fn end_presented(app: &TestApp, ada: &SignedIn) -> Call {
    app.client.delete("/api/v1/api-keys/self").header("x-api-key", &ada.key.text)
}

pub(super) fn password(app: &TestApp, _: &SignedIn) -> Call {
    let body = json!({ "current_password": PASSWORD, "new_password": "lemon-gravel-ostrich-4" });
    app.client.post("/api/v1/me/password").json(&body)
}

pub(super) fn email(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/me/email").json(&json!({ "email": "ada@lovelace.example" }))
}

pub(super) fn reset(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "password/reset", &json!({ "token": "asa1_x", "new_password": PASSWORD }))
}

pub(super) fn verify(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "verify-email", &json!({ "token": "asa1_x" }))
}

pub(super) fn undo(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "email/undo", &json!({ "token": "asa1_x" }))
}

pub(super) fn second_step(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "login/2fa", &json!({ "challenge_token": "asa1_x", "totp_code": "000000" }))
}

pub(super) fn enrol_at_login(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "login/2fa/totp", &json!({ "challenge_token": "asa1_x" }))
}

pub(super) fn confirm_at_login(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "login/2fa/totp/confirm", &json!({ "challenge_token": "asa1_x", "code": "000000" }))
}

pub(super) fn factor(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/2fa")
}

pub(super) fn papers(app: &TestApp, _: &SignedIn) -> Call {
    get(app, "/api/v1/me/2fa/backup-codes")
}

pub(super) fn enrol(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/me/2fa/totp")
}

pub(super) fn confirm(app: &TestApp, ada: &SignedIn) -> Call {
    with_code(app, ada, "totp/confirm", "code")
}

pub(super) fn disable(app: &TestApp, ada: &SignedIn) -> Call {
    with_code(app, ada, "totp/disable", "totp_code")
}

pub(super) fn regenerate(app: &TestApp, ada: &SignedIn) -> Call {
    with_code(app, ada, "backup-codes", "totp_code")
}

pub(super) fn prove(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "reauthenticate", &json!({ "password": PASSWORD }))
}

pub(super) fn everywhere(app: &TestApp, _: &SignedIn) -> Call {
    post(app, "logout-all", &json!({}))
}

fn with_code(app: &TestApp, _: &SignedIn, path: &str, member: &str) -> Call {
    app.client.post(&format!("/api/v1/me/2fa/{path}")).json(&json!({ member: "000000" }))
}
