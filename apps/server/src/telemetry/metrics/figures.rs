//! A few figures read back, for who looks at numbers without a Prometheus.

use prometheus::{
    core::Collector as _,
    proto::{Bucket, Metric, MetricFamily},
};

use super::{DURATIONS, Metrics};

/// What became of the requests of this process since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RequestFigures {
    /// Those that were answered.
    pub requests: u64,
    /// Those that were answered by 5xx.
    pub errors: u64,
    /// Within how many milliseconds 95 of 100 were answered: the upper end of a bucket. None while there is none.
    pub p95_ms: Option<f64>,
}

impl Metrics {
    /// What became of the requests of this process since it started.
    pub fn request_figures(&self) -> RequestFigures {
        let families = self.0.requests.collect();
        let counted = families.iter().flat_map(MetricFamily::get_metric).map(|metric| {
            let mut labels = metric.get_label().iter();
            let is_error = labels.any(|label| label.name() == "status" && label.value().starts_with('5'));
            (whole(metric.get_counter().get_value()), is_error)
        });
        let mut figures = RequestFigures { p95_ms: self.p95_ms(), ..RequestFigures::default() };
        for (count, is_error) in counted {
            figures.requests += count;
            figures.errors += if is_error { count } else { 0 };
        }
        figures
    }

    fn p95_ms(&self) -> Option<f64> {
        let families = self.0.durations.collect();
        let histograms: Vec<_> =
            families.iter().flat_map(MetricFamily::get_metric).map(Metric::get_histogram).collect();
        let all: u64 = histograms.iter().map(|histogram| histogram.get_sample_count()).sum();
        let within = |end: &f64| -> u64 {
            let buckets = histograms.iter().flat_map(|histogram| histogram.get_bucket());
            let of_this_end = buckets.filter(|bucket| bucket.upper_bound().total_cmp(end).is_eq());
            of_this_end.map(Bucket::cumulative_count).sum()
        };
        // Whatever took longer than the last bucket says so by its end.
        let found = DURATIONS.into_iter().find(|end| within(end) * 100 >= all * 95).or(DURATIONS.last().copied());
        found.filter(|_| all > 0).map(|seconds| seconds * 1_000.0)
    }
}

/// Counters of whole things are kept as fractions.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, far below 2^53")]
fn whole(count: f64) -> u64 {
    count.round() as u64
}

#[cfg(test)]
mod tests {
    use actix_web::http::{Method, StatusCode};

    use super::*;

    #[test]
    fn figures_are_of_all_requests() {
        let metrics = Metrics::default();
        assert_eq!(metrics.request_figures(), RequestFigures::default());
        for status in [200, 200, 404, 503] {
            let request = metrics.begin(&Method::GET, Some("/api/v1/me".to_owned()));
            request.answered(StatusCode::from_u16(status).unwrap(), None);
        }

        let figures = metrics.request_figures();
        assert_eq!((figures.requests, figures.errors), (4, 1));
        assert!(figures.p95_ms.is_some_and(|ms| ms > 0.0 && ms <= 1_000.0), "{figures:?}");
    }
}
