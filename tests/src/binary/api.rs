//! The HTTP API of a running server.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use super::PASSWORD;

/// A client of one server.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: String,
}

/// An answer with its whole body.
#[derive(Debug)]
pub struct Answer {
    /// The status; 0 when there was no answer.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null when it is no JSON.
    pub body: Value,
}

impl Api {
    /// The server at this URL.
    pub fn at(base: &str) -> Self {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { client, base: base.to_owned() }
    }

    /// Reads a path.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// Reads a path as the bearer of `token`.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        answer(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// Changes something as the bearer of `token`.
    pub async fn patch_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::PATCH, path).bearer_auth(token).json(body)).await
    }

    /// Deletes something as the bearer of `token`.
    pub async fn delete_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::DELETE, path).bearer_auth(token).json(body)).await
    }

    /// Posts a body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// Posts a body with headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let request = self.request(Method::POST, path).json(body);
        answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// Opens an account.
    pub async fn register(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/register", &json!({ "email": email, "password": PASSWORD })).await
    }

    /// Signs in.
    pub async fn log_in(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/login", &json!({ "identifier": email, "password": PASSWORD })).await
    }

    /// Opens an account and signs in; the access token.
    pub async fn newcomer(&self, email: &str) -> String {
        assert_eq!(self.register(email).await.status, 201);
        self.log_in(email).await.text("/access_token")
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }
}

impl Answer {
    /// A text in the body, by JSON pointer.
    pub fn text(&self, pointer: &str) -> String {
        match self.body.pointer(pointer).and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => panic!("no text at {pointer} in {} {}", self.status, self.body),
        }
    }

    /// Fails unless this is the answer of a server whose database does not work at present.
    pub fn insist_on_unavailable(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let retry_after = self.headers["retry-after"].to_str().unwrap();
        assert!(retry_after.parse::<u32>().is_ok_and(|seconds| seconds >= 1), "{retry_after}");
        assert_eq!(self.body["status"], 503);
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().unwrap());
        let text = self.body.to_string().to_lowercase();
        for inner in ["sql", "disk", "/tmp", "lock", "127.0.0.1", "connection"] {
            assert!(!text.contains(inner), "the client is told about {inner:?}: {text}");
        }
    }
}

async fn answer(request: RequestBuilder) -> Answer {
    let Ok(response) = request.send().await else {
        return Answer { status: 0, headers: HeaderMap::new(), body: Value::Null };
    };
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let Ok(body) = response.bytes().await else {
        // Cut off in the middle: whatever the status said, nobody has this answer.
        return Answer { status: 0, headers, body: Value::Null };
    };
    Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
}
