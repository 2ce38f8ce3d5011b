//! What processes have in common: Redis, news of ended sessions, caches.

use std::sync::{Arc, OnceLock};

use prometheus::{IntCounter, IntCounterVec, IntGaugeVec, Registry};

use super::{Metrics, catalogue, counters, int_gauges, options, registered};

/// Tells whether Redis gave its last answer.
pub type RedisSource = Arc<dyn Fn() -> bool + Send + Sync>;

pub(super) struct Shared {
    redis: OnceLock<RedisSource>,
    // Gauges that do not exist before they are set, which they are only where there is a Redis.
    redis_up: IntGaugeVec,
    hearing: IntGaugeVec,
    heard: IntCounter,
    lost: IntCounter,
    cache: IntCounterVec,
}

impl Shared {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            redis: OnceLock::new(),
            redis_up: int_gauges(registry, &catalogue::REDIS_UP),
            hearing: int_gauges(registry, &catalogue::REVOCATIONS_HEARING),
            heard: registered(registry, IntCounter::with_opts(options(&catalogue::REVOCATIONS_HEARD))),
            lost: registered(registry, IntCounter::with_opts(options(&catalogue::REVOCATIONS_LOST))),
            cache: counters(registry, &catalogue::CACHE_REQUESTS),
        }
    }

    pub(super) fn refresh(&self) {
        if let Some(is_up) = self.redis.get() {
            set(&self.redis_up, is_up());
        }
    }
}

impl Metrics {
    /// From now on it is reported whether Redis answers, as `source` tells; once, at the start.
    pub fn watch_redis(&self, source: RedisSource) {
        // A process has one Redis; who watches a second time watches the same.
        let _watched_already = self.0.shared.redis.set(source);
    }

    /// Whether this process hears of sessions that end elsewhere.
    pub fn hears_revocations(&self, does: bool) {
        set(&self.0.shared.hearing, does);
    }

    /// The end of a session was heard of.
    pub fn revocation_heard(&self) {
        self.0.shared.heard.inc();
    }

    /// The end of a session could not be announced in time.
    pub fn revocation_lost(&self) {
        self.0.shared.lost.inc();
    }

    /// A cache was asked. Both names are constants of the program, never data.
    pub fn cache_asked(&self, cache: &'static str, result: &'static str) {
        if let Ok(counter) = self.0.shared.cache.get_metric_with_label_values(&[cache, result]) {
            counter.inc();
        }
    }
}

fn set(gauge: &IntGaugeVec, is_so: bool) {
    if let Ok(gauge) = gauge.get_metric_with_label_values::<&str>(&[]) {
        gauge.set(is_so.into());
    }
}
