//! Stored files on their way out: all of one, or a part, always as an attachment.

use std::ops::Range;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{self, ContentDisposition, ContentEncoding, EntityTag},
    },
};
use ashlar_leads::port::{FileBytes, FileError, StoredFile};
use futures::StreamExt as _;

use crate::{
    http::{
        catalogue::http_codes,
        etag,
        problem::Problem,
        range::{Wanted, wanted},
    },
    telemetry::metrics::Metrics,
};

/// What a request for a file is answered with.
pub(super) enum Plan {
    /// That the client has it.
    Known(HttpResponse),
    /// Bytes of it.
    Send(Sending),
}

/// An answer whose bytes are missing.
pub(super) struct Sending {
    response: HttpResponseBuilder,
    part: Option<Range<u64>>,
    length: u64,
}

/// Finds out what a request wants of a file.
pub(super) fn plan(request: &HttpRequest, file: &StoredFile) -> Result<Plan, Problem> {
    let tag = EntityTag::new_strong(file.sha256.to_string());
    let mut response = HttpResponse::Ok();
    response.insert_header(header::ETag(tag.clone())).insert_header((header::CACHE_CONTROL, "private, no-store"));
    if etag::has(request, &tag) {
        return Ok(Plan::Known(response.status(StatusCode::NOT_MODIFIED).finish()));
    }
    let (part, length) = match wanted(request, &tag, file.size) {
        Wanted::All => (None, file.size),
        Wanted::Nothing => return Err(no_such_part(file.size)),
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
            response.status(StatusCode::PARTIAL_CONTENT).insert_header((header::CONTENT_RANGE, range));
            let length = part.end - part.start;
            (Some(part), length)
        }
    };
    Ok(Plan::Send(Sending { response, part, length }))
}

impl Sending {
    /// Which bytes are missing; all if none.
    pub(super) fn part(&self) -> Option<Range<u64>> {
        self.part.clone()
    }

    /// The answer with its bytes. One that turns out not to be what was kept breaks off before its end, for the client to
    /// see that it has not got it.
    pub(super) fn with(
        mut self,
        bytes: FileBytes,
        (media_type, disposition): (&str, ContentDisposition),
        metrics: &Metrics,
    ) -> HttpResponse {
        let metrics = metrics.clone();
        let watched = bytes.inspect(move |part| {
            if let Err(error) = part {
                tell(error, &metrics);
            }
        });
        self.response
            .content_type(media_type)
            .insert_header(disposition)
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            // Whoever fetches a file wants to know how long it is, and to have parts of what it is.
            .insert_header(ContentEncoding::Identity)
            .no_chunking(self.length)
            .streaming(watched)
    }
}

/// Tells operators that a file could not be sent.
pub(super) fn tell(error: &FileError, metrics: &Metrics) {
    let cause = std::error::Error::source(error).map(tracing::field::display);
    if matches!(error, FileError::Damaged(_)) {
        metrics.file_damaged();
        tracing::error!(%error, cause, "a stored file is not what was kept");
    } else {
        tracing::warn!(%error, cause, "a stored file was not sent to its end");
    }
}

fn no_such_part(size: u64) -> Problem {
    let detail = format!("the file has {size} bytes");
    Problem::http(StatusCode::RANGE_NOT_SATISFIABLE, http_codes::RANGE_NOT_SATISFIABLE, detail).of_size(size)
}
