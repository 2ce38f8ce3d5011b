//! What came back.

use std::fmt;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer with its whole body.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header; none if it is absent or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type without parameters.
    pub fn media_type(&self) -> Option<&str> {
        self.header("content-type").map(|value| value.split(';').next().unwrap_or(value).trim())
    }

    /// The request id.
    pub fn request_id(&self) -> &str {
        self.header("x-request-id").expect("a request id")
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in the body of {self:?}"))
    }

    /// The `code` of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_else(|| panic!("no code in {self:?}")).to_owned()
    }

    /// Status and code.
    pub fn problem(&self) -> (u16, String) {
        (self.status, self.code())
    }

    /// Pointer and code of each refused field.
    pub fn fields(&self) -> Vec<(String, String)> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        errors.iter().map(|field| (text(&field["pointer"]), text(&field["code"]))).collect()
    }

    /// The same answer, which must have this status.
    #[expect(clippy::return_self_not_must_use, reason = "an assertion, to be chained or not")]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Fails unless it is this problem.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.code(), code, "{self:?}");
    }

    /// Fails unless it is this problem with this one refused field.
    #[track_caller]
    pub fn refused_at(&self, problem: (u16, &str), pointer: &str, code: &str) {
        self.refused(problem.0, problem.1);
        assert_eq!(self.fields(), [(pointer.to_owned(), code.to_owned())], "{self:?}");
    }

    /// The body without what differs from request to request.
    pub fn without_request(&self) -> Value {
        let mut body = self.json();
        for member in ["instance", "request_id"] {
            body.as_object_mut().expect("an object").remove(member).expect("a problem");
        }
        body
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}\n{}", self.status, self.headers, self.text().chars().take(2_000).collect::<String>())
    }
}
