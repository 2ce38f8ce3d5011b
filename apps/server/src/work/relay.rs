//! The relay as a task.

use std::time::Duration;

use ashlar_jobs::Relay;

use super::pace::{Pace, Trouble};

/// A ring may be lost; an event does not wait longer than this for it.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(relay: Relay, mut pace: Pace) {
    let mut trouble = Trouble::with("the relay from events to jobs");
    while pace.goes_on() {
        match relay.step().await {
            Ok(moved) => {
                trouble.is_over();
                if moved < Relay::BATCH {
                    pace.until_rung(LOOK).await;
                }
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
}
