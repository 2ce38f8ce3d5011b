//! What is done by the calendar, for the operators of the installation.

use actix_web::{HttpResponse, get, post, web};
use ashlar_jobs::{JobId, desk::ScheduleLine};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    AppState,
    caller::Caller,
    page::{PageInfo, moment},
    problem::Problem,
};

/// Something that is done by the calendar.
#[derive(Serialize, ToSchema)]
struct Schedule {
    /// Its name, which is the kind of its jobs.
    #[schema(example = "session.purge")]
    name: String,
    /// When it is due, as cron writes it.
    #[schema(example = "7 * * * *")]
    cron: String,
    /// On whose clocks.
    #[schema(example = "UTC")]
    time_zone: &'static str,
    /// When it was last fired, by the calendar or by hand; null if never.
    #[schema(required, format = DateTime, example = "2026-01-31T09:07:00.000Z")]
    last_run: Option<String>,
    /// When it is due next.
    #[schema(required, format = DateTime, example = "2026-01-31T10:07:00.000Z")]
    next_run: Option<String>,
}

/// What is done by the calendar.
#[derive(Serialize, ToSchema)]
struct SchedulePage {
    /// The schedules, what is due next first.
    data: Vec<Schedule>,
    /// There is one page.
    page: PageInfo,
}

/// What was begun.
#[derive(Serialize, ToSchema)]
struct ScheduleRun {
    /// The job. It belongs to the tenant `main`.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    job_id: JobId,
}

impl From<ScheduleLine> for Schedule {
    fn from(line: ScheduleLine) -> Self {
        Self {
            name: line.name,
            cron: line.cron,
            time_zone: line.zone,
            last_run: line.last_run.map(moment),
            next_run: line.next_run.map(moment),
        }
    }
}

/// List the schedules
///
/// What the installation does by the calendar, when it last did and when it will. For operators of the installation.
#[utoipa::path(
    operation_id = "listSchedules",
    tag = "admin",
    path = "/api/v1/admin/schedules",
    responses((status = 200, description = "The schedules.", body = SchedulePage)),
    extensions(("x-permission" = json!("jobs.schedule.read")), ("x-problems" = json!([]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/admin/schedules")]
pub(super) async fn list(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let lines = state.desk.schedules(&caller.context).await?;
    let data = lines.into_iter().map(Schedule::from).collect();
    Ok(HttpResponse::Ok().json(SchedulePage { data, page: PageInfo::after(None) }))
}

/// Run a schedule now
///
/// Has done at once what is done by the calendar, unless the same waits or runs already. The calendar goes on as before.
/// For operators of the installation.
#[utoipa::path(
    operation_id = "runScheduleNow",
    tag = "admin",
    path = "/api/v1/admin/schedules/{name}/run-now",
    params(("name" = String, Path, description = "The name of the schedule.", example = "session.purge")),
    responses((status = 202, description = "A job was begun.", body = ScheduleRun)),
    extensions(
        ("x-permission" = json!("jobs.schedule.run")),
        ("x-problems" = json!(["not_found", "job_duplicate"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/admin/schedules/{name}/run-now")]
pub(super) async fn run_now(
    caller: Caller,
    state: web::Data<AppState>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job_id = state.desk.run_schedule(&caller.context, &name).await?;
    Ok(HttpResponse::Accepted().json(ScheduleRun { job_id }))
}
