//! What is done about leads, and how they are moved along.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use ashlar_kernel::StoredAnswer;
use ashlar_leads::{Activity, AddActivity, AddActivityInput, MoveLead, MoveLeadInput};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    dto::{Lead, LeadActivity, LeadActivityPage, LeadHistoryPage, LeadLostReason, LeadStatus},
    id_of,
    lead::shown,
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    etag,
    idempotency::{Begun, answer, begin},
    problem::Problem,
    query::{PageQuery, Query},
};

/// Where a lead is to go.
#[derive(Deserialize, ToSchema)]
pub(super) struct MoveLeadRequest {
    /// Where to.
    #[schema(value_type = LeadStatus, example = "contacted")]
    to: String,
    /// Why, in words.
    #[schema(max_length = 5000, example = "Called back.")]
    reason: Option<String>,
    /// Why the lead was lost; required when it is.
    #[schema(value_type = Option<LeadLostReason>)]
    lost_reason: Option<String>,
}

/// Move a lead along the pipeline
///
/// From `new` to `contacted`, `qualified`, `lost` or `spam`; from `contacted` to `qualified`, `proposal`, `lost` or
/// `spam`; from `qualified` to `proposal`, `won` or `lost`; from `proposal` to `won`, `lost` or `qualified`; from `lost`
/// back to `contacted`. Staff may say that what is `spam` was `new` after all, administrators go back from `won` to
/// `proposal`. Anything else is answered with 409, and `allowed` lists where you may move it.
#[utoipa::path(
    operation_id = "moveLead",
    tag = "leads",
    path = "/api/v1/leads/{id}/transition",
    params(
        ("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`."),
    ),
    request_body(content = MoveLeadRequest, description = "Where to, and why.", example = json!({
        "to": "contacted", "reason": "Called back."
    })),
    responses((status = 200, description = "The lead, where it stands now.", body = Lead,
        headers(("ETag" = String, description = "The new version.")))),
    extensions(
        ("x-permission" = json!("leads.lead.update")),
        ("x-problems" = json!(["not_found", "version_conflict", "illegal_transition", "duplicate_lead"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads/{id}/transition")]
pub(super) async fn transition(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<MoveLeadRequest>,
) -> Result<HttpResponse, Problem> {
    let input =
        MoveLeadInput { to: &body.to, reason: body.reason.as_deref(), lost_reason: body.lost_reason.as_deref() };
    let command = MoveLead::try_from(input)?.only_at(etag::if_match(&request));
    Ok(shown(&state.leads.move_to(&caller.context, id_of(&id), command).await?))
}

/// List how a lead was moved
///
/// Newest first; the last is how it came.
#[utoipa::path(
    operation_id = "listLeadHistory",
    tag = "leads",
    path = "/api/v1/leads/{id}/history",
    params(
        ("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        PageQuery,
    ),
    responses((status = 200, description = "A page of its history.", body = LeadHistoryPage)),
    extensions(
        ("x-permission" = json!("leads.lead.read")),
        ("x-problems" = json!(["not_found", "invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/{id}/history")]
pub(super) async fn history(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.leads.history(&caller.context, id_of(&id), (query.limit()?, query.cursor())).await?;
    Ok(HttpResponse::Ok().json(LeadHistoryPage::from(page)))
}

/// List what was done about a lead
///
/// Newest first.
#[utoipa::path(
    operation_id = "listLeadActivities",
    tag = "leads",
    path = "/api/v1/leads/{id}/activities",
    params(
        ("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        PageQuery,
    ),
    responses((status = 200, description = "A page of activities.", body = LeadActivityPage)),
    extensions(
        ("x-permission" = json!("leads.lead.read")),
        ("x-problems" = json!(["not_found", "invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/{id}/activities")]
pub(super) async fn activities(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.leads.activities(&caller.context, id_of(&id), (query.limit()?, query.cursor())).await?;
    Ok(HttpResponse::Ok().json(LeadActivityPage::from(page)))
}

/// What was done about a lead.
#[derive(Deserialize, ToSchema)]
pub(super) struct AddLeadActivityRequest {
    /// What: `note`, `call`, `email` or `meeting`.
    #[schema(pattern = "^(note|call|email|meeting)$", example = "call")]
    kind: String,
    /// In words.
    #[schema(min_length = 1, max_length = 5000, example = "Wants a quote by Friday.")]
    body: String,
}

/// Note what was done about a lead
///
/// A call, a letter or a meeting is also when the lead was last spoken to.
#[utoipa::path(
    operation_id = "addLeadActivity",
    tag = "leads",
    path = "/api/v1/leads/{id}/activities",
    params(("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    request_body(content = AddLeadActivityRequest, description = "What was done.", example = json!({
        "kind": "call", "body": "Wants a quote by Friday."
    })),
    responses((status = 201, description = "The activity.", body = LeadActivity)),
    extensions(
        ("x-permission" = json!("leads.lead.update")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["not_found"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads/{id}/activities")]
pub(super) async fn add(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<AddLeadActivityRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let command = AddActivity::try_from(AddActivityInput { kind: &body.kind, body: &body.body })?;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let command = command.once(ticket.once(added));
    let outcome = state.leads.add_activity(context, id_of(&id), command).await;
    ticket.end(context, outcome.map(|activity| added(&activity)).map_err(Problem::from)).await
}

fn added(activity: &Activity) -> StoredAnswer {
    answer(StatusCode::CREATED, &LeadActivity::from(activity))
}
