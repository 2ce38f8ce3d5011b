//! The description of the API, and Swagger UI over it.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, ContentEncoding},
    web,
};
use ashlar_kernel::NotFound;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, serve};

use super::{AppState, problem::Problem};

/// Swagger UI's own scripts and styles, from this server only; it sets styles on elements by itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Mounts the description.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(description);
}

/// Mounts Swagger UI.
pub(super) fn pages(config: &mut web::ServiceConfig) {
    let settings = Config::from("/openapi.json")
        .try_it_out_enabled(true)
        .persist_authorization(false)
        .display_request_duration(true)
        .doc_expansion("list")
        .default_models_expand_depth(0)
        .validator_url("none");
    config
        .app_data(web::Data::new(settings))
        .route("/docs", web::get().to(to_index))
        .route("/docs/{file:.*}", web::get().to(file));
}

/// Not to `/docs/`: trailing slashes are taken off, and the page's files are named relative to it.
async fn to_index() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/docs/index.html")).finish()
}

async fn file(request: HttpRequest, settings: web::Data<Config<'static>>) -> Result<HttpResponse, Problem> {
    let path = request.match_info().get("file").unwrap_or_default().to_owned();
    let file =
        serve(&path, settings.into_inner()).map_err(|error| ashlar_kernel::StoreError::internal(error.to_string()))?;
    let file = file.ok_or(NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        // Compressing megabytes for whoever asks would cost as much as hashing a password, without its bounds.
        .insert_header(ContentEncoding::Identity)
        .body(file.bytes.into_owned()))
}

/// A description of an API in the form of the OpenAPI Specification 3.1.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "only its schema is used; the text is rendered once, at the start")]
struct OpenApiDocument(serde_json::Map<String, serde_json::Value>);

/// The description of this API
///
/// OpenAPI 3.1. What it does not describe does not exist.
#[utoipa::path(
    operation_id = "getOpenApi",
    tag = "operations",
    responses((status = 200, description = "The description.", body = OpenApiDocument,
        example = json!({ "openapi": "3.1.0", "info": { "title": "Ashlar", "version": "0.1.0" }, "paths": {} }))),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/openapi.json")]
async fn description(state: web::Data<AppState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(state.openapi.to_string())
}
