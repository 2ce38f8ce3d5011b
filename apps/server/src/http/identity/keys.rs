//! The public keys.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, EntityTag},
    web,
};

use super::{dto::JsonWebKeySet, etag};
use crate::http::AppState;

/// Read the public keys
///
/// For services that verify access tokens themselves (RFC 7517). Such a service does not notice that a session has
/// ended before its token runs out.
#[utoipa::path(
    operation_id = "getJwks",
    tag = "identity",
    path = "/.well-known/jwks.json",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` you have.")),
    responses(
        (status = 200, description = "The keys; the one that signs first.", body = JsonWebKeySet,
            headers(("ETag" = String, description = "Changes with the keys."))),
        (status = 304, description = "You have these keys."),
    ),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/.well-known/jwks.json")]
pub(super) async fn read(request: HttpRequest, state: web::Data<AppState>) -> HttpResponse {
    let keys = JsonWebKeySet::from(state.identity.public_keys());
    let tag = EntityTag::new_strong(keys.names());
    let is_known = etag::has(&request, &tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::CACHE_CONTROL, "public, max-age=300")).insert_header(header::ETag(tag));
    if is_known { answer.finish() } else { answer.json(keys) }
}
