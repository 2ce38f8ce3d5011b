//! Jobs: each attempt as it ends, and the queues as somebody last saw them.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ashlar_jobs::DEFAULT_QUEUE;
use prometheus::{Gauge, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Registry};

use super::{Metrics, catalogue, counters, int_gauges, options, registered};

/// Where the durations of jobs are told apart, in seconds: from a row that is deleted to a file that is imported.
const DURATIONS: [f64; 12] = [0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0];
/// The kind of every job this process does not know.
const UNKNOWN: &str = "unknown";

/// How one queue is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFigures {
    /// Which.
    pub queue: String,
    /// Jobs that wait.
    pub ready: u64,
    /// Jobs a worker has.
    pub running: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Jobs nobody understood.
    pub parked: u64,
    /// How long the first has waited.
    pub oldest_seconds: u64,
}

pub(super) struct Jobs {
    attempts: IntCounterVec,
    durations: HistogramVec,
    ready: IntGaugeVec,
    running: IntGaugeVec,
    dead: IntGaugeVec,
    parked: IntGaugeVec,
    oldest: IntGaugeVec,
    lag: Gauge,
    seal_lag: Gauge,
    /// Queues that were shown: one that has become empty is shown as empty, and does not keep its last figures.
    shown: Mutex<BTreeSet<String>>,
}

impl Jobs {
    pub(super) fn new(registry: &Registry) -> Self {
        let durations = HistogramOpts::from(options(&catalogue::JOB_DURATIONS)).buckets(DURATIONS.to_vec());
        let jobs = Self {
            attempts: counters(registry, &catalogue::JOBS),
            durations: registered(registry, HistogramVec::new(durations, catalogue::JOB_DURATIONS.labels)),
            ready: int_gauges(registry, &catalogue::JOB_READY),
            running: int_gauges(registry, &catalogue::JOB_RUNNING),
            dead: int_gauges(registry, &catalogue::JOB_DEAD),
            parked: int_gauges(registry, &catalogue::JOB_PARKED),
            oldest: int_gauges(registry, &catalogue::JOB_OLDEST),
            lag: registered(registry, Gauge::with_opts(options(&catalogue::OUTBOX_LAG))),
            seal_lag: registered(registry, Gauge::with_opts(options(&catalogue::SEAL_LAG))),
            shown: Mutex::default(),
        };
        // Alerts are written for series that exist.
        jobs.show(vec![QueueFigures::empty(DEFAULT_QUEUE)]);
        jobs
    }

    pub(super) fn show(&self, queues: Vec<QueueFigures>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for gone in shown.iter().filter(|name| queues.iter().all(|figures| figures.queue != **name)) {
            self.show_one(&QueueFigures::empty(gone));
        }
        for figures in queues {
            self.show_one(&figures);
            shown.insert(figures.queue);
        }
    }

    fn show_one(&self, figures: &QueueFigures) {
        for (gauges, value) in [
            (&self.ready, figures.ready),
            (&self.running, figures.running),
            (&self.dead, figures.dead),
            (&self.parked, figures.parked),
            (&self.oldest, figures.oldest_seconds),
        ] {
            if let Ok(gauge) = gauges.get_metric_with_label_values(&[&figures.queue]) {
                gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            }
        }
    }

    pub(super) fn lag(&self, lag: Duration) {
        self.lag.set(lag.as_secs_f64());
    }

    pub(super) fn seal_lag(&self, lag: Duration) {
        self.seal_lag.set(lag.as_secs_f64());
    }
}

impl QueueFigures {
    fn empty(queue: &str) -> Self {
        Self { queue: queue.to_owned(), ready: 0, running: 0, dead: 0, parked: 0, oldest_seconds: 0 }
    }
}

/// An attempt at a job that has not ended.
#[must_use]
pub struct JobInProgress {
    metrics: Metrics,
    kind: &'static str,
    began: Instant,
}

impl JobInProgress {
    pub(super) fn new(metrics: Metrics, kind: Option<&'static str>) -> Self {
        Self { metrics, kind: kind.unwrap_or(UNKNOWN), began: Instant::now() }
    }

    /// It ended like this, and took so long.
    pub fn ended(self, outcome: &'static str) -> Duration {
        let took = self.began.elapsed();
        let jobs = &self.metrics.0.jobs;
        if let Ok(counter) = jobs.attempts.get_metric_with_label_values(&[self.kind, outcome]) {
            counter.inc();
        }
        if let Ok(durations) = jobs.durations.get_metric_with_label_values(&[self.kind]) {
            durations.observe(took.as_secs_f64());
        }
        took
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_became_empty_is_shown_as_empty() {
        let metrics = Metrics::default();
        metrics.queues(vec![QueueFigures { ready: 3, ..QueueFigures::empty("mail") }]);
        assert!(metrics.render().unwrap().contains("job_ready{queue=\"mail\"} 3"));

        metrics.queues(Vec::new());

        assert!(metrics.render().unwrap().contains("job_ready{queue=\"mail\"} 0"));
    }

    #[test]
    fn kinds_nobody_knows_are_one_series() {
        let metrics = Metrics::default();
        metrics.job(None).ended("parked");
        metrics.job(Some("mail.send")).ended("done");

        let text = metrics.render().unwrap();
        assert!(text.contains("jobs_total{kind=\"unknown\",outcome=\"parked\"} 1"), "{text}");
        assert!(text.contains("jobs_total{kind=\"mail.send\",outcome=\"done\"} 1"), "{text}");
    }
}
