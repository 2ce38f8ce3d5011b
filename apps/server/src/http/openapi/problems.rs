//! The shared problem responses, and which of them an operation can answer with.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response, example::ExampleBuilder, path::Operation};

use super::{API, headers};
use crate::http::catalogue::{ProblemEntry, problems};

/// Every status a problem can have, with the name of its shared response.
const RESPONSES: [(u16, &str, &str); 16] = [
    (400, "BadRequest", "The request cannot be understood."),
    (401, "Unauthorized", "Who you are is not known."),
    (403, "Forbidden", "You may not."),
    (404, "NotFound", "There is nothing here that you may see."),
    (405, "MethodNotAllowed", "The path has other methods."),
    (409, "Conflict", "It contradicts the present state."),
    (410, "Gone", "It was there, and does not come back."),
    (412, "PreconditionFailed", "Your copy is out of date."),
    (413, "PayloadTooLarge", "The body is too large."),
    (415, "UnsupportedMediaType", "The body is not JSON."),
    (416, "RangeNotSatisfiable", "There is no such part."),
    (422, "UnprocessableContent", "Some of the content is refused."),
    (429, "TooManyRequests", "Too much, too fast."),
    (431, "HeadersTooLarge", "The headers are too large."),
    (500, "InternalServerError", "Our fault."),
    (503, "ServiceUnavailable", "Not at present; try again after `Retry-After` seconds."),
];

/// Codes of every operation.
const ALWAYS: [&str; 5] =
    ["headers_too_large", "too_many_connections", "overloaded", "request_timeout", "internal_error"];
/// Codes of operations that belong to a tenant, for which `X-Tenant` is looked up and requests are counted.
const IN_TENANT: [&str; 3] = ["not_found", "rate_limited", "store_unavailable"];
/// Codes of operations with a body.
const WITH_BODY: [&str; 5] =
    ["malformed_request", "body_too_large", "unsupported_media_type", "unknown_field", "validation"];
/// Codes of operations that clients can give a name to.
const IDEMPOTENT: [&str; 4] =
    ["idempotency_key_invalid", "idempotency_key_reused", "idempotency_in_progress", "idempotent_answer_erased"];
/// Codes of operations that nobody may call without saying who they are.
const SECURED: [&str; 12] = [
    "authentication_required",
    "ambiguous_credentials",
    "api_key_invalid",
    "ip_not_allowed",
    "origin_not_allowed",
    "token_invalid",
    "token_expired",
    "session_revoked",
    "permission_denied",
    "mfa_required_by_policy",
    "tenant_mismatch",
    "tenant_suspended",
];

/// Describes every shared response.
pub(super) fn define(components: &mut Components) {
    let entries = problems();
    for (status, name, description) in RESPONSES {
        let mut response = Response::new(description);
        entries.iter().filter(|entry| entry.status == status).for_each(|entry| add_problem(&mut response, entry));
        components.responses.insert(name.to_owned(), RefOr::T(response));
    }
}

/// A response can have this problem in its body, and its headers.
fn add_problem(response: &mut Response, entry: &ProblemEntry) {
    let problem = || RefOr::T(Content::new(Some(Ref::from_schema_name("Problem"))));
    let content = response.content.entry("application/problem+json".to_owned()).or_insert_with(problem);
    if let RefOr::T(content) = content {
        let example = ExampleBuilder::new().summary(entry.title).value(Some(example_of(entry))).build();
        content.examples.insert(entry.code.to_owned(), RefOr::T(example));
    }
    headers::of_problem(entry.status, response);
}

