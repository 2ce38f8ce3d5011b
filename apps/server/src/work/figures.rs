//! What operators want to know about the queues.

use std::{sync::Arc, time::Duration};

use ashlar_audit::Sealer;
use ashlar_jobs::port::{JobStore, Outbox};
use ashlar_kernel::{Clock, StoreError, Timestamp};

use super::pace::Pace;
use crate::telemetry::metrics::{Metrics, QueueFigures};

const LOOK: Duration = Duration::from_secs(10);

pub(super) struct Figures {
    jobs: Arc<dyn JobStore>,
    outbox: Arc<dyn Outbox>,
    sealer: Sealer,
    metrics: Metrics,
}

impl Figures {
    pub(super) fn new(jobs: Arc<dyn JobStore>, outbox: Arc<dyn Outbox>, sealer: Sealer, metrics: Metrics) -> Self {
        Self { jobs, outbox, sealer, metrics }
    }

    pub(super) async fn keep(self, clock: Arc<dyn Clock>, mut pace: Pace) {
        while pace.goes_on() {
            if let Err(error) = self.look(clock.now()).await {
                tracing::debug!(%error, "the figures of the queues are old");
            }
            pace.rest(LOOK).await;
        }
    }

    async fn look(&self, now: Timestamp) -> Result<(), StoreError> {
        let queues = self.jobs.stats(now).await?.into_iter().map(|stats| QueueFigures {
            queue: stats.queue,
            ready: stats.ready,
            running: stats.running,
            dead: stats.dead,
            parked: stats.parked,
            oldest_seconds: stats.oldest_seconds,
        });
        self.metrics.queues(queues.collect());
        let age = |oldest: Option<Timestamp>| {
            oldest.map_or(Duration::ZERO, |oldest| (now - oldest).to_std().unwrap_or_default())
        };
        self.metrics.outbox_lag(age(self.outbox.backlog().await?.oldest));
        self.metrics.seal_lag(age(self.sealer.unsealed().await?.oldest));
        Ok(())
    }
}
