//! The time of a log line: RFC 3339 in UTC, to the millisecond.

use std::fmt;

use chrono::{DateTime, SecondsFormat, SubsecRound as _, Utc};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// The timer of both formats.
#[derive(Debug, Clone, Copy)]
pub(super) struct UtcMillis;

impl FormatTime for UtcMillis {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(&now())
    }
}

/// This moment as text.
pub(super) fn now() -> String {
    text(moment())
}

/// This moment, in whole milliseconds.
#[expect(clippy::disallowed_methods, reason = "a log line is about this very moment; nothing is decided by it")]
pub(super) fn moment() -> DateTime<Utc> {
    DateTime::<Utc>::from(std::time::SystemTime::now()).trunc_subsecs(3)
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_always_three_digits_of_a_second() {
        assert_eq!(text(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}
