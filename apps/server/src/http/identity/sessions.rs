//! One's own sessions.

use actix_web::{HttpResponse, delete, get, web};
use ashlar_identity::{SessionId, SessionLine, summarise_user_agent};
use ashlar_kernel::{Actor, NotFound, Page};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::dto::{DevicePlatform, moment};
pub(super) use crate::http::page::PageInfo;
use crate::http::{
    AppState,
    caller::Caller,
    problem::Problem,
    query::{PageQuery, Query},
};

/// List your sessions
///
/// Those that are alive in this tenant, newest first.
#[utoipa::path(
    operation_id = "listMySessions",
    tag = "identity",
    path = "/api/v1/me/sessions",
    params(PageQuery),
    responses((status = 200, description = "A page of your sessions.", body = SessionPage)),
    extensions(
        ("x-permission" = json!("identity.session.read.own")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/me/sessions")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.identity.sessions(&caller.context, query.limit()?, query.cursor()).await?;
    Ok(HttpResponse::Ok().json(SessionPage::new(page, current_session(&caller.context.actor))))
}

/// End one of your sessions
///
/// Its tokens stop working: at once on this server, within five seconds on others. Ending another session than the
/// present one needs a sign-in within the last ten minutes. Doing it twice is no error.
#[utoipa::path(
    operation_id = "revokeMySession",
    tag = "identity",
    path = "/api/v1/me/sessions/{id}",
    params(("id" = Uuid, Path, description = "The session.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 204, description = "The session has ended.")),
    extensions(
        ("x-permission" = json!("identity.session.revoke.own")),
        ("x-problems" = json!(["reauthentication_required", "not_found"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/me/sessions/{id}")]
pub(super) async fn revoke(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    // What is no id names nothing, like an id that does not exist.
    let id: SessionId = id.parse().map_err(|_not_an_id| NotFound)?;
    state.identity.revoke_session(&caller.context, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A living session.
#[derive(Serialize, ToSchema)]
struct Session {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: SessionId,
    /// Whether this request was made through it.
    #[schema(example = true)]
    current: bool,
    /// What the client said about its device at the login.
    #[schema(required)]
    device: Option<SessionDevice>,
    /// Where the login came from.
    #[schema(required, example = "192.0.2.7")]
    ip: Option<String>,
    /// The browser or program in a few words.
    #[schema(required, example = "Firefox on Android")]
    ua_summary: Option<String>,
    /// How the person signed in (RFC 8176): `pwd` is a password.
    #[schema(example = json!(["pwd"]))]
    amr: Vec<String>,
    /// When it began.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime, example = "2026-01-31T09:45:00.000Z")]
    last_seen_at: String,
    /// When it ends unless it is refreshed.
    #[schema(format = DateTime, example = "2026-02-07T09:30:00.000Z")]
    expires_at: String,
}

/// A device as its client described it.
#[derive(Serialize, ToSchema)]
struct SessionDevice {
    /// What the owner calls it.
    #[schema(required, example = "My phone")]
    name: Option<String>,
    /// What it runs.
    platform: DevicePlatform,
}

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionPage {
    /// The sessions, newest first.
    data: Vec<Session>,
    /// Where the next page begins.
    page: PageInfo,
}

/// The session a request was made with.
pub(super) fn current_session(actor: &Actor) -> Uuid {
    match actor {
        Actor::User(principal) => principal.session,
        Actor::Anonymous | Actor::ApiKey(_) | Actor::System(_) => Uuid::nil(),
    }
}

impl SessionPage {
    /// The page, seen through the session `current`.
    pub(super) fn new(page: Page<SessionLine>, current: Uuid) -> Self {
        let data = page.data.iter().map(|line| Session::new(line, current)).collect();
        Self { data, page: PageInfo::after(page.next_cursor) }
    }
}

impl Session {
    fn new(line: &SessionLine, current: Uuid) -> Self {
        let device = line.device.as_ref().map(|device| SessionDevice {
            name: device.name.as_ref().map(|name| name.as_str().to_owned()),
            platform: device.platform.into(),
        });
        Self {
            id: line.id,
            current: line.id.as_uuid() == current,
            device,
            ip: line.ip.map(|ip| ip.to_string()),
            ua_summary: line.user_agent.as_deref().and_then(summarise_user_agent),
            amr: line.amr.clone(),
            created_at: moment(line.created_at),
            last_seen_at: moment(line.last_seen_at),
            expires_at: moment(line.expires_at),
        }
    }
}
