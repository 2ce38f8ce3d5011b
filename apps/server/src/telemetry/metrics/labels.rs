//! The values of labels: closed sets, however inventive clients are.

use actix_web::http::{Method, StatusCode};

/// The route of everything no route is made for: unknown paths, methods a path does not have, and what was refused
/// before anybody looked at its path.
pub(super) const UNMATCHED: &str = "unmatched";

/// The method of a request, or `other`.
pub(super) fn method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// The template of a path as long as the answer is the route's own.
pub(super) fn route(template: Option<&str>, status: StatusCode) -> &str {
    match template {
        Some(template) if status != StatusCode::METHOD_NOT_ALLOWED => template,
        _ => UNMATCHED,
    }
}
