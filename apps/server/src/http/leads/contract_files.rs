//! Files of contracts: in by parts, out by links.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{
    HttpResponse, get,
    http::{
        StatusCode,
        header::{
            self, Charset, ContentDisposition, ContentEncoding, DispositionParam, DispositionType, ExtendedValue,
        },
    },
    post, web,
};
use ashlar_leads::{
    client::FileName,
    use_case::{FileUpload, UploadError},
};
use futures::StreamExt as _;

use super::{
    client_dto::{ContractFile, ContractFileLink, ContractFileRequest},
    client_query::ContentQuery,
    id_of,
};
use crate::http::{
    AppState,
    body::malformed,
    caller::{Anyone, Caller},
    catalogue::http_codes,
    problem::Problem,
    query::Query,
};

/// Add a file to a contract
///
/// A PDF, a document of Word, a PNG or a JPEG, told by what is in it and not by its name; at most 10 MiB, and at most ten
/// for a contract. The body has one part, `file`, with a file name.
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
        ("x-problems" = json!(["not_found", "too_many_files", "files_unavailable"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/contracts/{id}/files")]
pub(super) async fn add(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
    parts: Multipart,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let upload = state.leads.begin_contract_file(context, id_of(&id)).await?;
    let upload = receive(upload, parts).await?;
    let file = state.leads.keep_contract_file(context, upload).await?;
    Ok(HttpResponse::Created().json(ContractFile::from(&file)))
}

async fn receive(mut upload: FileUpload, mut parts: Multipart) -> Result<FileUpload, Problem> {
    let mut has_file = false;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| unreadable(&error))?;
        if has_file || part.name() != Some("file") {
            return Err(malformed("the body has one part, `file`"));
        }
        has_file = true;
        upload.called(name_of(&part))?;
        while let Some(bytes) = part.next().await {
            let bytes = bytes.map_err(|error| unreadable(&error))?;
            upload.write(bytes).await.map_err(unwritten)?;
        }
    }
    if has_file { Ok(upload) } else { Err(malformed("the body has no part `file`")) }
}

fn name_of(part: &Field) -> &str {
    part.content_disposition().and_then(ContentDisposition::get_filename).unwrap_or_default()
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
/// The link is the permission. The file is always an attachment, whatever it is.
#[utoipa::path(
    operation_id = "downloadContractFile",
    tag = "leads",
    path = "/api/v1/contracts/files/content",
    params(ContentQuery),
    responses((status = 200, description = "The file.", content(
        (String = "application/pdf", example = json!("%PDF-1.7 ...")),
        (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", example = json!("PK ...")),
        (String = "image/png", example = json!("PNG ...")),
        (String = "image/jpeg", example = json!("JFIF ...")),
    ))),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["not_found", "invalid_parameter", "download_link_invalid", "files_unavailable"])),
    ),
    security(())
)]
#[get("/api/v1/contracts/files/content")]
pub(super) async fn download(
    anyone: Anyone,
    state: web::Data<AppState>,
    query: Query<ContentQuery>,
) -> Result<HttpResponse, Problem> {
    let opened = state.leads.follow_file_link(&anyone.context, query.token()).await?;
    Ok(HttpResponse::Ok()
        .content_type(opened.file.sort.media_type())
        .insert_header(attachment(&opened.file.name))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        // Files of these sorts do not get smaller, and a client wants to know how long they are.
        .insert_header(ContentEncoding::Identity)
        .no_chunking(opened.file.stored.size)
        .streaming(opened.bytes))
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
