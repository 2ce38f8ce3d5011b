//! What operators are answered.

use actix_web::{
    Error, HttpResponse, ResponseError as _,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::Next,
    web,
};
use ashlar_kernel::{NotFound, RequestId, StoreError};
use serde::Serialize;
use serde_json::json;

use super::AdminState;
use crate::{
    http::{Readiness, ReadinessStatus, problem::Problem},
    telemetry::metrics::{CONTENT_TYPE, PoolUse},
};

/// Mounts the answers.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/metrics", web::get().to(metrics))
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready));
}

async fn metrics(state: web::Data<AdminState>) -> HttpResponse {
    match state.metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Err(error) => problem(&StoreError::internal(error).into(), &state),
    }
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// What the public answer says, and what is nobody else's business.
#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    readiness: Readiness,
    version: &'static str,
    pools: Vec<PoolUse>,
}

async fn ready(state: web::Data<AdminState>) -> HttpResponse {
    let readiness = state.health.readiness().await;
    let mut answer = match readiness.status {
        ReadinessStatus::Ready => HttpResponse::Ok(),
        ReadinessStatus::NotReady => HttpResponse::ServiceUnavailable(),
    };
    answer.json(Detail { readiness, version: env!("CARGO_PKG_VERSION"), pools: state.metrics.pools() })
}

/// For everything else: there is nothing here, whatever the method.
pub(super) async fn nothing(state: web::Data<AdminState>) -> HttpResponse {
    problem(&NotFound.into(), &state)
}

/// A problem document; there is no envelope here that would write it.
fn problem(problem: &Problem, state: &AdminState) -> HttpResponse {
    let document = problem.document(&RequestId::new(&*state.ids));
    match serde_json::to_vec(&document) {
        Ok(body) => problem.head().content_type("application/problem+json").body(body),
        Err(_unwritable) => problem.error_response(),
    }
}

/// Headers for browsers, which have no business here.
pub(super) async fn protected(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    for (name, value) in [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
