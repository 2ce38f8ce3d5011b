//! Files of contracts: in by parts, out by links.

use actix_multipart::{Multipart, MultipartError};
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    http::{
        StatusCode,
        header::{Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue},
    },
    post, web,
};
use ashlar_kernel::StoredAnswer;
use ashlar_leads::{
    ClientError,
    client::{ContractFile as DomainFile, FileName},
    port::FileError,
    use_case::{FileUpload, UploadError},
};
use futures::StreamExt as _;

use super::{
    client_dto::{ContractFile, ContractFileLink, ContractFileRequest},
    client_query::ContentQuery,
    id_of,
    sending::{self, Plan},
    upload::{file_name_of, in_time},
};
use crate::http::{
    AppState,
    body::{Digest, malformed},
    caller::{Anyone, Caller},
    catalogue::http_codes,
    idempotency::{Begun, answer, begin},
    limited::count,
    problem::Problem,
    query::Query,
};

/// Add a file to a contract
///
/// A PDF, a document of Word, a PNG or a JPEG, told by what is in it and not by its name; at most 10 MiB, and at most ten
/// for a contract. The body has one part, `file`, with a file name. A user, or an API key, may send ten files an hour.
#[utoipa::path(
    operation_id = "addContractFile",
    tag = "leads",
    path = "/api/v1/contracts/{id}/files",
    params(("id" = Uuid, Path, description = "The contract.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a91")),
    request_body(content = ContractFileRequest, content_type = "multipart/form-data", description = "The file.",
        example = json!({ "file": "%PDF-1.7 ..." })),
    responses((status = 201, description = "The file.", body = ContractFile)),
    extensions(
        ("x-permission" = json!("leads.client.update")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["not_found", "too_many_files", "files_unavailable"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/contracts/{id}/files")]
pub(super) async fn add(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    parts: Multipart,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    count(&request, &state, state.limits.upload(&context.actor), context.now).await?;
    let upload = state.leads.begin_contract_file(context, id_of(&id)).await?;
    let upload = state.leads.keep_upload(context, receive(upload, parts).await?).await?;
    // Only now is it known what was sent, and whether it was sent before.
    let (name, sha256) = upload.content();
    let digest = Digest::of(&[name.as_str().as_bytes(), &sha256.0]);
    let ticket = match begin(&request, &state, context, &digest).await {
        Ok(Begun::First(ticket)) => ticket,
        Ok(Begun::Again(answer)) => {
            state.leads.drop_upload(upload).await;
            return Ok(answer);
        }
        Err(problem) => {
            state.leads.drop_upload(upload).await;
            return Err(problem);
        }
    };
    let outcome = state.leads.add_contract_file(context, upload, ticket.once(created)).await;
    ticket.end(context, outcome.map(|file| created(&file)).map_err(Problem::from)).await
}

fn created(file: &DomainFile) -> StoredAnswer {
    answer(StatusCode::CREATED, &ContractFile::from(file))
}

async fn receive(mut upload: FileUpload, mut parts: Multipart) -> Result<FileUpload, Problem> {
    let mut has_file = false;
    while let Some(part) = in_time(parts.next()).await? {
        let mut part = part.map_err(|error| unreadable(&error))?;
        if has_file || part.name() != Some("file") {
            return Err(malformed("the body has one part, `file`"));
        }
        has_file = true;
        upload.called(&file_name_of(&part))?;
        while let Some(bytes) = in_time(part.next()).await? {
            let bytes = bytes.map_err(|error| unreadable(&error))?;
            upload.write(bytes).await.map_err(unwritten)?;
        }
    }
    if has_file { Ok(upload) } else { Err(malformed("the body has no part `file`")) }
}

fn unwritten(error: UploadError) -> Problem {
    match error {
        UploadError::TooLarge => {
            let detail = "the file is larger than 10 MiB";
            Problem::http(StatusCode::PAYLOAD_TOO_LARGE, http_codes::BODY_TOO_LARGE, detail)
        }
        UploadError::Refused(error) => error.into(),
    }
}

fn unreadable(error: &MultipartError) -> Problem {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible => {
            let detail = "the body must be multipart/form-data";
            Problem::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, http_codes::UNSUPPORTED_MEDIA_TYPE, detail)
        }
        _ => malformed("the body is no complete multipart/form-data"),
    }
}

/// Delete a file of a contract
///
/// Only while the contract is not signed: what was signed stands, with its files. The file is gone for good.
#[utoipa::path(
    operation_id = "deleteContractFile",
    tag = "leads",
    path = "/api/v1/contracts/files/{id}",
    params(("id" = Uuid, Path, description = "The file.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a92")),
    responses((status = 204, description = "It is gone.")),
    extensions(
        ("x-permission" = json!("leads.client.update")),
        ("x-problems" = json!(["not_found", "contract_signed"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[delete("/api/v1/contracts/files/{id}")]
pub(super) async fn delete(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.leads.delete_contract_file(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Make a link to a file
///
/// It is good for five minutes, for whoever has it. Following it is noted in the audit trail, with whom it was made for.
#[utoipa::path(
    operation_id = "getContractFileUrl",
    tag = "leads",
    path = "/api/v1/contracts/files/{id}/url",
    params(("id" = Uuid, Path, description = "The file.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a92")),
    responses((status = 200, description = "The link.", body = ContractFileLink)),
    extensions(("x-permission" = json!("leads.client.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/contracts/files/{id}/url")]
pub(super) async fn link(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let link = state.leads.contract_file_link(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(ContractFileLink::from(link)))
}

/// Follow a link to a file
///
/// The link is the permission. The file is always an attachment, whatever it is. A download that broke off is gone on with
/// by `Range`, and `If-Range` with the `ETag` of the part that is there; of several ranges at once all of the file is sent. A file
/// that is not what was kept any more breaks off before its end.
#[utoipa::path(
    operation_id = "downloadContractFile",
    tag = "leads",
    path = "/api/v1/contracts/files/content",
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
            (String = "application/pdf", example = json!("%PDF-1.7 ...")),
            (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", example = json!("PK ...")),
            (String = "image/png", example = json!("PNG ...")),
            (String = "image/jpeg", example = json!("JFIF ...")),
        )),
        (status = 206, description = "A part of the file.", headers(
            ("ETag" = String, description = "What the bytes of all of it hash to."),
            ("Content-Range" = String, description = "Which bytes, and how many there are."),
        ), content(
            (String = "application/pdf", example = json!("1.7 ...")),
            (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", example = json!("...")),
            (String = "image/png", example = json!("...")),
            (String = "image/jpeg", example = json!("...")),
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
#[get("/api/v1/contracts/files/content")]
pub(super) async fn download(
    anyone: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    query: Query<ContentQuery>,
) -> Result<HttpResponse, Problem> {
    let linked = state.leads.follow_file_link(&anyone.context, query.token()).await?;
    let DomainFile { name, sort, stored, .. } = linked.file().clone();
    let sending = match sending::plan(&request, &stored)? {
        Plan::Known(answer) => return Ok(answer),
        Plan::Send(sending) => sending,
    };
    let opened = state.leads.open_file(&anyone.context, linked, sending.part()).await;
    let bytes = opened.inspect_err(|error| {
        if let ClientError::Files(error @ FileError::Damaged(_)) = error {
            sending::tell(error, &state.metrics);
        }
    })?;
    Ok(sending.with(bytes, (sort.media_type(), attachment(&name)), &state.metrics))
}

/// With a name that every browser reads, and one in all letters.
fn attachment(name: &FileName) -> ContentDisposition {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    let plain: String = name.as_str().chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let utf8 = Charset::Ext("UTF-8".to_owned());
    let whole = ExtendedValue { charset: utf8, language_tag: None, value: name.as_str().as_bytes().to_vec() };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(plain), DispositionParam::FilenameExt(whole)],
    }
}
