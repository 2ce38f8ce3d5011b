//! The numbers of a tenant.

use actix_web::{HttpResponse, get, web};
use ashlar_admin::Numbers;
use ashlar_kernel::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::{
    http::{AppState, caller::Caller, page::moment, problem::Problem},
    telemetry::metrics::RequestFigures,
};

/// People of the tenant.
#[derive(Serialize, ToSchema)]
struct DashboardUsers {
    /// All of them.
    #[schema(minimum = 0, example = 230)]
    total: u64,
    /// Who came within the last seven days, by days in UTC, today among them.
    #[schema(minimum = 0, example = 7)]
    new_7_days: u64,
    /// Who came within the last thirty.
    #[schema(minimum = 0, example = 40)]
    new_30_days: u64,
    /// Who has a second factor.
    #[schema(minimum = 0, example = 23)]
    with_second_factor: u64,
    /// Which part of all has one, from 0 to 1; null while there is nobody.
    #[schema(required, minimum = 0, maximum = 1, example = 0.1)]
    second_factor_share: Option<f64>,
}

/// How many there are, by status. A status that is not named has none.
#[derive(ToSchema)]
#[schema(value_type = BTreeMap<String, u64>, example = json!({ "new": 12, "won": 3 }))]
#[expect(dead_code, reason = "only its schema is used")]
struct CountsByStatus(BTreeMap<String, u64>);

/// Leads that were not put away.
#[derive(Serialize, ToSchema)]
struct DashboardLeads {
    /// By status.
    #[schema(value_type = CountsByStatus)]
    by_status: BTreeMap<String, u64>,
    /// Which part of those that were won or lost was won, from 0 to 1; null while there is none.
    #[schema(required, minimum = 0, maximum = 1, example = 0.25)]
    conversion: Option<f64>,
}

/// Subscriptions of the mailing lists.
#[derive(Serialize, ToSchema)]
struct DashboardNewsletter {
    /// By status.
    #[schema(value_type = CountsByStatus)]
    by_status: BTreeMap<String, u64>,
}

/// Jobs of the tenant that are not done. No number counts further than 10,000.
#[derive(Serialize, ToSchema)]
struct DashboardJobs {
    /// Those that wait, for a worker or for their time.
    #[schema(minimum = 0, maximum = 10000, example = 3)]
    ready: u64,
    /// Those a worker has.
    #[schema(minimum = 0, maximum = 10000, example = 1)]
    running: u64,
    /// Those nobody understands.
    #[schema(minimum = 0, maximum = 10000, example = 0)]
    parked: u64,
    /// Those that were given up.
    #[schema(minimum = 0, maximum = 10000, example = 0)]
    dead: u64,
    /// For how many seconds the one waits whose time came first; 0 when none does.
    #[schema(minimum = 0, example = 2)]
    oldest_seconds: i64,
}

/// The audit trail of the tenant.
#[derive(Serialize, ToSchema)]
struct DashboardAudit {
    /// For how many seconds the oldest event waits to be sealed; 0 when none does.
    #[schema(minimum = 0, example = 0)]
    seal_lag_seconds: i64,
    /// How many seconds ago the newest checkpoint was signed; null if there is none.
    #[schema(required, minimum = 0, example = 31)]
    checkpoint_age_seconds: Option<i64>,
}

/// What the process that answers has seen since it started. Others have numbers of their own: see the metrics.
#[derive(Serialize, ToSchema)]
struct DashboardProcess {
    /// Requests that were answered.
    #[schema(minimum = 0, example = 4711)]
    requests: u64,
    /// Which part of them was answered by 5xx, from 0 to 1; null while there is none.
    #[schema(required, minimum = 0, maximum = 1, example = 0.0)]
    error_rate: Option<f64>,
    /// Within how many milliseconds 95 of 100 were answered: the upper end of a bucket; null while there is none.
    #[schema(required, minimum = 0, example = 25.0)]
    p95_ms: Option<f64>,
}

/// The numbers of a tenant.
#[derive(Serialize, ToSchema)]
struct DashboardNumbers {
    /// When they were read.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    at: String,
    /// People.
    users: DashboardUsers,
    /// Leads.
    leads: DashboardLeads,
    /// Mailing lists.
    newsletter: DashboardNewsletter,
    /// Jobs.
    jobs: DashboardJobs,
    /// The audit trail.
    audit: DashboardAudit,
    /// The process that answers.
    process: DashboardProcess,
}

impl DashboardNumbers {
    fn of(numbers: Numbers, figures: RequestFigures, now: Timestamp) -> Self {
        let seconds = |since: Timestamp| (now - since).num_seconds().max(0);
        let conversion = numbers.conversion();
        let Numbers { users, leads, newsletter, jobs, oldest_unsealed, last_checkpoint } = numbers;
        Self {
            at: moment(now),
            users: DashboardUsers {
                total: users.total,
                new_7_days: users.new_7_days,
                new_30_days: users.new_30_days,
                with_second_factor: users.with_second_factor,
                second_factor_share: share(users.with_second_factor, users.total),
            },
            leads: DashboardLeads { by_status: leads, conversion },
            newsletter: DashboardNewsletter { by_status: newsletter },
            jobs: DashboardJobs {
                ready: jobs.ready,
                running: jobs.running,
                parked: jobs.parked,
                dead: jobs.dead,
                oldest_seconds: jobs.oldest_due.map_or(0, seconds),
            },
            audit: DashboardAudit {
                seal_lag_seconds: oldest_unsealed.map_or(0, seconds),
                checkpoint_age_seconds: last_checkpoint.map(seconds),
            },
            process: DashboardProcess {
                requests: figures.requests,
                error_rate: share(figures.errors, figures.requests),
                p95_ms: figures.p95_ms,
            },
        }
    }
}

/// A part of a whole; none of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    // Nobody has four billion people; beyond that a share is not worth more than this.
    let as_float = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    (whole > 0).then(|| as_float(part) / as_float(whole))
}

/// Read the numbers
///
/// How the tenant is doing, in one call: people, leads, mailing lists, jobs and the audit trail. They are those of this
/// moment, from sums that are kept with every change, and cost the same however much there is.
#[utoipa::path(
    operation_id = "getDashboard",
    tag = "admin",
    path = "/api/v1/admin/dashboard",
    responses((status = 200, description = "The numbers.", body = DashboardNumbers)),
    extensions(("x-permission" = json!("admin.dashboard.read")), ("x-problems" = json!([]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/admin/dashboard")]
pub(super) async fn read(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let numbers = state.dashboard.numbers(&caller.context).await?;
    let figures = state.metrics.request_figures();
    Ok(HttpResponse::Ok().json(DashboardNumbers::of(numbers, figures, caller.context.now)))
}
