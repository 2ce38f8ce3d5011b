//! Schedules as a task.

use std::{sync::Arc, time::Duration};

use ashlar_jobs::Scheduler;
use ashlar_kernel::Clock;
use chrono::TimeDelta;

use super::pace::{Pace, Trouble};

/// A clock may be set, so that no moment is waited for longer than this without a look.
const LOOK: Duration = Duration::from_secs(30);
/// Firings of long ago are forgotten this often.
const TEND: TimeDelta = TimeDelta::hours(6);

pub(super) async fn run(scheduler: Scheduler, clock: Arc<dyn Clock>, mut pace: Pace) {
    let mut trouble = Trouble::with("the scheduler");
    let mut tended = None;
    while pace.goes_on() {
        let outcome = async {
            scheduler.step().await?;
            if tended.is_none_or(|last| clock.now() - last >= TEND) {
                scheduler.tend().await?;
                tended = Some(clock.now());
            }
            Ok::<_, ashlar_kernel::StoreError>(())
        };
        match outcome.await {
            Ok(()) => {
                trouble.is_over();
                pace.rest(until_due(&scheduler, &*clock)).await;
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
}

fn until_due(scheduler: &Scheduler, clock: &dyn Clock) -> Duration {
    let due = scheduler.next().map(|next| (next - clock.now()).to_std().unwrap_or_default());
    // A little late rather than a little early, which would mean another look.
    due.map_or(LOOK, |due| due.mul_f64(4.0 / 3.0).min(due + Duration::from_secs(1)).min(LOOK))
}
