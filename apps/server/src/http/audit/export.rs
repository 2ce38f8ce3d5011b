//! Taking events along.

use std::io;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{self, Bytes},
};
use ashlar_audit::log::{Batch, Export};
use futures::{Stream, stream};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    dto::AuditEvent,
    query::{AuditExportQuery, AuditFilterQuery, export_of},
};
use crate::{
    audit::{ExportFormat, table},
    http::{AppState, caller::Caller, page::moment, problem::Problem},
};

/// The name of the format, in the first line.
const FORMAT: &str = "ashlar.audit.events/1";

/// What an export is, in its first line.
#[derive(Serialize)]
struct Manifest {
    format: &'static str,
    tenant: Uuid,
    filters: Value,
    until: String,
    resumed: bool,
    checkpoint: Option<String>,
}

/// A line of an export that is an event, one of several that are none, or all that is written in a table.
#[derive(ToSchema)]
#[schema(value_type = String, example = "{\"end\":{\"events\":0}}\n")]
#[expect(dead_code, reason = "only its schema is used; lines are written as they come")]
struct AuditExportLines(String);

/// Take events along
///
/// All that the filters let through, the oldest first, up to the moment of the request, in one answer however long it is.
///
/// `ndjson`: the first line is `{"manifest":…}` with the tenant, the filters, `until` and the newest signed checkpoint of
/// the trail; then `{"event":…}`, as in lists; after every 500 events `{"cursor":"…"}`; and `{"end":{"events":…}}` with the
/// count. `csv`: the same as a table; lines whose first cell begins with `#` are no events but manifest, cursor and end, and
/// what a spreadsheet would take for a formula has an apostrophe in front.
///
/// An answer without its end broke off: go on with the last `cursor` and the same filters. That somebody takes events along
/// is an event itself, `audit.log.exported`.
#[utoipa::path(
    operation_id = "exportAuditEvents",
    tag = "audit",
    path = "/api/v1/audit/export",
    params(AuditExportQuery, AuditFilterQuery),
    responses((
        status = 200,
        description = "The events.",
        content(
            (AuditExportLines = "application/x-ndjson", example = "{\"end\":{\"events\":0}}\n"),
            (AuditExportLines = "text/csv", example = "#end,\"{\"\"events\"\":0}\"\n"),
        )
    )),
    extensions(
        ("x-permission" = json!("audit.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/audit/export")]
pub(super) async fn take_along(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (command, format, filters) = export_of(request.query_string())?;
    let export = state.audit.export(&caller.context, command).await?;
    let manifest = Manifest {
        format: FORMAT,
        tenant: export.tenant().as_uuid(),
        filters: json!(filters),
        until: moment(export.until()),
        resumed: export.is_resumed(),
        checkpoint: export.checkpoint().map(str::to_owned),
    };
    let (media_type, file) = match format {
        ExportFormat::Ndjson => ("application/x-ndjson", "attachment; filename=\"audit.ndjson\""),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"audit.csv\""),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CONTENT_DISPOSITION, file))
        .streaming(written(export, manifest, format)))
}

/// What is still to be written.
enum Rest {
    Beginning(Manifest),
    Events,
    Nothing,
}

/// The export as it is sent, a batch at a time: the next is read when the client has taken the one before.
fn written(
    export: Export,
    manifest: Manifest,
    format: ExportFormat,
) -> impl Stream<Item = Result<Bytes, io::Error>> + use<> {
    stream::try_unfold((export, Rest::Beginning(manifest), 0_usize), move |(mut export, rest, count)| async move {
        match rest {
            Rest::Nothing => Ok(None),
            Rest::Beginning(manifest) => Ok(Some((beginning(&manifest, format)?, (export, Rest::Events, 0)))),
            Rest::Events => match export.next().await.map_err(io::Error::other)? {
                None => {
                    let end = remark("end", &json!({ "events": count }), format)?;
                    Ok(Some((Bytes::from(end), (export, Rest::Nothing, count))))
                }
                Some(batch) => {
                    let count = count + batch.events.len();
                    Ok(Some((lines(batch, format)?, (export, Rest::Events, count))))
                }
            },
        }
    })
}

fn beginning(manifest: &Manifest, format: ExportFormat) -> io::Result<Bytes> {
    let mut bytes = remark("manifest", manifest, format)?;
    if format == ExportFormat::Csv {
        bytes.extend(table::line(table::COLUMNS)?);
    }
    Ok(bytes.into())
}

fn lines(Batch { events, cursor }: Batch, format: ExportFormat) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    for event in events {
        match format {
            ExportFormat::Csv => bytes.extend(table::line(table::cells(&event)?)?),
            ExportFormat::Ndjson => bytes.extend(remark("event", &AuditEvent::from(event), format)?),
        }
    }
    bytes.extend(remark("cursor", &cursor, format)?);
    Ok(bytes.into())
}

/// A line with one member, or with its word in the first cell.
fn remark(word: &str, document: &impl Serialize, format: ExportFormat) -> io::Result<Vec<u8>> {
    if format == ExportFormat::Csv {
        return table::remark(word, document);
    }
    let mut line = format!("{{\"{word}\":").into_bytes();
    serde_json::to_writer(&mut line, document)?;
    line.extend_from_slice(b"}\n");
    Ok(line)
}
