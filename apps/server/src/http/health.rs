//! Whether this process lives, and whether it can work.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, get, web};
use async_trait::async_trait;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;

/// Asks a part that this process needs whether it works.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Whether it does, by its own name for it.
    async fn works(&self) -> bool;
}

/// Whether this process can work: its parts answer and it is not about to stop.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    database: Checked,
    redis: Option<Checked>,
    draining: AtomicBool,
}

/// A part, and what it said last.
struct Checked {
    probe: Arc<dyn Probe>,
    last: Mutex<Option<(Instant, CheckOutcome)>>,
}

/// For how long an answer of a part is repeated, so that probes cost it nothing.
const REPEATED: Duration = Duration::from_secs(1);

impl Health {
    /// Healthy as long as `database` works. Without `redis`, where there is one, this process works less well and says
    /// so, but works.
    pub fn new(database: Arc<dyn Probe>, redis: Option<Arc<dyn Probe>>) -> Self {
        let (database, redis) = (Checked::new(database), redis.map(Checked::new));
        Self(Arc::new(Inner { database, redis, draining: AtomicBool::new(false) }))
    }

    /// From now on this process says that it is not ready: it is about to stop.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Whether it is about to stop.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    /// What this process would say now.
    pub(crate) async fn readiness(&self) -> Readiness {
        let database = self.0.database.outcome().await;
        let redis = match &self.0.redis {
            Some(redis) => Some(redis.outcome().await),
            None => None,
        };
        let is_draining = self.0.draining.load(Ordering::SeqCst);
        let status = if is_draining || database == CheckOutcome::Failed {
            ReadinessStatus::NotReady
        } else {
            ReadinessStatus::Ready
        };
        Readiness { status, database, redis, draining: is_draining }
    }
}

impl Checked {
    fn new(probe: Arc<dyn Probe>) -> Self {
        Self { probe, last: Mutex::new(None) }
    }

    async fn outcome(&self) -> CheckOutcome {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, outcome)) = last
            && at.elapsed() < REPEATED
        {
            return outcome;
        }
        let outcome = if self.probe.works().await { CheckOutcome::Ok } else { CheckOutcome::Failed };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), outcome));
        outcome
    }
}

/// Whether this process can work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// The sum of the checks.
    pub status: ReadinessStatus,
    /// Whether the database answers.
    pub database: CheckOutcome,
    /// Whether Redis answers; absent where none is configured. Without it this process is ready all the same: it counts
    /// requests on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub redis: Option<CheckOutcome>,
    /// Whether this process is about to stop.
    pub draining: bool,
}

/// The sum of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessStatus {
    /// Send requests.
    Ready,
    /// Send no requests.
    NotReady,
}

/// The outcome of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It works.
    Ok,
    /// It does not.
    Failed,
}

/// This process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Liveness {
    /// Always `alive`; a process that is not does not answer.
    pub status: LivenessStatus,
}

/// Always `alive`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LivenessStatus {
    /// It lives.
    Alive,
}

/// Mounts the routes of this file.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(live).service(ready).service(startup);
}

/// Is the process alive?
///
/// Touches nothing but the event loop. An orchestrator restarts a process that does not answer.
#[utoipa::path(
    operation_id = "getLiveness",
    tag = "operations",
    responses((status = 200, description = "It lives.", body = Liveness, example = json!({ "status": "alive" }))),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/health/live")]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Liveness { status: LivenessStatus::Alive })
}

/// Can the process work?
///
/// Asks the database, and Redis where there is one, at most once a second. A load balancer sends no requests to a process that is not ready; during
/// a shutdown the answer is 503 before connections are refused.
#[utoipa::path(
    operation_id = "getReadiness",
    tag = "operations",
    responses(
        (status = 200, description = "Send requests.", body = Readiness,
            example = json!({ "status": "ready", "database": "ok", "redis": "ok", "draining": false })),
        (status = 503, description = "Send no requests.", body = Readiness,
            example = json!({ "status": "not_ready", "database": "failed", "draining": false })),
    ),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/health/ready")]
async fn ready(state: web::Data<AppState>) -> HttpResponse {
    let readiness = state.health.readiness().await;
    match readiness.status {
        ReadinessStatus::Ready => HttpResponse::Ok().json(readiness),
        ReadinessStatus::NotReady => HttpResponse::ServiceUnavailable().json(readiness),
    }
}

/// Has the process started?
///
/// It answers once keys are loaded and migrations applied: before that connections are accepted but wait.
#[utoipa::path(
    operation_id = "getStartup",
    tag = "operations",
    responses((status = 200, description = "It has started.", body = Liveness, example = json!({ "status": "alive" }))),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/health/startup")]
async fn startup() -> HttpResponse {
    HttpResponse::Ok().json(Liveness { status: LivenessStatus::Alive })
}
