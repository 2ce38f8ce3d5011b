//! What is counted about a request or a connection, from its beginning to its end.

use std::time::Instant;

use actix_web::http::{Method, StatusCode};
use ashlar_identity::port::hasher_codes;
use prometheus::IntGauge;

use super::{Metrics, labels};

/// The one route whose refusals are worth a counter of their own.
const LOGIN: (&str, &str) = ("POST", "/api/v1/auth/login");

/// Something that is counted until it is dropped.
#[must_use]
pub struct Open(IntGauge);

impl Open {
    pub(super) fn count(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that waits for its answer. A client that goes away ends it without an answer.
#[must_use]
pub struct RequestInProgress {
    metrics: Metrics,
    method: &'static str,
    route: Option<String>,
    began: Instant,
    _open: Open,
}

impl RequestInProgress {
    pub(super) fn new(metrics: &Metrics, method: &Method, route: Option<String>) -> Self {
        Self {
            metrics: metrics.clone(),
            method: labels::method(method),
            route,
            began: Instant::now(),
            _open: Open::count(&metrics.0.in_flight),
        }
    }

    /// The template of its path.
    pub fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    /// The template that was found after all, once the path was in its normal form.
    pub fn matched(&mut self, route: Option<String>) {
        self.route = route;
    }

    /// When it came.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// It is answered; `code` is that of the problem, if the answer is one.
    pub fn answered(self, status: StatusCode, code: Option<&str>) {
        let metrics = &self.metrics.0;
        let route = labels::route(self.route(), status);
        if let Ok(counter) = metrics.requests.get_metric_with_label_values(&[self.method, route, status.as_str()]) {
            counter.inc();
        }
        if let Ok(durations) = metrics.durations.get_metric_with_label_values(&[self.method, route]) {
            durations.observe(self.began.elapsed().as_secs_f64());
        }
        if code == Some(hasher_codes::OVERLOADED.code) {
            metrics.overloaded.inc();
        }
        if status == StatusCode::UNAUTHORIZED && (self.method, route) == LOGIN {
            metrics.login_failed.inc();
        }
    }
}
