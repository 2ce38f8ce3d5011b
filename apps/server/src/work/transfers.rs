//! Imports and large exports of leads as tasks: one of each at a time in this process.

use std::time::Duration;

use ashlar_leads::RunError;
use async_trait::async_trait;

use super::pace::{Pace, Trouble};

/// Nobody rings for what a process that has gone had begun.
const LOOK: Duration = Duration::from_secs(1);

/// What waits to be carried out, one after the other.
#[async_trait]
pub(super) trait Waiting: Send + Sync {
    /// What it is, for operators.
    const WHAT: &'static str;

    /// Takes one on and carries it out, unless it is time to stop; whether there was one.
    async fn step(&self, pace: &Pace) -> Result<bool, RunError>;
}

pub(super) async fn run<W: Waiting>(waiting: W, mut pace: Pace) {
    let mut trouble = Trouble::with(W::WHAT);
    while pace.goes_on() {
        match waiting.step(&pace).await {
            Ok(was_there) => {
                trouble.is_over();
                if !was_there {
                    pace.until_rung(LOOK).await;
                }
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
}
