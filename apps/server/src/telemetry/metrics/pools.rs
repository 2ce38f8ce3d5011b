//! Connections to the database, looked at when somebody asks.

use std::sync::{Arc, OnceLock};

use prometheus::{IntGaugeVec, Registry};
use serde::Serialize;

use super::{catalogue, int_gauges};

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

pub(super) struct Pools {
    source: OnceLock<PoolSource>,
    in_use: IntGaugeVec,
    idle: IntGaugeVec,
}

impl Pools {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            source: OnceLock::new(),
            in_use: int_gauges(registry, &catalogue::POOL_IN_USE),
            idle: int_gauges(registry, &catalogue::POOL_IDLE),
        }
    }

    pub(super) fn watch(&self, source: PoolSource) {
        // A process has one database; who watches a second time watches the same.
        let _watched_already = self.source.set(source);
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
