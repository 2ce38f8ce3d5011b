//! A clock that stands still until it is moved.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ashlar_kernel::{Clock, Timestamp};
use chrono::{SubsecRound, TimeDelta};

/// A clock moved by hand, so that expiry is tested without waiting.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that stands at `moment`, an RFC 3339 time such as `2030-01-01T00:00:00Z`.
    ///
    /// # Panics
    ///
    /// When `moment` is no such time.
    #[expect(clippy::expect_used, reason = "a double for tests, called with a literal")]
    pub fn at(moment: &str) -> Self {
        Self(Mutex::new(moment.parse().expect("a time in RFC 3339, such as 2030-01-01T00:00:00Z")))
    }

    /// Moves the clock by `step`, which may be negative.
    ///
    /// # Panics
    ///
    /// When that leaves the calendar, which ends in the year 262,142.
    pub fn advance(&self, step: TimeDelta) {
        *self.hand() += step;
    }

    /// Moves the clock to `moment`.
    pub fn set(&self, moment: Timestamp) {
        *self.hand() = moment;
    }

    fn hand(&self) -> MutexGuard<'_, Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.hand().trunc_subsecs(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_it_is_moved() {
        let clock = ManualClock::at("2030-01-01T00:00:00Z");
        let start = clock.now();
        assert_eq!(clock.now(), start);

        clock.advance(TimeDelta::minutes(15));
        assert_eq!(clock.now() - start, TimeDelta::minutes(15));
        clock.advance(TimeDelta::hours(-1));
        assert_eq!(clock.now() - start, TimeDelta::minutes(-45));
        clock.set(start);
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn small_steps_add_up_to_whole_milliseconds() {
        let clock = ManualClock::at("2030-01-01T00:00:00Z");
        let start = clock.now();
        clock.advance(TimeDelta::microseconds(600));
        assert_eq!(clock.now(), start);
        clock.advance(TimeDelta::microseconds(600));
        assert_eq!(clock.now() - start, TimeDelta::milliseconds(1));
    }
}
