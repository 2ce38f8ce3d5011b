//! Problem documents (RFC 9457): the one place where a kind of error becomes a status.

use std::{error::Error, fmt};

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
};
use ashlar_kernel::{Classified, ErrorCode, ErrorKind, FieldError, RequestId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An error as clients see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/not_found",
    "title": "Not found",
    "status": 404,
    "detail": "not found",
    "instance": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b",
    "code": "not_found",
    "request_id": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"
}))]
pub struct ProblemDocument {
    /// Which problem, as a reference to a page that explains it: `/problems/<code>`. Stable.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    pub kind: String,
    /// A short human title, the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong this time, for people.
    pub detail: String,
    /// This occurrence: the request id.
    pub instance: String,
    /// Which problem, for programs: `snake_case`, stable, listed in `openapi/problems.json`.
    pub code: String,
    /// The request id, as in the `X-Request-Id` header and in our logs.
    pub request_id: String,
    /// The refused fields, when that is what is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(inline = false, required = false)]
    pub errors: Vec<FieldProblem>,
    /// Further members that some problems have, e.g. `field` or `max_age`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extensions: Map<String, Value>,
}

/// One refused field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where, as a JSON Pointer (RFC 6901) into the body, or `/query/<name>` for a query parameter.
    #[schema(example = "/email")]
    pub pointer: String,
    /// Why, for programs: `snake_case`, stable.
    #[schema(example = "invalid_format")]
    pub code: String,
    /// Why, for people. Never repeats the value.
    #[schema(example = "not an e-mail address")]
    pub message: String,
}

/// A problem on its way to the client; the outermost middleware turns it into a [`ProblemDocument`].
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: ErrorCode,
    detail: String,
    fields: Vec<FieldError>,
    retry_after: Option<u32>,
    extensions: Map<String, Value>,
    challenge: Option<&'static str>,
    allow: Vec<Method>,
}

/// The status of a kind.
pub const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Malformed => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Problem {
    /// A problem of HTTP itself, which no domain knows.
    pub fn http(status: StatusCode, code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after: None,
            extensions: Map::new(),
            challenge: None,
            allow: Vec::new(),
        }
    }

    /// The same problem with refused fields.
    #[must_use]
    pub fn with_fields(self, fields: Vec<FieldError>) -> Self {
        Self { fields, ..self }
    }

    /// The same problem with a hint when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The same problem with the methods that would do.
    #[must_use]
    pub fn allow(self, methods: Vec<Method>) -> Self {
        Self { allow: methods, ..self }
    }

    /// Its stable code.
    pub const fn code(&self) -> &'static str {
        self.code.code
    }

    /// Its status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The document, for the request it belongs to.
    pub fn document(&self, request: &RequestId) -> ProblemDocument {
        ProblemDocument {
            kind: format!("/problems/{}", self.code.code),
            title: self.code.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            instance: request.to_string(),
            code: self.code.code.to_owned(),
            request_id: request.to_string(),
            errors: self.fields.iter().map(FieldProblem::from).collect(),
            extensions: self.extensions.clone(),
        }
    }

    /// The answer without its body, which needs the request id; see [`Problem::document`].
    pub fn head(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        if let Some(challenge) = self.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if !self.allow.is_empty() {
            let methods: Vec<&str> = self.allow.iter().map(Method::as_str).collect();
            if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
                response.insert_header((header::ALLOW, value));
            }
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response
    }
}

impl From<&FieldError> for FieldProblem {
    fn from(error: &FieldError) -> Self {
        Self { pointer: error.pointer.clone(), code: error.code.to_owned(), message: error.message.clone() }
    }
}

impl<E: Classified + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        let code = *error.code();
        let status = status_of(code.kind);
        let is_ours = matches!(code.kind, ErrorKind::Internal | ErrorKind::Unavailable);
        if is_ours {
            log_cause(&error, code.code);
        }
        let challenge = (status == StatusCode::UNAUTHORIZED).then(|| challenge(code.code));
        // What went wrong inside stays inside.
        let detail = if code.kind == ErrorKind::Internal { code.title.to_owned() } else { error.to_string() };
        Self {
            status,
            code,
            detail,
            fields: error.fields(),
            retry_after: error.retry_after(),
            extensions: error.extensions(),
            challenge,
            allow: Vec::new(),
        }
    }
}

/// The challenge of a 401 (RFC 6750 section 3): an error only when a token was presented.
fn challenge(code: &str) -> &'static str {
    match code {
        "token_expired" => r#"Bearer realm="ashlar", error="invalid_token", error_description="the token has expired""#,
        "token_invalid" | "session_revoked" => r#"Bearer realm="ashlar", error="invalid_token""#,
        _ => r#"Bearer realm="ashlar""#,
    }
}

fn log_cause(error: &(dyn Error + 'static), code: &str) {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    tracing::error!(code, causes = causes.join(": "), "{error}");
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.head().finish();
        // The middleware that knows the request id finds it there and writes the body.
        response.extensions_mut().insert(self.clone());
        response
    }
}
