//! What is told of statements and of waiting for connections: to the log when it took long, and to whoever counts.

use std::time::{Duration, Instant};

use crate::{
    SqlOptions, StatementSeen,
    options::{Observer, WaitObserver},
};

/// A statement that takes longer is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

/// Whom to tell. Clones tell the same.
#[derive(Clone)]
pub(crate) struct Watch {
    statements: Option<Observer>,
    waits: Option<WaitObserver>,
}

impl Watch {
    pub(crate) fn new(options: &SqlOptions) -> Self {
        Self { statements: options.observer.clone(), waits: options.wait_observer.clone() }
    }

    /// When something begins whose end will be told.
    pub(crate) fn start() -> Instant {
        Instant::now()
    }

    /// A statement that began at `started` has ended.
    pub(crate) fn seen(&self, sql: &str, started: Instant, failed: bool) {
        self.tell(&StatementSeen { sql, elapsed: started.elapsed(), failed });
    }

    pub(crate) fn tell(&self, seen: &StatementSeen<'_>) {
        if seen.elapsed >= SLOW {
            tracing::warn!(sql = seen.sql, elapsed_ms = seen.elapsed.as_millis(), "slow statement");
        }
        if let Some(observer) = &self.statements {
            observer(seen);
        }
    }

    /// Somebody who wanted a connection of this pool at `started` has one, or was turned away.
    pub(crate) fn waited(&self, pool: &'static str, started: Instant) {
        if let Some(observer) = &self.waits {
            observer(pool, started.elapsed());
        }
    }
}
