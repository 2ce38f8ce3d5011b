//! Headers of answers.

use super::API;
use serde_json::json;
use utoipa::openapi::{
    Components, Header, ObjectBuilder, Ref, RefOr, Response, Type, header::HeaderBuilder, path::Operation,
};

/// The name that both the header and its description have in the wire and in the components.
const REQUEST_ID: (&str, &str) = ("X-Request-Id", "RequestId");

/// Headers of answers to requests that are counted: name, component, description, example.
const RATE_LIMITS: [(&str, &str, &str, &str); 5] = [
    (
        "RateLimit-Policy",
        "RateLimitPolicy",
        "The policy closest to its end: its name, `q` requests within `w` seconds (draft-ietf-httpapi-ratelimit-headers). \
         Absent where no policy is in force.",
        r#""user";q=1000;w=3600"#,
    ),
    (
        "RateLimit",
        "RateLimit",
        "How you stand with it: `r` requests are left at once. In `t` seconds all are regained or, with none left, one.",
        r#""user";r=998;t=8"#,
    ),
    ("X-RateLimit-Limit", "XRateLimitLimit", "`q` of `RateLimit-Policy`, for older clients.", "1000"),
    ("X-RateLimit-Remaining", "XRateLimitRemaining", "`r` of `RateLimit`, for older clients.", "998"),
    ("X-RateLimit-Reset", "XRateLimitReset", "When `t` is over, as a Unix time in seconds.", "1893499208"),
];

/// Operations whose answers may hold the refresh cookie, or take it away.
const SET_COOKIE: [&str; 6] =
    ["logIn", "logInSecondStep", "confirmTotpAtLogin", "refreshTokens", "changePassword", "logOut"];

/// Describes the headers that many answers have.
pub(super) fn define(components: &mut Components) {
    let id = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(128));
    let header = HeaderBuilder::new()
        .schema(Some(id))
        .description(Some("The request id: yours, if you sent one, as in our logs."))
        .example(Some(json!("0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")));
    components.headers.insert(REQUEST_ID.1.to_owned(), RefOr::T(header.build()));
    for (_, component, description, example) in RATE_LIMITS {
        components.headers.insert(component.to_owned(), RefOr::T(text(description, example)));
    }
}

/// Operations whose requests are not counted, because one address makes them for everybody who has an account there.
const NOT_COUNTED: [&str; 1] = ["unsubscribeByOneClick"];

/// Adds the header that every answer has to the answers which the operation describes itself.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    let is_idempotent = super::is_idempotent(operation);
    let is_counted = operation.operation_id.as_deref().is_none_or(|id| !NOT_COUNTED.contains(&id));
    let sets_cookie = operation.operation_id.as_deref().is_some_and(|id| SET_COOKIE.contains(&id));
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            add_request_id(response);
            if path.starts_with(API) && is_counted {
                add_rate_limits(response);
            }
            if sets_cookie {
                let example = "__Host-refresh=asr1_AAGQ; Path=/; Max-Age=604800; Secure; HttpOnly; SameSite=Strict";
                let cookie = text("The refresh token, for pages of this server that asked for it there.", example);
                response.headers.insert("Set-Cookie".to_owned(), RefOr::T(cookie));
            }
            if is_idempotent {
                let again = text("`true` on an answer that was given before; absent on the first.", "true");
                response.headers.insert("Idempotent-Replayed".to_owned(), RefOr::T(again));
            }
        }
    }
}

/// Adds the headers that a problem with this status has.
pub(super) fn of_problem(status: u16, response: &mut Response) {
    add_request_id(response);
    if status == 429 {
        add_rate_limits(response);
    }
    let own = match status {
        401 => Some(("WWW-Authenticate", text("How to say who you are (RFC 6750).", r#"Bearer realm="ashlar""#))),
        405 => Some(("Allow", text("The methods that the path has.", "GET, HEAD"))),
        416 => Some(("Content-Range", text("How long it is.", "bytes */48213"))),
        // Of conflicts only those that pass by themselves.
        409 | 429 | 503 => Some(("Retry-After", seconds())),
        _ => None,
    };
    if let Some((name, header)) = own {
        response.headers.insert(name.to_owned(), RefOr::T(header));
    }
}

fn add_request_id(response: &mut Response) {
    let (name, component) = REQUEST_ID;
    let reference = Ref::new(format!("#/components/headers/{component}"));
    response.headers.insert(name.to_owned(), RefOr::Ref(reference));
}

fn add_rate_limits(response: &mut Response) {
    for (name, component, ..) in RATE_LIMITS {
        let reference = Ref::new(format!("#/components/headers/{component}"));
        response.headers.insert(name.to_owned(), RefOr::Ref(reference));
    }
}

fn text(description: &str, example: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).example(Some(json!(example))).build()
}

fn seconds() -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let description = "After how many seconds to try again, when that is known.";
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).example(Some(json!(1))).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_have_the_headers_of_their_status() {
        let names = |status| {
            let mut response = Response::new("");
            of_problem(status, &mut response);
            response.headers.into_keys().collect::<Vec<_>>()
        };

        assert_eq!(names(400), ["X-Request-Id"]);
        assert_eq!(names(401), ["WWW-Authenticate", "X-Request-Id"]);
        assert_eq!(names(405), ["Allow", "X-Request-Id"]);
        assert!(
            ["Retry-After", "RateLimit", "RateLimit-Policy"]
                .iter()
                .all(|name| names(429).iter().any(|has| has == name))
        );
        assert_eq!(names(503), ["Retry-After", "X-Request-Id"]);
    }
}
