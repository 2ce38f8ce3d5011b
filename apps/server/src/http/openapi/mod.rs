//! The description of the API, made from the routes themselves.

mod areas;
mod examples;
mod headers;
mod parameters;
mod problems;
mod render;
#[cfg(test)]
mod tests;

use actix_web::App;
use utoipa::{
    OpenApi,
    openapi::{
        RefOr, Schema, ServerBuilder,
        path::Operation,
        schema::AdditionalProperties,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt as _;

use self::examples::Schemas;
use super::{
    documented,
    problem::{FieldProblem, ProblemDocument},
};

/// Where operations belong to a tenant.
const API: &str = "/api/v1/";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ashlar",
        description = "The backend a SaaS company starts from.\n\n\
            Errors are problem documents (RFC 9457) with a stable `code`; every code is explained at `/problems/<code>`. \
            A path that does not exist answers 404, a method that a path does not have 405 with `Allow`. \
            Times are RFC 3339 in UTC with milliseconds, ids are UUIDv7. Unknown members of a body are refused. \
            Every answer carries `X-Request-Id`; send your own to find it in our logs.",
        contact(name = "The Ashlar authors"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "identity", description = "Accounts, sign-in, tokens, sessions and API keys."),
        (name = "leads", description = "People who may become customers, and the pipeline they go through."),
        (name = "audit", description = "What happened in a tenant, and who looked."),
        (name = "admin", description = "Jobs, schedules, the log, what needs attention, and the numbers."),
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
    components.add_security_scheme("bearer", bearer());
    components.add_security_scheme("api_key", api_key());
    components.add_security_scheme("refresh_cookie", refresh_cookie());
    components.schemas.iter_mut().filter(|(name, _)| is_request(name)).for_each(|(_, schema)| close(schema));
    parameters::define(components);
    headers::define(components);
    problems::define(components);

    let schemas = Schemas::of(components);
    areas::define(&mut description);
    for (path, item) in &mut description.paths.paths {
        for operation in operations(item) {
            areas::complete(path, operation);
            parameters::complete(path, operation);
            problems::complete(path, operation);
            headers::complete(path, operation);
            examples::complete(operation, &schemas);
            open(operation);
        }
    }
    problems::leave_out_unused(&mut description);
    description
}

/// `openapi/openapi.json`, the same from run to run, with a line break at the end.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    let mut text = render::pretty(&describe())?;
    text.push('\n');
    Ok(text)
}

fn bearer() -> SecurityScheme {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The `access_token` of a login. Without the word Bearer."))
        .build();
    SecurityScheme::Http(scheme)
}

/// A key may also be sent as a bearer token; here it has a place of its own, so that the two are not mistaken.
fn api_key() -> SecurityScheme {
    let description =
        "An API key, `ash_…`. Also taken as `Authorization: Bearer <key>` and `Authorization: Basic <key>`.";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-API-Key", description)))
}

/// Browsers send it by themselves; pages of this server only.
fn refresh_cookie() -> SecurityScheme {
    let description = "The refresh token, which a login with `refresh_cookie` puts there. Taken from pages of this server \
                       only (`Origin`), to refresh and to sign out.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("__Host-refresh", description)))
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

/// An operation that nobody has to sign in for says so by an empty list, which client generators understand better than
/// a list of nothing.
fn open(operation: &mut Operation) {
    if operation.security.as_deref() == Some(&[SecurityRequirement::default()]) {
        operation.security = Some(Vec::new());
    }
}

/// Whether clients may give requests of this operation a name.
fn is_idempotent(operation: &Operation) -> bool {
    let marked = operation.extensions.as_ref().and_then(|extensions| extensions.get("x-idempotent"));
    marked == Some(&serde_json::Value::Bool(true))
}

fn operations(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}
