//! What owners and bearers of API keys do all the time.

use serde_json::{Value, json};

use crate::{Answer, TestApp};

/// An API key and its text.
#[derive(Debug, Clone, Default)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// What programs send.
    pub text: String,
}

impl From<&Answer> for Key {
    fn from(answer: &Answer) -> Self {
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        let body = answer.json();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self { id: text(&body["api_key"]["id"]), text: text(&body["key"]) }
    }
}

/// The scope to read one's own account.
pub const READ: &str = "identity.profile.read.own";

impl TestApp {
    /// Asks for an API key.
    pub async fn try_make_key(&self, access: &str, form: &Value) -> Answer {
        self.client.post("/api/v1/api-keys").bearer(access).json(form).send().await
    }

    /// Makes an API key that may read its owner's account.
    pub async fn make_key(&self, access: &str) -> Key {
        let form = json!({ "name": "Reader", "scopes": [READ] });
        Key::from(&self.try_make_key(access, &form).await.expect(201))
    }

    /// Makes a publishable key for `https://www.example.org`, as an administrator.
    pub async fn publish_key(&self, access: &str) -> Key {
        let form = json!({
            "name": "Web", "kind": "publishable", "scopes": ["leads:create"], "origins": ["https://www.example.org"]
        });
        Key::from(&self.try_make_key(access, &form).await.expect(201))
    }

    /// Gives a key a new secret.
    pub async fn rotate(&self, access: &str, id: &str) -> Answer {
        self.client.post(&format!("/api/v1/api-keys/{id}/rotate")).bearer(access).send().await
    }

    /// Ends a key.
    pub async fn end_key(&self, access: &str, id: &str) -> Answer {
        self.client.delete(&format!("/api/v1/api-keys/{id}")).bearer(access).send().await
    }

    /// Reads a key.
    pub async fn key(&self, access: &str, id: &str) -> Answer {
        self.client.get(&format!("/api/v1/api-keys/{id}")).bearer(access).send().await
    }

    /// Reads the account of a key's owner.
    pub async fn me_by_key(&self, text: &str) -> Answer {
        self.client.get("/api/v1/me").header("x-api-key", text).send().await
    }
}

/// A text with the checksum of an API key: what only the database can tell from a real one.
pub fn signed(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut hasher = flate2::Crc::new();
    hasher.update(text.as_bytes());
    let mut rest = hasher.sum();
    let mut sum = Vec::new();
    for _ in 0..6 {
        sum.push(char::from(DIGITS[usize::try_from(rest % 62).unwrap()]));
        rest /= 62;
    }
    format!("{text}_{}", sum.iter().rev().collect::<String>())
}
