//! Connections to the database, looked at when somebody asks.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use prometheus::{HistogramOpts, HistogramVec, IntGaugeVec, Registry};
use serde::Serialize;

use super::{catalogue, int_gauges, options, registered};

/// How a pool of connections is used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PoolUse {
    /// Which pool.
    pub name: &'static str,
    /// Connections that are at work.
    pub in_use: u32,
    /// Connections that are open and wait for work.
    pub idle: u32,
}

/// Tells how every pool is used.
pub type PoolSource = Arc<dyn Fn() -> Vec<PoolUse> + Send + Sync>;

/// Where waits are told apart, in seconds: most are none at all, and after two seconds a request is turned away.
const WAITS: [f64; 10] = [0.0001, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0];

pub(super) struct Pools {
    source: OnceLock<PoolSource>,
    in_use: IntGaugeVec,
    idle: IntGaugeVec,
    waits: HistogramVec,
}

impl Pools {
    pub(super) fn new(registry: &Registry) -> Self {
        let waits = HistogramOpts::from(options(&catalogue::POOL_WAITS)).buckets(WAITS.to_vec());
        Self {
            source: OnceLock::new(),
            in_use: int_gauges(registry, &catalogue::POOL_IN_USE),
            idle: int_gauges(registry, &catalogue::POOL_IDLE),
            waits: registered(registry, HistogramVec::new(waits, catalogue::POOL_WAITS.labels)),
        }
    }

    pub(super) fn watch(&self, source: PoolSource) {
        // A process has one database; who watches a second time watches the same.
        let _watched_already = self.source.set(source);
    }

    pub(super) fn waited(&self, pool: &str, time: Duration) {
        if let Ok(waits) = self.waits.get_metric_with_label_values(&[pool]) {
            waits.observe(time.as_secs_f64());
        }
    }

    pub(super) fn now(&self) -> Vec<PoolUse> {
        self.source.get().map(|source| source()).unwrap_or_default()
    }

    pub(super) fn refresh(&self) {
        for pool in self.now() {
            set(&self.in_use, &pool, pool.in_use);
            set(&self.idle, &pool, pool.idle);
        }
    }
}

fn set(gauges: &IntGaugeVec, pool: &PoolUse, value: u32) {
    if let Ok(gauge) = gauges.get_metric_with_label_values(&[pool.name]) {
        gauge.set(value.into());
    }
}
