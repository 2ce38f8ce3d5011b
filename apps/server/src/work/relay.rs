//! The relay as a task.

use std::time::Duration;

use ashlar_jobs::Relay;

use super::pace::{Pace, Trouble};

/// A ring may be lost; an event does not wait longer than this for it.
const LOOK: Duration = Duration::from_secs(1);

/// How long events are waited for that may come with the first.
const GATHER: Duration = Duration::from_millis(10);

pub(super) async fn run(relay: Relay, mut pace: Pace) {
    let mut trouble = Trouble::with("the relay from events to jobs");
    while pace.goes_on() {
        match relay.step().await {
            Ok(moved) => {
                trouble.is_over();
                if moved < Relay::BATCH {
                    pace.until_rung(LOOK).await;
                    // Where one event is, others follow: they are moved together, or a busy server would have a
                    // transaction of the relay for each of its own.
                    pace.rest(GATHER).await;
                }
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
}
