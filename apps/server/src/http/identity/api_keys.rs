//! One's own API keys.

use actix_web::{HttpResponse, delete, get, post, web};
use ashlar_identity::{ApiKeyId, use_case::CreateApiKey};
use ashlar_kernel::NotFound;

use super::api_key_dto::{ApiKey, ApiKeyPage, CreateApiKeyRequest, IssuedApiKey};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    problem::Problem,
    query::{PageQuery, Query},
};

/// Make an API key
///
/// For programs that act on your behalf, for no more than its scopes, and never for more than you may yourself. The
/// answer has the key, which is told this once. Needs a sign-in within the last ten minutes. The answer is a secret, so
/// there is no `Idempotency-Key`: if you did not hear it, end the key and make another. A publishable key, for web
/// pages, needs the permission `identity.api_key.manage`.
#[utoipa::path(
    operation_id = "createApiKey",
    tag = "identity",
    path = "/api/v1/api-keys",
    request_body(content = CreateApiKeyRequest, description = "What the key is to be.", example = json!({
        "name": "Nightly export", "scopes": ["identity.profile.read.own"], "ip_allow": ["203.0.113.0/24"],
        "expires_in_days": 30
    })),
    responses((status = 201, description = "The key, with its text.", body = IssuedApiKey)),
    extensions(
        ("x-permission" = json!("identity.api_key.manage.own")),
        ("x-problems" = json!(["reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/api-keys")]
pub(super) async fn create(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<CreateApiKeyRequest>,
) -> Result<HttpResponse, Problem> {
    let command = CreateApiKey::try_from(body.0)?;
    let issued = state.identity.create_api_key(&caller.context, command).await?;
    Ok(HttpResponse::Created().json(IssuedApiKey::new(&state.identity, &issued, caller.context.now)))
}

/// List your API keys
///
/// Those of this tenant, newest first, also the ones that have ended. Their secrets are not known any more.
#[utoipa::path(
    operation_id = "listApiKeys",
    tag = "identity",
    path = "/api/v1/api-keys",
    params(PageQuery),
    responses((status = 200, description = "A page of your keys.", body = ApiKeyPage)),
    extensions(
        ("x-permission" = json!("identity.api_key.read.own")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/api-keys")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.identity.api_keys(&caller.context, query.limit()?, query.cursor()).await?;
    Ok(HttpResponse::Ok().json(ApiKeyPage::new(&state.identity, page, caller.context.now)))
}

/// Read one of your API keys
///
/// What it is good for, until when, and when it was last used, to the hour.
#[utoipa::path(
    operation_id = "getApiKey",
    tag = "identity",
    path = "/api/v1/api-keys/{id}",
    params(("id" = Uuid, Path, description = "The key.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The key.", body = ApiKey)),
    extensions(("x-permission" = json!("identity.api_key.read.own")), ("x-problems" = json!([]))),
    security(("bearer" = []))
)]
#[get("/api/v1/api-keys/{id}")]
pub(super) async fn read(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let key = state.identity.api_key(&caller.context, parse(&id)?).await?;
    Ok(HttpResponse::Ok().json(ApiKey::new(&state.identity, &key, caller.context.now)))
}

/// Give one of your API keys a new secret
///
/// The key keeps its id, name and scopes, and begins a life as long as the one before. The secret before is good for
/// 24 hours more; rotated again within them, the key forgets it at once. Of rotations at the same time one is done, the
/// others are answered with 409. Needs a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "rotateApiKey",
    tag = "identity",
    path = "/api/v1/api-keys/{id}/rotate",
    params(("id" = Uuid, Path, description = "The key.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The key, with its new text.", body = IssuedApiKey)),
    extensions(
        ("x-permission" = json!("identity.api_key.manage.own")),
        ("x-problems" = json!(["reauthentication_required", "api_key_inactive", "api_key_changed"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/api-keys/{id}/rotate")]
pub(super) async fn rotate(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let issued = state.identity.rotate_api_key(&caller.context, parse(&id)?).await?;
    Ok(HttpResponse::Ok().json(IssuedApiKey::new(&state.identity, &issued, caller.context.now)))
}

/// End one of your API keys
///
/// It is refused at once, everywhere. Needs a sign-in within the last ten minutes. Doing it twice is no error.
#[utoipa::path(
    operation_id = "revokeApiKey",
    tag = "identity",
    path = "/api/v1/api-keys/{id}",
    params(("id" = Uuid, Path, description = "The key.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 204, description = "The key has ended.")),
    extensions(
        ("x-permission" = json!("identity.api_key.manage.own")),
        ("x-problems" = json!(["reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/api-keys/{id}")]
pub(super) async fn revoke(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.identity.revoke_api_key(&caller.context, parse(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End the API key you send
///
/// For programs that are done, and for whoever finds a key lying about: it needs no scope, and nothing but the key.
#[utoipa::path(
    operation_id = "endPresentedApiKey",
    tag = "identity",
    path = "/api/v1/api-keys/self",
    responses((status = 204, description = "The key has ended.")),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(("api_key" = []))
)]
#[delete("/api/v1/api-keys/self")]
pub(super) async fn end_presented(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    state.identity.revoke_presented_api_key(&caller.context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What is no id names nothing, like an id that does not exist.
fn parse(id: &str) -> Result<ApiKeyId, NotFound> {
    id.parse().map_err(|_not_an_id| NotFound)
}
