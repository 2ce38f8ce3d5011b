//! What happened in a tenant.

mod dto;
mod erasure;
mod export;
mod query;

use actix_web::{HttpRequest, HttpResponse, get, web};
use ashlar_kernel::Target;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::{
    dto::{AuditEvent, AuditEventPage},
    query::{AuditFilterQuery, AuditListQuery, is_word, list_of},
};
use super::{
    AppState,
    caller::Caller,
    problem::Problem,
    query::{PageQuery, Query},
};

/// Mounts the routes of this domain.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list).service(read).service(timeline).service(export::take_along).service(erasure::erase);
}

/// List what happened in the tenant
///
/// Events, newest first. All filters have to be true. `source` is shown to those who hold `audit.read_pii`, and `ip` is
/// theirs to look for; to others it is null. That somebody looked is an event itself, `audit.log.read`. Page 10,000 costs
/// what page 1 costs.
#[utoipa::path(
    operation_id = "listAuditEvents",
    tag = "audit",
    path = "/api/v1/audit/events",
    params(AuditListQuery, AuditFilterQuery),
    responses((status = 200, description = "A page of events.", body = AuditEventPage)),
    extensions(
        ("x-permission" = json!("audit.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/audit/events")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = state.audit.events(&caller.context, list_of(request.query_string())?).await?;
    Ok(HttpResponse::Ok().json(AuditEventPage::from(page)))
}

/// Read an event
///
/// One thing that happened, by its id.
#[utoipa::path(
    operation_id = "getAuditEvent",
    tag = "audit",
    path = "/api/v1/audit/events/{id}",
    params(("id" = Uuid, Path, description = "The event.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The event.", body = AuditEvent)),
    extensions(("x-permission" = json!("audit.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/audit/events/{id}")]
pub(super) async fn read(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    // What is no id names nothing, like an id that does not exist.
    let event = state.audit.event(&caller.context, id.parse().unwrap_or(Uuid::nil())).await?;
    Ok(HttpResponse::Ok().json(AuditEvent::from(event)))
}

/// List what happened to one thing
///
/// The events that name it as a target, newest first: who made it, changed it, looked after it. A thing that nothing
/// happened to is not found.
#[utoipa::path(
    operation_id = "getAuditTimeline",
    tag = "audit",
    path = "/api/v1/audit/timeline/{type}/{id}",
    params(
        ("type" = String, Path, description = "What sort of thing, as events call it.", example = "user"),
        ("id" = String, Path, description = "The thing.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        PageQuery,
    ),
    responses((status = 200, description = "A page of events.", body = AuditEventPage)),
    extensions(
        ("x-permission" = json!("audit.read")),
        ("x-problems" = json!(["not_found", "invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/audit/timeline/{type}/{id}")]
pub(super) async fn timeline(
    caller: Caller,
    state: web::Data<AppState>,
    path: web::Path<(String, String)>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (kind, id) = path.into_inner();
    // No event has such a target, and a database may not even take the question.
    let target = if is_word(&kind) && is_word(&id) { Target::new(kind, id) } else { Target::new("", "") };
    let page = state.audit.timeline(&caller.context, target, query.limit()?, query.cursor().map(str::to_owned)).await?;
    Ok(HttpResponse::Ok().json(AuditEventPage::from(page)))
}
