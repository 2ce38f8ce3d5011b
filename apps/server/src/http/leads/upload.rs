//! Files as they are sent: straight to where they are kept, never as a whole in memory.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use ashlar_kernel::Context;
use ashlar_leads::{
    TransferError, Transfers,
    import::{ImportOptionsInput, NewImport},
    port::{StoredFile, WriteFileError},
};
use futures::StreamExt as _;

use super::import_dto::LeadImportOptionsRequest;
use crate::http::{
    body::{Digest, malformed, parse},
    catalogue::http_codes,
    problem::Problem,
};

/// The largest part that says how.
const OPTIONS: usize = 64 * 1024;
/// How long a client may send nothing. All of an upload has its time, too.
const SILENCE: Duration = Duration::from_secs(30);

/// A file that no import has yet. Whoever goes away in the middle of a request leaves none behind.
struct Kept {
    transfers: Transfers,
    file: Option<StoredFile>,
}

impl Kept {
    async fn forget(mut self) {
        if let Some(StoredFile { key, .. }) = self.file.take() {
            self.transfers.drop_upload(key.as_str()).await;
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let Some(StoredFile { key, .. }) = self.file.take() else { return };
        let transfers = self.transfers.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { transfers.drop_upload(key.as_str()).await });
        }
    }
}

/// Takes the parts of an upload: a file, and how it is to be imported, with what tells it from other uploads. Who may not is
/// told before anything is read. Of an upload that is refused nothing is kept.
pub(super) async fn receive(
    transfers: &Transfers,
    context: &Context,
    parts: Multipart,
) -> Result<(NewImport, Digest), Problem> {
    let mut kept = Kept { transfers: transfers.clone(), file: None };
    let outcome = gather((transfers, context), parts, &mut kept.file).await;
    match outcome {
        Ok(received) => {
            kept.file = None;
            Ok(received)
        }
        Err(problem) => {
            kept.forget().await;
            Err(problem)
        }
    }
}

async fn gather(
    (transfers, context): (&Transfers, &Context),
    mut parts: Multipart,
    file: &mut Option<StoredFile>,
) -> Result<(NewImport, Digest), Problem> {
    let mut place = Some(transfers.begin_upload(context).await?);
    let (mut options, mut said, mut file_name) = (LeadImportOptionsRequest::default(), Vec::new(), String::new());
    while let Some(part) = in_time(parts.next()).await? {
        let mut part = part.map_err(|error| unreadable(&error))?;
        match part.name().unwrap_or_default() {
            "options" if !said.is_empty() => return Err(malformed("there is more than one part `options`")),
            "options" => {
                said = whole(part).await?;
                options = parse(&said)?;
            }
            "file" => {
                let mut place = place.take().ok_or_else(|| malformed("there is more than one part `file`"))?;
                file_name = name_of(&part);
                while let Some(bytes) = in_time(part.next()).await? {
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
    transfers.check_options(context, &options).await?;
    let digest = Digest::of(&[&said, file_name.as_bytes(), &sha256.0]);
    Ok((NewImport { options, file: Some(key.to_string()), file_name, bytes: *size }, digest))
}

/// What comes next, unless nothing comes for long.
pub(super) async fn in_time<T>(next: impl Future<Output = T>) -> Result<T, Problem> {
    tokio::time::timeout(SILENCE, next).await.map_err(|_elapsed| malformed("the body took too long to arrive"))
}

async fn whole(mut part: Field) -> Result<Vec<u8>, Problem> {
    let mut all = Vec::new();
    while let Some(bytes) = in_time(part.next()).await? {
        all.extend_from_slice(&bytes.map_err(|error| unreadable(&error))?);
        if all.len() > OPTIONS {
            let detail = format!("the part `options` is larger than {} KiB", OPTIONS >> 10);
            return Err(Problem::http(StatusCode::PAYLOAD_TOO_LARGE, http_codes::BODY_TOO_LARGE, detail));
        }
    }
    Ok(all)
}

/// What a part is called, as browsers write it: a quotation mark and the ends of lines, and nothing else, stand as `%22`,
/// `%0D` and `%0A` (WHATWG HTML, multipart/form-data). Ends of lines have no place in a name.
pub(super) fn file_name_of(part: &Field) -> String {
    let name = part.content_disposition().and_then(|disposition| disposition.get_filename()).unwrap_or_default();
    plain(name)
}

fn plain(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "").replace("%0A", "")
}

/// What the file is called where it comes from, without the way there: shown, and nothing else.
fn name_of(part: &Field) -> String {
    let name = file_name_of(part);
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

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_are_read_as_browsers_write_them() {
        assert_eq!(plain("a%22b%0D%0A.pdf"), "a\"b.pdf");
        assert_eq!(plain("100%25 %2F %.pdf"), "100%25 %2F %.pdf", "browsers leave all else as it is");
    }
}
