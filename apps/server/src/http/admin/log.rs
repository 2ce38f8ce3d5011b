//! The system log.

use actix_web::{HttpResponse, get, web};
use ashlar_admin::LogLine as Stored;
use ashlar_kernel::{Id, Page};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::query::LogListQuery;
use crate::http::{
    AppState,
    caller::Caller,
    page::{PageInfo, moment},
    problem::Problem,
    query::Query,
};

/// How bad it is.
#[derive(Serialize, ToSchema)]
#[schema(as = LogLevel, example = "warn")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LogLevelName {
    /// It may be a sign of something.
    Warn,
    /// Something went wrong.
    Error,
}

/// What a line says beside its message.
#[derive(ToSchema)]
#[schema(value_type = Object, example = json!({ "error": "the database does not answer" }))]
#[expect(dead_code, reason = "only its schema is used; the value comes from the log")]
struct LogFields(Map<String, Value>);

/// A warning or an error.
#[derive(Serialize, ToSchema)]
struct LogLine {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Id<Stored>,
    /// When it was logged.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    at: String,
    /// How bad it is.
    #[schema(value_type = LogLevelName)]
    level: &'static str,
    /// Which part of the program says so.
    #[schema(example = "ashlar_server::work::seal")]
    target: String,
    /// What it says.
    #[schema(example = "there is no new checkpoint of the audit trail")]
    message: String,
    /// In which request. The audit trail has what was done in it.
    #[schema(required, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    request_id: Option<String>,
    /// What it says beside that.
    #[schema(value_type = LogFields)]
    fields: Map<String, Value>,
}

/// A page of lines.
#[derive(Serialize, ToSchema)]
struct LogPage {
    /// The lines, newest first.
    data: Vec<LogLine>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<Stored>> for LogPage {
    fn from(page: Page<Stored>) -> Self {
        let shown = |line: Stored| LogLine {
            id: line.id,
            at: moment(line.at),
            level: line.level.as_str(),
            target: line.target,
            message: line.message,
            request_id: line.request_id,
            fields: line.fields,
        };
        Self { data: page.data.into_iter().map(shown).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// List warnings and errors
///
/// What processes of the installation have logged at level `warn` and above within the last seven days, newest first.
/// Lines are written every second, and not at all while the database is away; the log of each process on its output is
/// complete. For operators of the installation.
#[utoipa::path(
    operation_id = "listLogLines",
    tag = "admin",
    path = "/api/v1/admin/logs",
    params(LogListQuery),
    responses((status = 200, description = "A page of lines.", body = LogPage)),
    extensions(
        ("x-permission" = json!("admin.log.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/admin/logs")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<LogListQuery>,
) -> Result<HttpResponse, Problem> {
    let filter = query.filter()?;
    let page = query.0.page();
    let found = state.system_log.lines(&caller.context, filter, (page.limit()?, page.cursor())).await?;
    Ok(HttpResponse::Ok().json(LogPage::from(found)))
}
