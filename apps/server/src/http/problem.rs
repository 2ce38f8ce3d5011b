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
    /// Of `identifier_taken`: which of the two is taken, `email` or `username`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub field: Option<Value>,
    /// Of `reauthentication_required`: how old a sign-in may be, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0)]
    pub max_age: Option<Value>,
    /// Of `reauthentication_required`: how to sign in again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false)]
    pub methods: Option<Value>,
    /// Of `rate_limited`: the names of the policies that refused, as in `RateLimit-Policy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false)]
    pub violated_policies: Option<Value>,
    /// Of `insufficient_scope`: the scope that the API key lacks, or its owner. Of `permission_denied`, and of
    /// `mfa_required_by_policy` where something is withheld: the permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub required: Option<Value>,
    /// Members that a later version may add.
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
pub struct Problem(Box<Facts>);

/// Boxed, because results are moved about more often than they are errors.
#[derive(Debug, Clone)]
struct Facts {
    status: StatusCode,
    code: ErrorCode,
    detail: String,
    fields: Vec<FieldError>,
    retry_after: Option<u32>,
    extensions: Map<String, Value>,
    challenge: Option<&'static str>,
    allow: Vec<Method>,
    size: Option<u64>,
}

/// The status of a kind.
pub const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Malformed => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Gone => StatusCode::GONE,
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
        Self(Box::new(Facts {
            status,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after: None,
            extensions: Map::new(),
            challenge: None,
            allow: Vec::new(),
            size: None,
        }))
    }

    /// The same problem with how many bytes there are.
    #[must_use]
    pub fn of_size(mut self, bytes: u64) -> Self {
        self.0.size = Some(bytes);
        self
    }

    /// The same problem with refused fields.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.0.fields = fields;
        self
    }

    /// The same problem in other words.
    #[must_use]
    pub fn saying(mut self, detail: &str) -> Self {
        detail.clone_into(&mut self.0.detail);
        self
    }

    /// The same problem with a hint when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The same problem with a member of its own.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.0.extensions.insert(member.to_owned(), value);
        self
    }

    /// The same problem with the methods that would do.
    #[must_use]
    pub fn allow(mut self, methods: Vec<Method>) -> Self {
        self.0.allow = methods;
        self
    }

    /// Its stable code.
    pub const fn code(&self) -> &'static str {
        self.0.code.code
    }

    /// A member of its own.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.0.extensions.get(name)
    }

    /// Its status.
    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The document, for the request it belongs to.
    pub fn document(&self, request: &RequestId) -> ProblemDocument {
        let mut extensions = self.0.extensions.clone();
        ProblemDocument {
            kind: format!("/problems/{}", self.0.code.code),
            title: self.0.code.title.to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
            instance: request.to_string(),
            code: self.0.code.code.to_owned(),
            request_id: request.to_string(),
            errors: self.0.fields.iter().map(FieldProblem::from).collect(),
            field: extensions.remove("field"),
            max_age: extensions.remove("max_age"),
            methods: extensions.remove("methods"),
            violated_policies: extensions.remove("violated_policies"),
            required: extensions.remove("required"),
            extensions,
        }
    }

    /// The answer without its body, which needs the request id; see [`Problem::document`].
    pub fn head(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.0.status);
        if let Some(challenge) = self.0.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if !self.0.allow.is_empty() {
            let methods: Vec<&str> = self.0.allow.iter().map(Method::as_str).collect();
            if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
                response.insert_header((header::ALLOW, value));
            }
        }
        if let Some(bytes) = self.0.size {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{bytes}")));
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
        match code.kind {
            ErrorKind::Internal => tracing::error!(code = code.code, causes = causes(&error), "{error}"),
            ErrorKind::Unavailable => tracing::warn!(code = code.code, causes = causes(&error), "{error}"),
            _ => {}
        }
        let challenge = (status == StatusCode::UNAUTHORIZED).then(|| challenge(code.code));
        // What went wrong inside stays inside.
        let detail = if code.kind == ErrorKind::Internal { code.title.to_owned() } else { error.to_string() };
        Self(Box::new(Facts {
            status,
            code,
            detail,
            fields: error.fields(),
            retry_after: error.retry_after(),
            extensions: error.extensions(),
            challenge,
            allow: Vec::new(),
            size: None,
        }))
    }
}

/// The challenge of a 401 (RFC 6750 section 3): an error only when a token was presented.
fn challenge(code: &str) -> &'static str {
    match code {
        "token_expired" => r#"Bearer realm="ashlar", error="invalid_token", error_description="the token has expired""#,
        "token_invalid" | "session_revoked" | "api_key_invalid" => r#"Bearer realm="ashlar", error="invalid_token""#,
        _ => r#"Bearer realm="ashlar""#,
    }
}

/// Why, from the outside in. For the log only.
fn causes(error: &(dyn Error + 'static)) -> String {
    crate::cli::output::causes(error).join(": ")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.head().finish();
        // The middleware that knows the request id finds it there and writes the body.
        response.extensions_mut().insert(self.clone());
        response
    }
}
