//! The time that all processes on one database have in common.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ashlar_kernel::{Clock, StoreError, Timestamp};
use chrono::{SubsecRound as _, TimeDelta};

/// Asks the database by how much its clock is ahead of ours.
pub type AskOffset = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<TimeDelta, StoreError>> + Send>> + Send + Sync>;

/// The clock of this machine, set by that of the database.
///
/// Leases and schedules are judged by several machines. By their own clocks, one that is a minute ahead would take the
/// jobs of the others away. Asking the database for each moment would cost a round trip each time; asking once a minute
/// costs nothing and is as exact as that round trip is short.
#[derive(Clone)]
pub struct SharedClock {
    local: Arc<dyn Clock>,
    offset_millis: Arc<AtomicI64>,
    ask: AskOffset,
}

const ASK_EVERY: Duration = Duration::from_mins(1);
/// More than this, and an operator should know.
const NOTABLE: TimeDelta = TimeDelta::seconds(5);

impl SharedClock {
    /// `local`, not yet set; [`keep`](Self::keep) does it.
    pub fn new(local: Arc<dyn Clock>, ask: AskOffset) -> Self {
        Self { local, offset_millis: Arc::default(), ask }
    }

    /// Sets the clock by the database, now. A database that does not answer leaves it as it is.
    pub async fn set(&self) {
        match (self.ask)().await {
            Ok(offset) => {
                let before = self.offset_millis.swap(offset.num_milliseconds(), Ordering::Relaxed);
                let is_news = offset.abs() >= NOTABLE && (offset.num_milliseconds() - before).abs() >= 1_000;
                if is_news {
                    let seconds = offset.num_seconds();
                    tracing::warn!(seconds, "the clock of the database is ahead of this machine's by so much");
                }
            }
            Err(error) => tracing::debug!(%error, "the database was not asked the time"),
        }
    }

    pub(super) async fn keep(self) {
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            self.set().await;
        }
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        let offset = TimeDelta::milliseconds(self.offset_millis.load(Ordering::Relaxed));
        (self.local.now() + offset).trunc_subsecs(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stopped;
    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    fn clock(offset: fn() -> Result<TimeDelta, StoreError>) -> SharedClock {
        SharedClock::new(Arc::new(Stopped), Arc::new(move || Box::pin(std::future::ready(offset()))))
    }

    #[actix_web::test]
    async fn it_goes_by_the_database_once_it_was_set() {
        let clock = clock(|| Ok(TimeDelta::milliseconds(-1_500)));
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);

        clock.set().await;

        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH - TimeDelta::milliseconds(1_500));
    }

    #[actix_web::test]
    async fn a_database_that_does_not_answer_changes_nothing() {
        let clock = clock(|| Err(StoreError::Unavailable("gone".into())));
        clock.offset_millis.store(7_000, Ordering::Relaxed);

        clock.set().await;

        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH + TimeDelta::seconds(7));
    }
}
