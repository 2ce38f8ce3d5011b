//! Imports of leads.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use ashlar_kernel::{StoreError, StoredAnswer};
use ashlar_leads::import::ImportJob;
use futures::stream;

use super::{
    id_of,
    import_dto::{LeadImport, LeadImportPage, LeadImportRequest},
    upload,
};
use crate::http::{
    AppState,
    caller::Caller,
    idempotency::{Begun, answer, begin},
    limited::count,
    problem::Problem,
    query::{PageQuery, Query},
};

/// Import leads from a file
///
/// Send `options` (JSON, optional) and `file` as parts of `multipart/form-data`. The file is taken in by a worker, a
/// thousand rows at a time, each of which is saved with how far the import is: what breaks off goes on where it was. A
/// tenant has one import at a time; others wait. Cells that begin with `'` and a sign that spreadsheets take for a formula
/// lose the `'`, as exports have it. With `upsert` and `update` leads change whoever looks after them: the permission to import is
/// one over everybody's leads. A user, or an API key, may send ten files an hour.
#[utoipa::path(
    operation_id = "importLeads",
    tag = "leads",
    path = "/api/v1/leads/imports",
    request_body(content = LeadImportRequest, content_type = "multipart/form-data", description = "The file.",
        example = json!({ "options": { "mode": "upsert" }, "file": "name,email\nAda,ada@example.org\n" })),
    responses((status = 202, description = "The import, which waits for its turn.", body = LeadImport,
        headers(("Location" = String, description = "Where the import is found.")))),
    extensions(
        ("x-permission" = json!("leads.lead.import")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["files_unavailable"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads/imports")]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    parts: Multipart,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    count(&request, &state, state.limits.upload(&context.actor), context.now).await?;
    let (new, digest) = upload::receive(&state.transfers, context, parts).await?;
    let file = new.file.clone().unwrap_or_default();
    // Only now is it known what was sent, and whether it was sent before.
    let outcome = match begin(&request, &state, context, &digest).await {
        Ok(Begun::Again(answer)) => Ok((answer, false)),
        Ok(Begun::First(ticket)) => {
            let outcome = state.transfers.request(context, new, ticket.once(accepted)).await;
            let is_taken = outcome.is_ok();
            let answered = ticket.end(context, outcome.map(|job| accepted(&job)).map_err(Problem::from)).await;
            answered.map(|answer| (answer, is_taken))
        }
        Err(problem) => Err(problem),
    };
    if !matches!(outcome, Ok((_, true))) {
        state.transfers.drop_upload(&file).await;
    }
    outcome.map(|(answer, _)| answer)
}

/// As it was at first: whoever sends it again sees where it stands by following `Location`.
fn accepted(job: &ImportJob) -> StoredAnswer {
    let location = ("location".to_owned(), format!("/api/v1/leads/imports/{}", job.id()));
    StoredAnswer { headers: vec![location], ..answer(StatusCode::ACCEPTED, &LeadImport::of(job, job.created_at())) }
}

/// List imports
///
/// Newest first.
#[utoipa::path(
    operation_id = "listLeadImports",
    tag = "leads",
    path = "/api/v1/leads/imports",
    params(PageQuery),
    responses((status = 200, description = "A page of imports.", body = LeadImportPage)),
    extensions(
        ("x-permission" = json!("leads.lead.import")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/imports")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.transfers.imports(&caller.context, (query.limit()?, query.cursor())).await?;
    Ok(HttpResponse::Ok().json(LeadImportPage::of(page, caller.context.now)))
}

/// Read an import
///
/// How far it is, and what became of the rows so far.
#[utoipa::path(
    operation_id = "getLeadImport",
    tag = "leads",
    path = "/api/v1/leads/imports/{id}",
    params(("id" = Uuid, Path, description = "The import.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The import.", body = LeadImport)),
    extensions(("x-permission" = json!("leads.lead.import")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/imports/{id}")]
pub(super) async fn read(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job = state.transfers.import(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(LeadImport::of(&job, caller.context.now)))
}

/// Take what is wrong with an import along
///
/// Comma-separated values: number of the row, field, code and message, and the row as it came, guarded like exports. Put
/// the rows right, take the first four columns out, and import the file.
#[utoipa::path(
    operation_id = "getLeadImportErrors",
    tag = "leads",
    path = "/api/v1/leads/imports/{id}/errors.csv",
    params(("id" = Uuid, Path, description = "The import.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "What is wrong so far.", content_type = "text/csv", body = String,
        example = json!("row_number,field,code,message,name,email\r\n7,email,invalid_format,not an e-mail address,Ada,x\r\n"))),
    extensions(("x-permission" = json!("leads.lead.import")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/imports/{id}/errors.csv")]
pub(super) async fn errors(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let file = state.transfers.fault_file(&caller.context, id_of(&id)).await?;
    let parts = stream::try_unfold(file, |mut file| async move {
        let part = file.next().await?;
        Ok::<_, StoreError>(part.map(|part| (bytes::Bytes::from(part), file)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header(("content-disposition", "attachment; filename=\"errors.csv\""))
        .insert_header(("cache-control", "no-store"))
        .streaming(Box::pin(parts)))
}

/// Call an import off
///
/// What was taken in stays.
#[utoipa::path(
    operation_id = "cancelLeadImport",
    tag = "leads",
    path = "/api/v1/leads/imports/{id}/cancel",
    params(("id" = Uuid, Path, description = "The import.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The import, which is over.", body = LeadImport)),
    extensions(("x-permission" = json!("leads.lead.import")), ("x-problems" = json!(["not_found", "import_over"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads/imports/{id}/cancel")]
pub(super) async fn cancel(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job = state.transfers.cancel(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(LeadImport::of(&job, caller.context.now)))
}
