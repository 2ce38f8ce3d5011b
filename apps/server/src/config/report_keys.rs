//! The rows of [`KEYS`](super::KEYS) about what a process tells of itself: its log, and errors to Sentry.

use super::choice::LogFormat;
use super::key::{Key, Kind};

const LOGS: &str = "Logs";

pub(super) const LOG: Key = Key::new(
    "log",
    "ASHLAR_LOG",
    "log",
    Kind::Other {
        placeholder: "FILTER",
        accepts: "off, error, warn, info, debug or trace, also by target, such as info,ashlar_server=debug",
    },
    "What is logged.",
)
// What libraries do by themselves is news to nobody but their authors, and what actix_http calls an error is a
// stranger's malformed request.
.default("info,sqlx=warn,sea_orm_migration=warn,actix_server=warn,actix_http=off")
.under(LOGS);

pub(super) const LOG_FORMAT: Key = Key::new(
    "log_format",
    "ASHLAR_LOG_FORMAT",
    "log-format",
    Kind::Choice(LogFormat::WORDS),
    "How it is logged: for people, as one JSON object a line, or (`auto`) the former on a terminal and the latter elsewhere.",
)
.default("auto")
.under(LOGS);

pub(super) const LOG_FILE: Key = Key::new(
    "log_file",
    "ASHLAR_LOG_FILE",
    "log-file",
    Kind::Other { placeholder: "FILE", accepts: "the path of a file" },
    "A file that takes the log of `serve` as well, one JSON object a line. Every process needs one of its own.",
)
.under(LOGS);

pub(super) const LOG_FILE_SIZE: Key = Key::new(
    "log_file_size",
    "ASHLAR_LOG_FILE_SIZE",
    "log-file-size",
    Kind::Size { min: "1KiB", max: "10GiB" },
    "How large the log file may grow before a new one is begun.",
)
.default("15MB")
.under(LOGS);

pub(super) const LOG_FILE_COUNT: Key = Key::new(
    "log_file_count",
    "ASHLAR_LOG_FILE_COUNT",
    "log-file-count",
    Kind::Count { min: 1, max: 1000 },
    "How many full log files are kept beside the current one, as FILE.1 (the latest), FILE.2 and so on.",
)
.default("10")
.under(LOGS);

pub(super) const SENTRY_DSN: Key = Key::new(
    "sentry_dsn",
    "ASHLAR_SENTRY_DSN",
    "sentry-dsn",
    Kind::Other {
        placeholder: "DSN",
        accepts: "the DSN of a Sentry project, such as https://key@sentry.example.com/1",
    },
    "Where errors and panics are reported, without personal data and tokens. https is required in production. \
     Flags show in the process list: give it by environment or by file.",
)
.default("")
.secret()
.under("Error reports");
