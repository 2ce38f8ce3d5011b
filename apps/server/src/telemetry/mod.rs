//! Logging: readable on a terminal, one JSON object a line elsewhere. And [`metrics`].
//!
//! Nothing here prints a secret by itself: secrets are types without a readable `Debug`, and the
//! configuration is logged nowhere.

#[cfg(test)]
mod capture;
mod error_reports;
mod fields;
pub mod filter;
mod json;
mod kept;
pub mod metrics;
mod panics;
mod rotate;
mod timestamp;
pub mod traces;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriterExt as _};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, LogFormat};
use error_reports::ErrorReports;
pub use error_reports::ReportError;
use filter::WithSpans;
use json::JsonLines;
pub use kept::KeptLines;
pub use panics::log_panics;
use timestamp::UtcMillis;

/// The stream that takes the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// For `serve`, whose only output on stdout is its log.
    Stdout,
    /// For commands whose stdout is their result.
    Stderr,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is broken; a loaded configuration never holds such a one.
    #[error("the log filter {0}")]
    Filter(String),
    /// The log file cannot be made or written.
    #[error("the log file {} cannot be written; choose another with --log-file", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Traces cannot be sent that way.
    #[error("traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT")]
    Traces(#[source] ExporterBuildError),
    /// Errors cannot be reported.
    #[error("errors cannot be reported to sentry_dsn")]
    Reports(#[source] ReportError),
    /// Something else logs already.
    #[error("logging is set up twice")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Logging that works. Dropped at the end of the process, it writes what its file still lacks.
#[must_use = "dropped too early, it takes the log file with it"]
pub struct Logging {
    _file: Option<WorkerGuard>,
    traces: Option<SdkTracerProvider>,
    reports: Option<ErrorReports>,
    kept: Option<KeptLines>,
}

impl Logging {
    /// Warnings and errors that wait to be kept; only a server keeps them.
    pub fn kept(&self) -> Option<&KeptLines> {
        self.kept.as_ref()
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        // What was not sent yet is sent now; a collector that is away costs a few seconds.
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the last traces were not sent");
        }
        if self.reports.as_ref().is_some_and(|reports| !reports.close()) {
            tracing::warn!("the last error reports were not sent");
        }
    }
}

/// Sends every event of this process, and of the `log` crate, to the stream, and those of a server to its file as well.
///
/// A server also sends its spans to a collector and its errors to Sentry, where there is one.
pub fn init(config: &Config, stream: Stream) -> Result<Logging, InitError> {
    let log = &config.log;
    let events = filter::parse(&log.filter).map_err(InitError::Filter)?;
    // Commands that pass by would turn the file of the server under its hands.
    let is_server = stream == Stream::Stdout;
    let configured = log.file.as_ref().filter(|_| is_server);
    let opened =
        configured.map(|file| rotate::open(file).map_err(|source| InitError::File { path: file.path.clone(), source }));
    let (file, guard) = opened.transpose()?.unzip();
    let collector = config.otlp_endpoint.as_ref().filter(|_| is_server);
    let traces = collector.map(traces::exporter).transpose().map_err(InitError::Traces)?;
    let dsn = config.sentry_dsn.as_ref().filter(|_| is_server);
    let reports = dsn.map(|dsn| ErrorReports::open(dsn, config.profile)).transpose().map_err(InitError::Reports)?;
    let kept = is_server.then(KeptLines::default);
    tracing_subscriber::registry()
        .with(lines(log.format, stream, file))
        .with(traces.as_ref().map(traces::layer))
        .with(reports.as_ref().map(ErrorReports::layer))
        .with(kept.as_ref().map(KeptLines::layer))
        .with(WithSpans(events))
        .try_init()
        .map_err(InitError::Twice)?;
    Ok(Logging { _file: guard, traces, reports, kept })
}

fn lines(format: LogFormat, stream: Stream, file: Option<NonBlocking>) -> Box<dyn Layer<Registry> + Send + Sync> {
    let (writer, terminal) = match stream {
        Stream::Stdout => (BoxMakeWriter::new(io::stdout), io::stdout().is_terminal()),
        Stream::Stderr => (BoxMakeWriter::new(io::stderr), io::stderr().is_terminal()),
    };
    if is_json(format, terminal) {
        // One layer for both: each would keep the fields of a span in the same place.
        return match file {
            Some(file) => Box::new(JsonLines(writer.and(file))),
            None => Box::new(JsonLines(writer)),
        };
    }
    let file = file.map(JsonLines);
    let pretty = tracing_subscriber::fmt::layer()
        .compact()
        .with_timer(UtcMillis)
        .with_writer(writer)
        // The complaint about an unwritable log would go to stderr, and panic where that is full.
        .log_internal_errors(false);
    if terminal {
        Box::new(pretty.and_then(file)) // in colour, unless NO_COLOR is set
    } else {
        Box::new(pretty.with_ansi(false).and_then(file))
    }
}

fn is_json(format: LogFormat, terminal: bool) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => !terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::capture::Buffer;
    use super::*;

    #[test]
    fn warning_carries_its_request_although_info_is_off() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let filter = WithSpans(filter::parse("warn").unwrap());
        let lines = JsonLines(move || writer.clone());

        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines).with(filter), || {
            let _request = tracing::info_span!("request", request_id = "r-1").entered();
            tracing::info!("quiet");
            tracing::warn!("loud");
        });

        let text = buffer.text();
        assert!(!text.contains("quiet"), "{text}");
        assert!(text.contains(r#""message":"loud","request_id":"r-1""#), "{text}");
    }

    #[test]
    fn question_whether_to_log_takes_no_line_with_it() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let filter = WithSpans(filter::parse("info,quiet=warn").unwrap());
        let lines = JsonLines(move || writer.clone());

        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines).with(filter), || {
            assert!(!tracing::enabled!(target: "quiet", tracing::Level::INFO));
            tracing::info!("ready");
        });

        assert!(buffer.text().contains(r#""message":"ready""#), "{}", buffer.text());
    }

    #[test]
    fn format_follows_the_terminal_unless_it_was_chosen() {
        assert!(is_json(LogFormat::Auto, false));
        assert!(!is_json(LogFormat::Auto, true));
        assert!(is_json(LogFormat::Json, true));
        assert!(!is_json(LogFormat::Pretty, false));
    }
}
