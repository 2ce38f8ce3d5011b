//! Who lives in the journeys, and what they do all the time.

use serde_json::{Value, json};

use crate::{Answer, Key, TestApp};

/// Everybody's password.
pub const PASSWORD: &str = "tuba-mint-quarrel-9";
/// The header that names a tenant.
pub const TENANT: &str = "x-tenant";

/// A pair of tokens and whose they are.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The session.
    pub session: String,
    /// The account's id.
    pub user: String,
    /// An API key of theirs, where one was made.
    pub key: Key,
}

impl From<&Answer> for SignedIn {
    fn from(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            access: text(&body["access_token"]),
            refresh: text(&body["refresh_token"]),
            session: text(&body["session_id"]),
            user: text(&body["user"]["id"]),
            key: Key::default(),
        }
    }
}

impl TestApp {
    /// Asks for the account `name`, with the address `name@example.org`.
    pub async fn register(&self, name: &str) -> Answer {
        let form = json!({ "email": format!("{name}@example.org"), "username": name, "password": PASSWORD });
        self.client.post("/api/v1/auth/register").json(&form).send().await
    }

    /// Tries to sign in.
    pub async fn try_log_in(&self, identifier: &str, password: &str) -> Answer {
        let form = json!({ "identifier": identifier, "password": password });
        self.client.post("/api/v1/auth/login").json(&form).send().await
    }

    /// Signs in.
    pub async fn log_in(&self, identifier: &str) -> SignedIn {
        SignedIn::from(&self.try_log_in(identifier, PASSWORD).await)
    }

    /// Opens the account `name` and signs in.
    pub async fn sign_up(&self, name: &str) -> SignedIn {
        self.register(name).await.expect(201);
        self.log_in(name).await
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.client.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": token })).send().await
    }

    /// Reads the caller's account.
    pub async fn me(&self, access: &str) -> Answer {
        self.client.get("/api/v1/me").bearer(access).send().await
    }

    /// Edits the caller's profile.
    pub async fn edit(&self, access: &str, patch: &Value) -> Answer {
        self.client.patch("/api/v1/me").bearer(access).json(patch).send().await
    }

    /// The ids of the caller's sessions.
    pub async fn sessions(&self, access: &str) -> Vec<String> {
        let answer = self.client.get("/api/v1/me/sessions").bearer(access).send().await.expect(200);
        let lines = answer.json()["data"].as_array().expect("a list").clone();
        lines.iter().map(|line| line["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Ends one of the caller's sessions.
    pub async fn end(&self, access: &str, session: &str) -> Answer {
        self.client.delete(&format!("/api/v1/me/sessions/{session}")).bearer(access).send().await
    }

    /// Signs out.
    pub async fn log_out(&self, access: &str) -> Answer {
        self.client.post("/api/v1/auth/logout").bearer(access).send().await
    }
}
