//! The sealer of the audit trail as a task, and its checkpoints.

use std::{sync::Arc, time::Duration};

use ashlar_audit::{Checkpointer, Sealer};
use ashlar_kernel::{Clock, Timestamp};

use super::pace::{Pace, Trouble};

/// A ring may be lost; an event does not wait longer than this for it.
const LOOK: Duration = Duration::from_secs(1);

/// How long events are waited for that may come with the first: sealing them together costs little more than sealing one.
const GATHER: Duration = Duration::from_millis(100);

/// How events become the audit trail.
pub struct Sealing {
    /// Who seals.
    pub sealer: Sealer,
    /// Who signs, if there is a place for checkpoints.
    pub checkpointer: Option<Checkpointer>,
    /// The time between two checkpoints.
    pub every: Duration,
}

pub(super) async fn run(sealing: Sealing, clock: Arc<dyn Clock>, mut pace: Pace) {
    let mut trouble = Trouble::with("the sealer of the audit trail");
    let mut checkpoints = Checkpoints { checkpointer: sealing.checkpointer, every: sealing.every, last: None };
    while pace.goes_on() {
        match sealing.sealer.step(clock.now()).await {
            Ok(sealed) => {
                trouble.is_over();
                if sealed < Sealer::BATCH {
                    checkpoints.sign_if_due(clock.now()).await;
                    pace.until_rung(LOOK).await;
                    pace.rest(GATHER).await;
                }
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
    let last_words = async {
        while matches!(sealing.sealer.step(clock.now()).await, Ok(Sealer::BATCH)) {}
        checkpoints.sign(clock.now()).await;
    };
    // What is left is sealed by the next process.
    let _in_time = tokio::time::timeout(pace.patience(), last_words).await;
}

struct Checkpoints {
    checkpointer: Option<Checkpointer>,
    every: Duration,
    last: Option<Timestamp>,
}

impl Checkpoints {
    async fn sign_if_due(&mut self, now: Timestamp) {
        let age = |last: Timestamp| (now - last).to_std().unwrap_or_default();
        if self.last.is_none_or(|last| age(last) >= self.every) {
            self.last = Some(now);
            self.sign(now).await;
        }
    }

    async fn sign(&self, now: Timestamp) {
        let Some(checkpointer) = &self.checkpointer else { return };
        match checkpointer.step(now).await {
            Ok(0) => {}
            Ok(checkpoints) => tracing::debug!(checkpoints, "the audit trail has new checkpoints"),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(tracing::field::display);
                tracing::warn!(%error, cause, "there is no new checkpoint of the audit trail");
            }
        }
    }
}
