//! The description of the API, made from the routes themselves.

use std::collections::BTreeMap;

use actix_web::App;
use serde_json::json;
use utoipa::{
    OpenApi,
    openapi::{
        Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema, ServerBuilder,
        example::ExampleBuilder,
        path::Operation,
        schema::AdditionalProperties,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt as _;

use super::{
    catalogue::{ProblemEntry, problems},
    documented,
    problem::{FieldProblem, ProblemDocument},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ashlar",
        description = "The backend a SaaS company starts from.\n\n\
            Errors are problem documents (RFC 9457) with a stable `code`; every code is explained at `/problems/<code>`. \
            Times are RFC 3339 in UTC with milliseconds, ids are UUIDv7. Unknown members of a body are refused. \
            Every answer carries `X-Request-Id`; send your own to find it in our logs.",
        contact(name = "The Ashlar authors", url = "https://example.org/ashlar"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "identity", description = "Accounts, sign-in, tokens and sessions."),
        (name = "operations", description = "Whether a process lives and works, and this description."),
    ),
    components(schemas(ProblemDocument, FieldProblem))
)]
struct Description;

/// The description of this version, complete.
pub fn describe() -> utoipa::openapi::OpenApi {
    let (_, mut description) =
        App::new().into_utoipa_app().openapi(Description::openapi()).configure(documented).split_for_parts();
    description.servers = Some(vec![ServerBuilder::new().url("/").description(Some("This server")).build()]);
    let components = description.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The `access_token` of a login. Without the word Bearer."))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.responses = problem_responses();
    components.schemas.iter_mut().filter(|(name, _)| is_request(name)).for_each(|(_, schema)| close(schema));
    for operation in description.paths.paths.values_mut().flat_map(operations) {
        add_problems(operation);
    }
    description
}

/// `openapi/openapi.json`, by name of the members, with a line break at the end.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&describe())?;
    text.push('\n');
    Ok(text)
}

/// Schemas of what is sent; by their names, which is the convention of this crate.
fn is_request(name: &str) -> bool {
    name.ends_with("Request") || name.ends_with("Input")
}

/// Unknown members of a request are refused, so its schema says that there are none.
fn close(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    }
}

fn operations(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Every status a problem can have, with the name of its shared response.
const RESPONSES: [(u16, &str, &str); 14] = [
    (400, "BadRequest", "The request cannot be understood."),
    (401, "Unauthorized", "Who you are is not known."),
    (403, "Forbidden", "You may not."),
    (404, "NotFound", "There is nothing here that you may see."),
    (405, "MethodNotAllowed", "The path has other methods."),
    (409, "Conflict", "It contradicts the present state."),
    (412, "PreconditionFailed", "Your copy is out of date."),
    (413, "PayloadTooLarge", "The body is too large."),
    (415, "UnsupportedMediaType", "The body is not JSON."),
    (422, "UnprocessableContent", "Some of the content is refused."),
    (429, "TooManyRequests", "Too much, too fast."),
    (431, "HeadersTooLarge", "The headers are too large."),
    (500, "InternalServerError", "Our fault."),
    (503, "ServiceUnavailable", "Not at present; try again after `Retry-After` seconds."),
];

fn problem_responses() -> BTreeMap<String, RefOr<Response>> {
    let entries = problems();
    RESPONSES
        .into_iter()
        .map(|(status, name, description)| {
            let codes: Vec<_> = entries.iter().filter(|entry| entry.status == status).collect();
            (name.to_owned(), RefOr::T(problem_response(description, &codes)))
        })
        .collect()
}

fn problem_response(description: &str, codes: &[&ProblemEntry]) -> Response {
    let mut content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
    for entry in codes {
        let example = ExampleBuilder::new().summary(entry.title).value(Some(example_of(entry))).build();
        content = content.examples_from_iter([(entry.code, RefOr::T(example))]);
    }
    let content: Content = content.build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn example_of(entry: &ProblemEntry) -> serde_json::Value {
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
        "password_rejected" => Some(("/password", "too_common", "too common")),
        "invalid_parameter" => Some(("/query/limit", "out_of_range", "a page holds 1 to 200 entries")),
        _ => None,
    };
    if let (Some((pointer, code, message)), Some(members)) = (field, example.as_object_mut()) {
        members.insert("errors".to_owned(), json!([{ "pointer": pointer, "code": code, "message": message }]));
    }
    example
}

/// Refers an operation to the shared problem responses it can answer with: those of its own codes, and those that
/// follow from its shape.
fn add_problems(operation: &mut Operation) {
    let own = operation.extensions.as_ref().and_then(|extensions| extensions.get("x-problems").cloned());
    let own: Vec<String> = own.and_then(|codes| serde_json::from_value(codes).ok()).unwrap_or_default();
    let mut codes: Vec<&str> = own.iter().map(String::as_str).collect();
    let is_secured = operation.security.as_ref().is_some_and(|security| {
        security.iter().all(|requirement| serde_json::to_value(requirement).is_ok_and(|value| value != json!({})))
    });
    if operation.request_body.is_some() {
        codes.extend(["malformed_request", "body_too_large", "unsupported_media_type", "unknown_field", "validation"]);
    }
    if is_secured {
        codes.extend(["authentication_required", "token_invalid", "token_expired", "session_revoked"]);
        codes.extend(["permission_denied", "tenant_mismatch", "store_unavailable"]);
    }
    codes.extend(["headers_too_large", "too_many_connections", "overloaded", "request_timeout", "internal_error"]);
    let entries = problems();
    for entry in entries.iter().filter(|entry| codes.contains(&entry.code)) {
        let status = entry.status.to_string();
        let Some((_, name, _)) = RESPONSES.iter().find(|(candidate, ..)| *candidate == entry.status) else {
            continue;
        };
        // A status that the operation describes itself, like the 503 of a health check, keeps its own description.
        operation.responses.responses.entry(status).or_insert_with(|| RefOr::Ref(Ref::from_response_name(*name)));
    }
    codes.sort_unstable();
    codes.dedup();
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert("x-problems".to_owned(), json!(codes));
}
