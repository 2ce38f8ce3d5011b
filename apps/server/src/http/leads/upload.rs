//! Files as they are sent: straight to where they are kept, never as a whole in memory.

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use ashlar_kernel::Context;
use ashlar_leads::{
    TransferError, Transfers,
    import::{ImportOptionsInput, NewImport},
    port::{StoredFile, WriteFileError},
};
use futures::{StreamExt as _, TryStreamExt as _};

use super::import_dto::LeadImportOptionsRequest;
use crate::http::{
    body::{Digest, malformed, parse},
    catalogue::http_codes,
    problem::Problem,
};

/// The largest part that says how.
const OPTIONS: usize = 64 * 1024;

/// Takes the parts of an upload: a file, and how it is to be imported, with what tells it from other uploads. Who may not is
/// told before anything is read.
pub(super) async fn receive(
    transfers: &Transfers,
    context: &Context,
    parts: Multipart,
) -> Result<(NewImport, Digest), Problem> {
    let mut file = None;
    let outcome = gather(transfers, context, parts, &mut file).await;
    if let (Err(_), Some(StoredFile { key, .. })) = (&outcome, &file) {
        transfers.drop_upload(key.as_str()).await;
    }
    outcome
}

async fn gather(
    transfers: &Transfers,
    context: &Context,
    mut parts: Multipart,
    file: &mut Option<StoredFile>,
) -> Result<(NewImport, Digest), Problem> {
    let mut place = Some(transfers.begin_upload(context).await?);
    let (mut options, mut said, mut file_name) = (LeadImportOptionsRequest::default(), Vec::new(), String::new());
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| unreadable(&error))?;
        match part.name().unwrap_or_default() {
            "options" => {
                said = whole(part).await?;
                options = parse(&said)?;
            }
            "file" => {
                let mut place = place.take().ok_or_else(|| malformed("there is more than one part `file`"))?;
                file_name = name_of(&part);
                let mut part = part;
                while let Some(bytes) = part.next().await {
                    let bytes = bytes.map_err(|error| unreadable(&error))?;
                    place.write(bytes).await.map_err(unwritten)?;
                }
                *file = Some(place.keep().await.map_err(TransferError::from)?);
            }
            _ => return Err(malformed("the parts of the body are `options` and `file`")),
        }
    }
    let StoredFile { key, size, sha256 } = file.as_ref().ok_or_else(|| malformed("the body has no part `file`"))?;
    let options = ImportOptionsInput::from(options).try_into()?;
    let digest = Digest::of(&[&said, file_name.as_bytes(), &sha256.0]);
    Ok((NewImport { options, file: Some(key.to_string()), file_name, bytes: *size }, digest))
}

async fn whole(part: Field) -> Result<Vec<u8>, Problem> {
    let gather = |mut all: Vec<u8>, bytes: bytes::Bytes| async move {
        all.extend_from_slice(&bytes);
        if all.len() > OPTIONS { Err(actix_multipart::MultipartError::Incomplete) } else { Ok(all) }
    };
    part.try_fold(Vec::new(), gather).await.map_err(|error| unreadable(&error))
}

/// What the file is called where it comes from, without the way there: shown, and nothing else.
fn name_of(part: &Field) -> String {
    let name = part.content_disposition().and_then(|disposition| disposition.get_filename()).unwrap_or_default();
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(255).collect()
}

fn unwritten(error: WriteFileError) -> Problem {
    match error {
        WriteFileError::TooLarge => {
            let detail = format!("the file is larger than {} MiB", Transfers::UPLOAD_LIMIT >> 20);
            Problem::http(StatusCode::PAYLOAD_TOO_LARGE, http_codes::BODY_TOO_LARGE, detail)
        }
        WriteFileError::Files(error) => TransferError::from(error).into(),
    }
}

fn unreadable(error: &actix_multipart::MultipartError) -> Problem {
    use actix_multipart::MultipartError;
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
