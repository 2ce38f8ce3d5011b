//! Where the people of a tenant are signed in.

use actix_web::{HttpResponse, delete, get, web};

use super::{dto::RevokedSessions, id_of};
use crate::http::{
    AppState,
    caller::Caller,
    identity::sessions::{SessionPage, current_session},
    problem::Problem,
    query::{PageQuery, Query},
};

/// List somebody's sessions
///
/// Those that are alive in this tenant, newest first. Addresses are shortened: to 24 bits, or 48 of IPv6.
#[utoipa::path(
    operation_id = "listUserSessions",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/sessions",
    params(
        ("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        PageQuery,
    ),
    responses((status = 200, description = "A page of sessions.", body = SessionPage)),
    extensions(
        ("x-permission" = json!("identity.session.read")),
        ("x-problems" = json!(["not_found", "invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/admin/users/{id}/sessions")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (limit, user) = (query.limit()?, id_of(&id));
    let page = state.identity.user_sessions(&caller.context, user, limit, query.cursor()).await?;
    Ok(HttpResponse::Ok().json(SessionPage::new(page, current_session(&caller.context.actor))))
}

/// Sign somebody out
///
/// Ends every living session of theirs in this tenant, at once on every server. Needs a sign-in within the last ten
/// minutes. Doing it twice is no error.
#[utoipa::path(
    operation_id = "revokeUserSessions",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/sessions",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "How many sessions were ended.", body = RevokedSessions)),
    extensions(
        ("x-permission" = json!("identity.session.revoke")),
        ("x-problems" = json!(["not_found", "reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/admin/users/{id}/sessions")]
pub(super) async fn end_all(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let revoked = state.identity.sign_user_out(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(RevokedSessions { revoked }))
}

/// End one of somebody's sessions
///
/// At once on every server. Needs a sign-in within the last ten minutes. Doing it twice is no error.
#[utoipa::path(
    operation_id = "revokeUserSession",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/sessions/{session_id}",
    params(
        ("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("session_id" = Uuid, Path, description = "The session.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c"),
    ),
    responses((status = 204, description = "The session has ended.")),
    extensions(
        ("x-permission" = json!("identity.session.revoke")),
        ("x-problems" = json!(["not_found", "reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/admin/users/{id}/sessions/{session_id}")]
pub(super) async fn end(
    caller: Caller,
    state: web::Data<AppState>,
    ids: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (user, session) = ids.into_inner();
    state.identity.revoke_user_session(&caller.context, id_of(&user), id_of(&session)).await?;
    Ok(HttpResponse::NoContent().finish())
}
