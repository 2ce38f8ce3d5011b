//! The public keys.

use actix_web::{HttpResponse, get, http::header, web};

use super::dto::JsonWebKeySet;
use crate::http::AppState;

/// Read the public keys
///
/// For services that verify access tokens themselves (RFC 7517). Such a service does not notice that a session has
/// ended before its token runs out.
#[utoipa::path(
    operation_id = "getJwks",
    tag = "identity",
    path = "/.well-known/jwks.json",
    responses((status = 200, description = "The keys; the one that signs first.", body = JsonWebKeySet)),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/.well-known/jwks.json")]
pub(super) async fn read(state: web::Data<AppState>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(JsonWebKeySet::from(state.identity.public_keys()))
}
