//! Time as a port.

use chrono::{DateTime, Datelike, SubsecRound, Utc};

/// A moment in UTC. Everything Ashlar stores or prints is exact to the millisecond, see [`Clock`].
pub type Timestamp = DateTime<Utc>;

/// The moment that a text says as in RFC 3339, in whole milliseconds. Years have four digits there: what else the parser
/// takes is in order in no database, and out of range in one.
pub fn parse_moment(text: &str) -> Option<Timestamp> {
    let at = text.parse::<Timestamp>().ok()?;
    Timestamp::from_timestamp_millis(at.timestamp_millis()).filter(|at| (0..=9999).contains(&at.year()))
}

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
    fn moments_have_years_of_four_digits() {
        assert_eq!(
            parse_moment("2026-01-31T12:00:00.1239+01:00").unwrap().to_rfc3339(),
            "2026-01-31T11:00:00.123+00:00"
        );
        assert!(parse_moment("0000-01-01T00:00:00Z").is_some() && parse_moment("9999-12-31T23:59:59.999Z").is_some());
        for bad in ["-0001-01-01T00:00:00Z", "+10000-01-01T00:00:00Z", "9999-12-31T23:59:59-00:01", "2026-01-31", ""] {
            assert_eq!(parse_moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn system_clock_answers_in_whole_milliseconds() {
        let now = SystemClock.now();
        assert_eq!(now, now.trunc_subsecs(3));
    }
}
