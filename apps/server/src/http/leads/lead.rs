//! Leads, one by one.

use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, patch, post, web};
use ashlar_kernel::StoredAnswer;
use ashlar_leads::{CreateLead, Created, EditLead, LeadForm};

use super::{
    at_version,
    dto::Lead,
    form::{CreateLeadRequest, UpdateLeadRequest},
    id_of, placed,
    query::{CreateQuery, DeleteQuery},
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    etag,
    idempotency::{Begun, answer, begin},
    problem::Problem,
    query::Query,
};

/// Enter a lead
///
/// Everything that is wrong with it is told at once. Of the leads of a tenant no two have one address, however it is
/// spelled and however many come at once.
#[utoipa::path(
    operation_id = "createLead",
    tag = "leads",
    path = "/api/v1/leads",
    params(CreateQuery),
    request_body(content = CreateLeadRequest, description = "The lead.", example = json!({
        "full_name": "Ada Lovelace", "company_name": "Analytical Engines Ltd", "email": "ada@engines.example",
        "phone_number": "+44 20 7946 0958", "source": "event", "tags": ["fair-2026"]
    })),
    responses(
        (status = 200, description = "The lead that was there, with `on_duplicate`.", body = Lead,
            headers(("Location" = String, description = "Where the lead is found."),
                ("ETag" = String, description = "The version."))),
        (status = 201, description = "The lead.", body = Lead,
            headers(("Location" = String, description = "Where the lead is found."),
                ("ETag" = String, description = "The version."))),
    ),
    extensions(
        ("x-permission" = json!("leads.lead.create")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["invalid_parameter", "duplicate_lead"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads")]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    query: Query<CreateQuery>,
    body: Body<CreateLeadRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let on_duplicate = query.on_duplicate()?;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let command = CreateLead { form: LeadForm::from(body.0), on_duplicate, once: ticket.once(created) };
    let outcome = state.leads.create(context, command).await;
    ticket.end(context, outcome.map(|outcome| created(&outcome)).map_err(Problem::from)).await
}

pub(super) fn created(outcome: &Created) -> StoredAnswer {
    let status = match outcome {
        Created::New(_) => StatusCode::CREATED,
        Created::Existing(_) => StatusCode::OK,
    };
    let lead = outcome.lead();
    placed(answer(status, &Lead::from(lead)), format!("/api/v1/leads/{}", lead.id()), lead.version())
}

/// Read a lead
///
/// Those who may not see everybody's leads see their own, and those that are nobody's. The `ETag` is the version: send it
/// as `If-None-Match` to be told that nothing was edited, or as `If-Match` with a change. A lead that became a part of
/// another is not found.
#[utoipa::path(
    operation_id = "getLead",
    tag = "leads",
    path = "/api/v1/leads/{id}",
    params(
        ("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` you have, such as `\"1\"`."),
    ),
    responses(
        (status = 200, description = "The lead.", body = Lead, headers(("ETag" = String, description = "The version."))),
        (status = 304, description = "You have this version."),
    ),
    extensions(("x-permission" = json!("leads.lead.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/{id}")]
pub(super) async fn read(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let lead = state.leads.lead(&caller.context, id_of(&id)).await?;
    if etag::is_known(&request, lead.version()) {
        return Ok(HttpResponse::NotModified().insert_header(etag::tag(lead.version())).finish());
    }
    Ok(shown(&lead))
}

/// Edit a lead
///
/// With `If-Match` the change is made only on top of the version you have read. Those who may not see everybody's leads
/// may take leads that are nobody's and let go of their own, and hand none on.
#[utoipa::path(
    operation_id = "updateLead",
    tag = "leads",
    path = "/api/v1/leads/{id}",
    params(
        ("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`."),
    ),
    request_body(content = UpdateLeadRequest, description = "What to change.", example = json!({
        "notes": "Call again in May.", "tags": ["fair-2026", "warm"]
    })),
    responses((status = 200, description = "The lead, with the change.", body = Lead,
        headers(("ETag" = String, description = "The new version.")))),
    extensions(
        ("x-permission" = json!("leads.lead.update")),
        ("x-problems" = json!(["not_found", "version_conflict", "duplicate_lead"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[patch("/api/v1/leads/{id}")]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<UpdateLeadRequest>,
) -> Result<HttpResponse, Problem> {
    let command = EditLead { input: body.0.into(), if_version: etag::if_match(&request) };
    Ok(shown(&state.leads.edit(&caller.context, id_of(&id), command).await?))
}

/// A lead with its version.
pub(super) fn shown(lead: &ashlar_leads::Lead) -> HttpResponse {
    at_version(lead.version(), &Lead::from(lead))
}

/// Put a lead away
///
/// Nobody sees it any more, and its address is free for another. With `purge=true` it is erased, and does not come back.
#[utoipa::path(
    operation_id = "deleteLead",
    tag = "leads",
    path = "/api/v1/leads/{id}",
    params(
        ("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`."),
        DeleteQuery,
    ),
    responses((status = 204, description = "The lead is gone.")),
    extensions(
        ("x-permission" = json!("leads.lead.delete")),
        ("x-problems" = json!([
            "not_found", "invalid_parameter", "version_conflict", "reauthentication_required", "person_required"
        ])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/leads/{id}")]
pub(super) async fn delete(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    query: Query<DeleteQuery>,
) -> Result<HttpResponse, Problem> {
    let if_version = etag::if_match(&request);
    if query.wants_purge() {
        state.leads.purge(&caller.context, id_of(&id), if_version.as_deref()).await?;
    } else {
        state.leads.delete(&caller.context, id_of(&id), if_version.as_deref()).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
