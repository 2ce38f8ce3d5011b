//! What this process counts and measures, for Prometheus.
//!
//! The registry is a value that the state of the application holds: two products in one process (every test is one)
//! count apart, and nothing is global. The crate is `prometheus`, without its default registry. The `metrics` facade
//! with its exporter would work without globals too, but its histograms keep every single observation until somebody
//! scrapes or tidies up, and most installations of the embedded profile are never scraped. `prometheus-client` writes
//! `OpenMetrics` only, while the answer promised here is the older text format that every scraper reads.
//!
//! Every label has a closed set of values; see [`labels`]. Nobody outside can add a series by asking for something.

mod catalogue;
mod figures;
mod jobs;
mod labels;
mod pools;
#[cfg(target_os = "linux")]
mod process;
mod request;
mod shared;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use actix_web::http::Method;
use prometheus::{
    Counter, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TEXT_FORMAT, TextEncoder, core::Collector,
};

use catalogue::Definition;
pub use figures::RequestFigures;
pub use jobs::{JobInProgress, QueueFigures};
pub use pools::{PoolSource, PoolUse};
pub use request::{Open, RequestInProgress};
pub use shared::RedisSource;

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = TEXT_FORMAT;

/// Where the durations of requests are told apart, in seconds.
const DURATIONS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The metrics of one product. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    connections: IntGauge,
    overloaded: IntCounter,
    login_failed: IntCounter,
    log_lines_lost: IntCounter,
    rate_limited: IntCounterVec,
    forms_trapped: IntCounterVec,
    files_damaged: IntCounter,
    pools: pools::Pools,
    jobs: jobs::Jobs,
    shared: shared::Shared,
    #[cfg(target_os = "linux")]
    process: process::Process,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let build = registered(&registry, GaugeVec::new(options(&catalogue::BUILD), catalogue::BUILD.labels));
        if let Ok(build) = build.get_metric_with_label_values(&[env!("CARGO_PKG_VERSION")]) {
            build.set(1.0);
        }
        let durations = HistogramOpts::from(options(&catalogue::DURATIONS)).buckets(DURATIONS.to_vec());
        Self(Arc::new(Inner {
            requests: counters(&registry, &catalogue::REQUESTS),
            durations: registered(&registry, HistogramVec::new(durations, catalogue::DURATIONS.labels)),
            in_flight: registered(&registry, IntGauge::with_opts(options(&catalogue::IN_FLIGHT))),
            connections: registered(&registry, IntGauge::with_opts(options(&catalogue::CONNECTIONS))),
            overloaded: registered(&registry, IntCounter::with_opts(options(&catalogue::OVERLOADED))),
            login_failed: registered(&registry, IntCounter::with_opts(options(&catalogue::LOGIN_FAILED))),
            log_lines_lost: registered(&registry, IntCounter::with_opts(options(&catalogue::LOG_LINES_LOST))),
            rate_limited: counters(&registry, &catalogue::RATE_LIMITED),
            forms_trapped: counters(&registry, &catalogue::FORMS_TRAPPED),
            files_damaged: registered(&registry, IntCounter::with_opts(options(&catalogue::FILES_DAMAGED))),
            pools: pools::Pools::new(&registry),
            jobs: jobs::Jobs::new(&registry),
            shared: shared::Shared::new(&registry),
            #[cfg(target_os = "linux")]
            process: process::Process::new(&registry),
            registry,
        }))
    }
}

impl Metrics {
    /// A request has come: `route` is the template of its path, if the path is one of ours.
    pub fn begin(&self, method: &Method, route: Option<String>) -> RequestInProgress {
        RequestInProgress::new(self, method, route)
    }

    /// Counts a connection until what it returns is dropped.
    pub fn connection(&self) -> Open {
        Open::count(&self.0.connections)
    }

    /// A request was refused under this policy of rate limits.
    pub fn rate_limited(&self, policy: &'static str) {
        if let Ok(counter) = self.0.rate_limited.get_metric_with_label_values(&[policy]) {
            counter.inc();
        }
    }

    /// So many warnings and errors are not in the system log.
    pub fn log_lines_lost(&self, lines: u64) {
        self.0.log_lines_lost.inc_by(lines);
    }

    /// A form was thrown away, caught by this trap.
    pub fn form_trapped(&self, trap: &'static str) {
        if let Ok(counter) = self.0.forms_trapped.get_metric_with_label_values(&[trap]) {
            counter.inc();
        }
    }

    /// A stored file is not what was kept.
    pub fn file_damaged(&self) {
        self.0.files_damaged.inc();
    }

    /// From now on the connections that `source` tells of are reported; once, at the start.
    pub fn watch_pools(&self, source: PoolSource) {
        self.0.pools.watch(source);
    }

    /// Somebody has waited this long for a connection of this pool, and has it.
    pub fn waited_for_connection(&self, pool: &'static str, time: Duration) {
        self.0.pools.waited(pool, time);
    }

    /// How many connections to the database are at work, and how many wait.
    pub fn pools(&self) -> Vec<PoolUse> {
        self.0.pools.now()
    }

    /// An attempt at a job begins, of one of the kinds this process knows.
    pub fn job(&self, kind: Option<&'static str>) -> JobInProgress {
        JobInProgress::new(self.clone(), kind)
    }

    /// How the queues are doing.
    pub fn queues(&self, queues: Vec<QueueFigures>) {
        self.0.jobs.show(queues);
    }

    /// How old the oldest event is that has not become jobs yet.
    pub fn outbox_lag(&self, lag: Duration) {
        self.0.jobs.lag(lag);
    }

    /// How old the oldest event is that is not sealed yet.
    pub fn seal_lag(&self, lag: Duration) {
        self.0.jobs.seal_lag(lag);
    }

    /// Everything, in the text format of Prometheus (version 0.0.4).
    pub fn render(&self) -> Result<String, prometheus::Error> {
        self.0.pools.refresh();
        self.0.shared.refresh();
        #[cfg(target_os = "linux")]
        self.0.process.refresh();
        TextEncoder::new().encode_to_string(&self.0.registry.gather())
    }
}

fn options(definition: &Definition) -> Opts {
    Opts::new(definition.name, definition.meaning)
}

fn counters(registry: &Registry, definition: &Definition) -> IntCounterVec {
    registered(registry, IntCounterVec::new(options(definition), definition.labels))
}

fn int_gauges(registry: &Registry, definition: &Definition) -> IntGaugeVec {
    registered(registry, IntGaugeVec::new(options(definition), definition.labels))
}

#[cfg(target_os = "linux")]
fn gauge(registry: &Registry, definition: &Definition) -> Gauge {
    registered(registry, Gauge::with_opts(options(definition)))
}

#[cfg(target_os = "linux")]
fn counter(registry: &Registry, definition: &Definition) -> Counter {
    registered(registry, Counter::with_opts(options(definition)))
}

/// The metric, once the registry knows it.
#[expect(
    clippy::expect_used,
    reason = "names and labels are constants of the catalogue, and every test makes them all"
)]
fn registered<M: Collector + Clone + 'static>(registry: &Registry, metric: prometheus::Result<M>) -> M {
    let metric = metric.expect("a definition of the catalogue is valid");
    registry.register(Box::new(metric.clone())).expect("no definition of the catalogue stands there twice");
    metric
}
