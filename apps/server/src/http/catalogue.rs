//! The error codes of HTTP itself, and the whole catalogue.

use ashlar_audit::log::audit_event_specs;
use ashlar_jobs::desk::{desk_codes, job_event_specs};
use ashlar_kernel::{ErrorCode, EventSpec};
use serde::Serialize;

use super::problem::status_of;

ashlar_kernel::error_codes! {
    /// Codes no domain knows.
    pub mod http_codes {
        MALFORMED_REQUEST = "malformed_request", Malformed, "Malformed request",
            "The request cannot be understood: the body is not a JSON object, is not UTF-8, is nested deeper than 64 levels, or is cut off.";
        AMBIGUOUS_CREDENTIALS = "ambiguous_credentials", Malformed, "Ambiguous credentials",
            "The request has more than one proof of who makes it, such as an access token and an API key. Send one of them.";
        UNKNOWN_FIELD = "unknown_field", Invalid, "Unknown field",
            "The body has members this operation does not know. They are refused, not ignored, so that a misspelt name cannot pass; `errors` names them.";
        INVALID_PARAMETER = "invalid_parameter", Malformed, "Invalid query parameter",
            "A query parameter is unknown or has a value out of its range. `errors` names it as `/query/<name>`.";
        METHOD_NOT_ALLOWED = "method_not_allowed", Malformed, "Method not allowed",
            "The path exists, but not with this method. `Allow` lists the methods that do.";
        UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", Malformed, "Unsupported media type",
            "Send the body as `application/json`, in UTF-8.";
        BODY_TOO_LARGE = "body_too_large", Malformed, "Body too large",
            "The body is larger than this operation takes: 1 MiB unless configured otherwise, and 16 KiB under `/api/v1/auth`.";
        RANGE_NOT_SATISFIABLE = "range_not_satisfiable", Malformed, "Range not satisfiable",
            "The file ends before the part you asked for begins. `Content-Range` tells how long it is.";
        HEADERS_TOO_LARGE = "headers_too_large", Malformed, "Headers too large",
            "All headers together may have 16 KiB.";
        TOO_MANY_CONNECTIONS = "too_many_connections", TooMany, "Too many connections",
            "One address may keep only so many connections open: 256, unless configured otherwise. Reuse them.";
        RATE_LIMITED = "rate_limited", TooMany, "Too many requests",
            "You have made as many requests as a policy allows; `violated_policies` names it, `RateLimit-Policy` tells its figures. Wait `Retry-After` seconds.";
        IDEMPOTENCY_KEY_INVALID = "idempotency_key_invalid", Malformed, "Invalid idempotency key",
            "`Idempotency-Key` has 1 to 255 visible ASCII characters and is sent once. A random UUID does well.";
        IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused", Invalid, "Idempotency key reused",
            "The key was sent with another request within the last 24 hours. Use a new key for each request, and the same one for its repetitions only.";
        IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress", Conflict, "Still in progress",
            "The first request with this key is not finished. Send it again after `Retry-After` seconds to get its answer.";
        IDEMPOTENT_ANSWER_ERASED = "idempotent_answer_erased", Gone, "Answer erased",
            "The request with this key was carried out, and what it was answered with has been erased since, because it told of somebody who was erased. Nothing was done again. Use a new key to make another request.";
        FOREIGN_ORIGIN = "foreign_origin", Forbidden, "Not for this page",
            "The refresh token was asked for as a cookie, or sent as one, and the request does not come from a page of this server: `Origin` is missing or another than that of `public_url`. Pages elsewhere, and programs, take the refresh token from the body and send it there.";
        REQUEST_TIMEOUT = "request_timeout", Unavailable, "Took too long",
            "The request was not finished in time and was given up. It may have taken effect; read before you repeat it.";
    }
}

/// One entry of `openapi/problems.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemEntry {
    /// The stable code.
    pub code: &'static str,
    /// The reference in `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// The title.
    pub title: &'static str,
    /// What happened and what the client can do.
    pub meaning: &'static str,
}

impl ProblemEntry {
    fn of(code: &ErrorCode) -> Self {
        Self {
            code: code.code,
            kind: format!("/problems/{}", code.code),
            status: status_of_code(code),
            title: code.title,
            meaning: code.meaning,
        }
    }
}

/// The status of a code. Those of HTTP itself have statuses that no kind has.
pub fn status_of_code(code: &ErrorCode) -> u16 {
    match code.code {
        "method_not_allowed" => 405,
        "body_too_large" => 413,
        "unsupported_media_type" => 415,
        "range_not_satisfiable" => 416,
        "headers_too_large" => 431,
        _ => status_of(code.kind).as_u16(),
    }
}

/// Every error code a client can meet, by name.
pub fn problems() -> Vec<ProblemEntry> {
    let all = [
        http_codes::ALL.to_vec(),
        ashlar_kernel::error_catalogue(),
        ashlar_identity::catalogue::error_codes(),
        ashlar_leads::catalogue::error_codes(),
        desk_codes::ALL.to_vec(),
    ];
    let mut entries: Vec<_> = all.concat().iter().map(ProblemEntry::of).collect();
    entries.sort_by_key(|entry| entry.code);
    entries
}

/// Every event that can be in the log, by name.
pub fn events() -> Vec<EventSpec> {
    let mut events = [
        ashlar_identity::catalogue::events(),
        ashlar_leads::catalogue::events(),
        audit_event_specs().to_vec(),
        job_event_specs().to_vec(),
        ashlar_admin::events(),
    ]
    .concat();
    events.sort_by_key(|event| event.name);
    events
}

/// `openapi/problems.json`.
pub fn problems_json() -> serde_json::Value {
    serde_json::json!({ "problems": problems() })
}

/// `openapi/events.json`.
pub fn events_json() -> serde_json::Value {
    let events: Vec<_> = events()
        .iter()
        .map(|event| {
            let data: serde_json::Map<_, _> =
                event.data.iter().map(|(name, meaning)| ((*name).to_owned(), (*meaning).into())).collect();
            serde_json::json!({
                "name": event.name,
                "schema_version": event.schema_version,
                "summary": event.summary,
                "targets": event.targets,
                "data": data,
            })
        })
        .collect();
    serde_json::json!({ "events": events })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_and_event_name_is_used_once() {
        let problems = problems();
        let codes: BTreeSet<_> = problems.iter().map(|entry| entry.code).collect();
        assert_eq!(codes.len(), problems.len());
        let events = events();
        let names: BTreeSet<_> = events.iter().map(|event| event.name).collect();
        assert_eq!(names.len(), events.len());
    }

    #[test]
    fn codes_are_snake_case_and_explained() {
        for entry in problems() {
            assert!(entry.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", entry.code);
            assert!(entry.meaning.ends_with('.') && entry.meaning.len() > 20, "{}", entry.code);
            assert!((400..600).contains(&entry.status));
        }
    }
}
