//! Time as a port.

use chrono::{DateTime, SubsecRound, Utc};

/// A moment in UTC. Everything Ashlar stores or prints is exact to the millisecond, see [`Clock`].
pub type Timestamp = DateTime<Utc>;

/// Where the present moment comes from.
///
/// Implementations answer in whole milliseconds: the resolution of the API and of every database adapter, so that a
/// value read back equals the value written.
pub trait Clock: Send + Sync {
    /// The present moment, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// The operating system's wall clock: the one place of the workspace that reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's door to the operating system")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_clock_answers_in_whole_milliseconds() {
        let now = SystemClock.now();
        assert_eq!(now, now.trunc_subsecs(3));
    }
}
