//! How far an import is, as it goes on (server-sent events).

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, get, http::header, web};
use ashlar_kernel::{Context, StoreError};
use ashlar_leads::import::{ImportId, ImportJob};
use bytes::Bytes;
use futures::stream;
use utoipa::ToSchema;

use super::{id_of, import_dto::LeadImport};
use crate::http::{
    AppState,
    caller::{Caller, still},
    problem::Problem,
};

/// Twice a second at most.
const EVERY: Duration = Duration::from_millis(500);
/// So often, counted in looks, it is asked whether whoever watches still may: every second.
const ASK: u32 = 2;
/// A line that says nothing keeps the connection open, and is how a client that has gone is noticed.
const SILENCE: u32 = 30;
/// Two hours. Whoever wants to know more asks again.
const MOST: u32 = 2 * 60 * 60 * 2;

/// An event is called `progress`, or `done` when it is the last. Its `data` is the import as JSON, its `id` the version.
#[derive(ToSchema)]
#[schema(value_type = String, example = "event: progress\nid: 3\ndata: {\"status\":\"running\",\"rows_read\":2000}\n\n")]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct LeadImportEvents(String);

/// Watch an import
///
/// Server-sent events, at most two a second: `progress` whenever something has changed, and `done` at the end. Each says how
/// far the import is, so that none is missed who comes back with `Last-Event-ID`. The stream ends with the session, the key or
/// the access token that opened it: come back with a new token.
#[utoipa::path(
    operation_id = "watchLeadImport",
    tag = "leads",
    path = "/api/v1/leads/imports/{id}/events",
    params(
        ("id" = Uuid, Path, description = "The import.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event you have."),
    ),
    responses((status = 200, description = "What happens.", content_type = "text/event-stream", body = LeadImportEvents,
        example = json!("event: progress\nid: 3\ndata: {\"status\":\"running\",\"rows_read\":2000}\n\n"))),
    extensions(("x-permission" = json!("leads.lead.import")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/imports/{id}/events")]
pub(super) async fn events(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = id_of(&id);
    state.transfers.import(&caller.context, id).await?;
    let known = request.headers().get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let watch = Watch { state, request, context: caller.context, id, known, looks: 0, is_over: false };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Packed, events would wait for each other.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(stream::try_unfold(watch, Watch::next))))
}

struct Watch {
    state: web::Data<AppState>,
    request: HttpRequest,
    context: Context,
    id: ImportId,
    /// The version that the client knows.
    known: Option<u32>,
    looks: u32,
    is_over: bool,
}

impl Watch {
    /// The next piece of the answer; none at the end.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        while !self.is_over && self.looks < MOST && !self.state.health.is_draining() {
            if self.looks > 0 {
                tokio::time::sleep(EVERY).await;
            }
            self.looks += 1;
            if self.looks.is_multiple_of(ASK) && !self.is_allowed().await {
                break;
            }
            let job = self.state.transfers.import(&self.context, self.id).await.map_err(StoreError::internal)?;
            self.is_over = job.state().is_over();
            if self.known != Some(job.version()) || self.is_over {
                self.known = Some(job.version());
                let event = self.event(&job)?;
                return Ok(Some((event.into(), self)));
            }
            if self.looks.is_multiple_of(SILENCE) {
                return Ok(Some((Bytes::from_static(b":\n\n"), self)));
            }
        }
        Ok(None)
    }

    /// Whether whoever watches still may; from now on as who they are now.
    async fn is_allowed(&mut self) -> bool {
        let context = still(&self.request, &self.state).await;
        context.map(|context| self.context = context).is_ok()
    }

    fn event(&self, job: &ImportJob) -> Result<String, StoreError> {
        let name = if self.is_over { "done" } else { "progress" };
        let data = serde_json::to_string(&LeadImport::of(job, self.state.clock.now())).map_err(StoreError::internal)?;
        Ok(format!("event: {name}\nid: {}\ndata: {data}\n\n", job.version()))
    }
}
