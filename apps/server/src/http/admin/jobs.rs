//! The jobs of a tenant.

use actix_web::{HttpResponse, get, post, web};
use ashlar_jobs::JobId;
use ashlar_kernel::Id;
use uuid::Uuid;

use super::{
    job_dto::{JobDetails, JobPage},
    query::JobListQuery,
};
use crate::http::{AppState, caller::Caller, problem::Problem, query::Query};

fn id_of(text: &str) -> JobId {
    text.parse().unwrap_or(Id::from_uuid(Uuid::nil()))
}

/// List jobs
///
/// What is done behind the scenes for the tenant, newest first; in the tenant `main` also what the installation does for
/// itself. Jobs that succeeded or were cancelled are kept for seven days, dead ones for ninety.
#[utoipa::path(
    operation_id = "listJobs",
    tag = "admin",
    path = "/api/v1/admin/jobs",
    params(JobListQuery),
    responses((status = 200, description = "A page of jobs.", body = JobPage)),
    extensions(
        ("x-permission" = json!("jobs.job.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/admin/jobs")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<JobListQuery>,
) -> Result<HttpResponse, Problem> {
    let filter = query.filter()?;
    let page = query.0.page();
    let jobs = state.desk.jobs(&caller.context, filter, (page.limit()?, page.cursor())).await?;
    Ok(HttpResponse::Ok().json(JobPage::from(jobs)))
}

/// Read a job
///
/// With the attempts that failed, and what of its payload is no secret and nobody's data.
#[utoipa::path(
    operation_id = "getJob",
    tag = "admin",
    path = "/api/v1/admin/jobs/{id}",
    params(("id" = Uuid, Path, description = "The job.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The job.", body = JobDetails)),
    extensions(("x-permission" = json!("jobs.job.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/admin/jobs/{id}")]
pub(super) async fn read(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job = state.desk.job(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(JobDetails::from(&job)))
}

/// What can be done to one job: each step has its words, which are its description, the step of the desk, the path and
/// what it may be refused for. All of them answer with the job as it is then.
macro_rules! steps {
    ($($(#[doc = $words:tt])+ $step:ident, $operation:tt, $path:tt, refused: $problems:tt;)+) => { $(
        $(#[doc = $words])+
        #[utoipa::path(
            operation_id = $operation,
            tag = "admin",
            path = $path,
            params(("id" = Uuid, Path, description = "The job.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
            responses((status = 200, description = "The job as it is now.", body = JobDetails)),
            extensions(("x-permission" = json!("jobs.job.manage")), ("x-problems" = json!($problems))),
            security(("bearer" = []), ("api_key" = []))
        )]
        #[post($path)]
        pub(super) async fn $step(
            caller: Caller,
            state: web::Data<AppState>,
            id: web::Path<String>,
        ) -> Result<HttpResponse, Problem> {
            let job = state.desk.$step(&caller.context, id_of(&id)).await?;
            Ok(HttpResponse::Ok().json(JobDetails::from(&job)))
        }
    )+ };
}

steps! {
    /// Retry a job
    ///
    /// A dead, cancelled or parked job gets all its attempts again, and the first one at once. What it failed of before stays
    /// on record.
    retry, "retryJob", "/api/v1/admin/jobs/{id}/retry", refused: ["not_found", "job_wrong_state", "job_duplicate"];

    /// Cancel a job
    ///
    /// A job that has not ended is not begun any more. One that runs is stopped when its worker next gives a sign of life,
    /// within twenty seconds, and what it has done by then is done.
    cancel, "cancelJob", "/api/v1/admin/jobs/{id}/cancel", refused: ["not_found", "job_wrong_state"];

    /// Run a job now
    ///
    /// A job that waits for its time takes its turn at once.
    run_now, "runJobNow", "/api/v1/admin/jobs/{id}/run-now", refused: ["not_found", "job_wrong_state"];
}
