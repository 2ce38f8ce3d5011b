//! One's own sessions.

use actix_web::{HttpResponse, delete, get, web};
use ashlar_identity::SessionId;
use ashlar_kernel::{Actor, NotFound};
use uuid::Uuid;

use super::dto::SessionPage;
use crate::http::{
    AppState,
    caller::Caller,
    problem::Problem,
    query::{PageQuery, Query},
};

/// List your sessions
///
/// Those that are alive in this tenant, newest first.
#[utoipa::path(
    operation_id = "listMySessions",
    tag = "identity",
    path = "/api/v1/me/sessions",
    params(PageQuery),
    responses((status = 200, description = "A page of your sessions.", body = SessionPage)),
    extensions(
        ("x-permission" = json!("identity.session.read.own")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/me/sessions")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.identity.sessions(&caller.context, query.limit()?, query.cursor()).await?;
    let current = match &caller.context.actor {
        Actor::User(principal) => principal.session,
        Actor::Anonymous | Actor::System(_) => Uuid::nil(),
    };
    Ok(HttpResponse::Ok().json(SessionPage::new(page, current)))
}

/// End one of your sessions
///
/// Its tokens stop working: at once on this server, within five seconds on others. Ending another session than the
/// present one needs a sign-in within the last ten minutes. Doing it twice is no error.
#[utoipa::path(
    operation_id = "revokeMySession",
    tag = "identity",
    path = "/api/v1/me/sessions/{id}",
    params(("id" = Uuid, Path, description = "The session.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 204, description = "The session has ended.")),
    extensions(
        ("x-permission" = json!("identity.session.revoke.own")),
        ("x-problems" = json!(["reauthentication_required", "not_found"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/me/sessions/{id}")]
pub(super) async fn revoke(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    // What is no id names nothing, like an id that does not exist.
    let id: SessionId = id.parse().map_err(|_not_an_id| NotFound)?;
    state.identity.revoke_session(&caller.context, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
