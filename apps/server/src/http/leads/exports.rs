//! Large exports of leads.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{ContentDisposition, DispositionParam, DispositionType},
    post, web,
};
use ashlar_leads::{
    TransferError,
    export::{ExportFormat, ExportJob},
    port::FileError,
};

use super::{
    client_query::ContentQuery,
    export_dto::{LeadExport, LeadExportPage},
    id_of,
    sending::{self, Plan},
};
use crate::http::{
    AppState,
    caller::{Anyone, Caller},
    problem::Problem,
    query::{PageQuery, Query},
};

/// What a file of a form is, and is called.
pub(super) const fn media_type(format: ExportFormat) -> (&'static str, &'static str) {
    match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8; header=present", "leads.csv"),
        ExportFormat::Jsonl => ("application/jsonl", "leads.jsonl"),
    }
}

/// The answer that a worker writes the file.
pub(super) fn accepted(job: &ExportJob) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header(("location", format!("/api/v1/leads/exports/{}", job.id())))
        .insert_header(("cache-control", "no-store"))
        .json(LeadExport::of(job, None))
}

/// List large exports
///
/// Those that you asked for, newest first. An export of 100,000 leads or fewer is a file at once, and in no list.
#[utoipa::path(
    operation_id = "listLeadExports",
    tag = "leads",
    path = "/api/v1/leads/exports",
    params(PageQuery),
    responses((status = 200, description = "A page of exports.", body = LeadExportPage)),
    extensions(
        ("x-permission" = json!("leads.lead.export")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/exports")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let page = state.transfers.own_exports(context, (query.limit()?, query.cursor())).await?;
    let page = LeadExportPage::of(page, |job| state.transfers.export_link(context, job));
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(page))
}

/// Read a large export
///
/// How far it is, and where its file is once it is whole. Somebody else's is not found, whoever asks.
#[utoipa::path(
    operation_id = "getLeadExport",
    tag = "leads",
    path = "/api/v1/leads/exports/{id}",
    params(("id" = Uuid, Path, description = "The export.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The export.", body = LeadExport)),
    extensions(("x-permission" = json!("leads.lead.export")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/exports/{id}")]
pub(super) async fn read(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job = state.transfers.own_export(&caller.context, id_of(&id)).await?;
    let link = state.transfers.export_link(&caller.context, &job);
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(LeadExport::of(&job, link)))
}

/// Call a large export off
///
/// Nothing is left of its file.
#[utoipa::path(
    operation_id = "cancelLeadExport",
    tag = "leads",
    path = "/api/v1/leads/exports/{id}/cancel",
    params(("id" = Uuid, Path, description = "The export.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The export, which is over.", body = LeadExport)),
    extensions(("x-permission" = json!("leads.lead.export")), ("x-problems" = json!(["not_found", "export_over"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads/exports/{id}/cancel")]
pub(super) async fn cancel(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job = state.transfers.cancel_export(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(LeadExport::of(&job, None)))
}

/// Follow a link to the file of an export
///
/// The link is the permission. The file is always an attachment. A download that broke off is gone on with by `Range`, and
/// `If-Range` with the `ETag` of the part that is there; of several ranges at once all of the file is sent. A file that is not
/// what was kept any more breaks off before its end.
#[utoipa::path(
    operation_id = "downloadLeadExport",
    tag = "leads",
    path = "/api/v1/leads/exports/content",
    params(
        ContentQuery,
        ("Range" = Option<String>, Header, description = "Which bytes, if not all, as in `bytes=65536-`."),
        ("If-Range" = Option<String>, Header, description = "The `ETag` of what you have: of another file you get all."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` you have."),
    ),
    responses(
        (status = 200, description = "The file.", headers(
            ("ETag" = String, description = "What its bytes hash to."),
            ("Accept-Ranges" = String, description = "`bytes`: parts can be had."),
        ), content(
            (String = "text/csv", example = json!("full_name,email\r\nAda Lovelace,ada@engines.example\r\n")),
            (String = "application/jsonl", example = json!("{\"full_name\":\"Ada Lovelace\"}\n")),
        )),
        (status = 206, description = "A part of the file.", headers(
            ("ETag" = String, description = "What the bytes of all of it hash to."),
            ("Content-Range" = String, description = "Which bytes, and how many there are."),
        ), content(
            (String = "text/csv", example = json!("Ada Lovelace,ada@engines.example\r\n")),
            (String = "application/jsonl", example = json!("{\"full_name\":\"Ada Lovelace\"}\n")),
        )),
        (status = 304, description = "You have it."),
    ),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!([
            "not_found", "invalid_parameter", "download_link_invalid", "range_not_satisfiable", "files_unavailable"
        ])),
    ),
    security(())
)]
#[get("/api/v1/leads/exports/content")]
pub(super) async fn download(
    anyone: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    query: Query<ContentQuery>,
) -> Result<HttpResponse, Problem> {
    let linked = state.transfers.follow_export_link(&anyone.context, query.token()).await?;
    let (media_type, name) = media_type(linked.job().format());
    let sending = match sending::plan(&request, linked.file())? {
        Plan::Known(answer) => return Ok(answer),
        Plan::Send(sending) => sending,
    };
    let opened = state.transfers.open_export(&anyone.context, linked, sending.part()).await;
    let bytes = opened.inspect_err(|error| {
        if let TransferError::Files(error @ FileError::Damaged(_)) = error {
            sending::tell(error, &state.metrics);
        }
    })?;
    let attachment = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name.to_owned())],
    };
    Ok(sending.with(bytes, (media_type, attachment), &state.metrics))
}