fn example_of(entry: &ProblemEntry) -> Value {
    const REQUEST: &str = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b";
    let mut example = json!({
        "type": entry.kind,
        "title": entry.title,
        "status": entry.status,
        "detail": entry.title.to_lowercase(),
        "instance": REQUEST,
        "code": entry.code,
        "request_id": REQUEST,
    });
    let field = match entry.code {
        "validation" => Some(("/email", "invalid_format", "not an e-mail address")),
        "unknown_field" => Some(("/is_admin", "unknown_field", "this operation knows no such member")),
        "slug_taken" => Some(("/slug", "taken", "the short name is taken")),
        "password_rejected" => Some(("/password", "too_common", "too common")),
        "invalid_parameter" => Some(("/query/limit", "out_of_range", "a page holds 1 to 200 entries")),
        _ => None,
    };
    if let ("rate_limited", Some(members)) = (entry.code, example.as_object_mut()) {
        members.insert("violated_policies".to_owned(), json!(["user"]));
    }
    if let ("insufficient_scope", Some(members)) = (entry.code, example.as_object_mut()) {
        members.insert("required".to_owned(), json!("identity.profile.read.own"));
    }
    if let ("permission_denied", Some(members)) = (entry.code, example.as_object_mut()) {
        members.insert("required".to_owned(), json!("identity.user.read"));
    }
    if let (Some((pointer, code, message)), Some(members)) = (field, example.as_object_mut()) {
        members.insert("errors".to_owned(), json!([{ "pointer": pointer, "code": code, "message": message }]));
    }
    example
}

/// Refers an operation to the shared responses it can answer with: those of its own codes, and those that follow from
/// its path and shape. `x-problems` becomes the list of all of them.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    let mut codes = own_codes(operation);
    codes.extend(ALWAYS.map(str::to_owned));
    if path.starts_with(API) {
        codes.extend(IN_TENANT.map(str::to_owned));
    }
    if super::is_idempotent(operation) {
        codes.extend(IDEMPOTENT.map(str::to_owned));
    }
    if operation.request_body.is_some() {
        codes.extend(WITH_BODY.map(str::to_owned));
    }
    if is_secured(operation) {
        codes.extend(SECURED.map(str::to_owned));
        codes.extend(of_keys(operation).map(str::to_owned));
    }
    for entry in problems().iter().filter(|entry| codes.contains(entry.code)) {
        if let Some((status, name, _)) = RESPONSES.iter().find(|(status, ..)| *status == entry.status) {
            let shared = || RefOr::Ref(Ref::from_response_name(*name));
            let response = operation.responses.responses.entry(status.to_string()).or_insert_with(shared);
            // A status that the operation describes itself, like the 503 of a health check, can be a problem as well.
            if let RefOr::T(own) = response {
                add_problem(own, entry);
            }
        }
    }
    operation.extensions.get_or_insert_default().insert("x-problems".to_owned(), json!(codes));
}

/// The codes an operation names itself, in `x-problems`.
fn own_codes(operation: &Operation) -> BTreeSet<String> {
    let own = operation.extensions.as_ref().and_then(|extensions| extensions.get("x-problems").cloned());
    own.and_then(|codes| serde_json::from_value(codes).ok()).unwrap_or_default()
}

/// Whether every way to call an operation asks for credentials.
fn is_secured(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(|security| {
        security.iter().all(|requirement| serde_json::to_value(requirement).is_ok_and(|value| value != json!({})))
    })
}

/// What an API key can be told that is good, and not for this.
fn of_keys(operation: &Operation) -> Option<&'static str> {
    let schemes = serde_json::to_string(&operation.security).unwrap_or_default();
    let has_permission = operation.extensions.as_ref().and_then(|extensions| extensions.get("x-permission"));
    match (schemes.contains("\"api_key\""), has_permission) {
        (false, _) => Some("person_required"),
        (true, None | Some(Value::Null)) => None,
        (true, Some(_)) => Some("insufficient_scope"),
    }
}

/// Leaves out the shared responses that no operation refers to: nothing answers its own method with 405, for one.
pub(super) fn leave_out_unused(description: &mut OpenApi) {
    let operations = description.paths.paths.values_mut().flat_map(super::operations);
    let responses = operations.flat_map(|operation| operation.responses.responses.values());
    let used: BTreeSet<String> = responses
        .filter_map(|response| match response {
            RefOr::Ref(reference) => Some(reference.ref_location.clone()),
            RefOr::T(_) => None,
        })
        .collect();
    let components = description.components.get_or_insert_default();
    components.responses.retain(|name, _| used.contains(&Ref::from_response_name(name).ref_location));
}
