//! An event of the log as a report.

use std::borrow::Cow;

use sentry::protocol::{Event, Exception, Frame, Level, Mechanism, Stacktrace};
use serde_json::Value;
use tracing::Metadata;

use super::super::fields::Fields;
use crate::telemetry::panics::LOCATION;

/// What may be told of the spans around an event. The others (the user, whatever comes later) stay at home.
const CIRCUMSTANCES: [&str; 7] = ["request_id", "trace_id", "method", "route", "job_id", "kind", "tenant"];
/// The field whose value is what reports are searched by.
const CODE: &str = "code";
const MESSAGE: &str = "message";

/// What the event says by itself.
pub(super) fn of_event(metadata: &'static Metadata<'static>, fields: &Fields) -> Event<'static> {
    let text = |name: &str| fields.get(name).map(plain);
    let (code, place) = (text(CODE), text(LOCATION));
    let is_panic = place.is_some();
    let exception = Exception {
        ty: if is_panic { "panic".to_owned() } else { code.clone().unwrap_or_else(|| metadata.target().to_owned()) },
        value: text(MESSAGE),
        module: metadata.module_path().map(str::to_owned),
        stacktrace: frame(metadata, place.as_deref())
            .map(|frame| Stacktrace { frames: vec![frame], ..Stacktrace::default() }),
        mechanism: is_panic.then(|| Mechanism { ty: "panic".to_owned(), handled: Some(false), ..Mechanism::default() }),
        ..Exception::default()
    };
    let rest = fields.iter().filter(|(name, _)| ![MESSAGE, CODE].contains(name));
    Event {
        level: if is_panic { Level::Fatal } else { Level::Error },
        logger: Some(metadata.target().to_owned()),
        exception: vec![exception].into(),
        // Every problem of a request is logged by one line of code: by it alone they would all be one issue.
        fingerprint: [Some(metadata.name().to_owned()), code.clone(), place]
            .into_iter()
            .flatten()
            .map(Cow::Owned)
            .collect::<Vec<_>>()
            .into(),
        tags: code.map(|code| (CODE.to_owned(), code)).into_iter().collect(),
        extra: rest.map(|(name, value)| (name.to_owned(), value.clone())).collect(),
        ..Event::default()
    }
}

/// Adds what is known about the request or the job. What an inner span said stays.
pub(super) fn add_circumstances(report: &mut Event<'static>, span: &Fields) {
    for name in CIRCUMSTANCES {
        if let Some(value) = span.get(name) {
            report.tags.entry(name.to_owned()).or_insert_with(|| plain(value));
        }
    }
    if report.transaction.is_none() {
        report.transaction = report.tags.get("route").or_else(|| report.tags.get("kind")).cloned();
    }
}

/// The place of a panic, or of the line of code that logged.
fn frame(metadata: &'static Metadata<'static>, panicked_at: Option<&str>) -> Option<Frame> {
    let here = (metadata.file()?.to_owned(), metadata.line().map(u64::from));
    let (filename, lineno) = panicked_at.and_then(file_and_line).unwrap_or(here);
    Some(Frame {
        filename: Some(filename),
        lineno,
        module: metadata.module_path().map(str::to_owned),
        in_app: Some(true),
        ..Frame::default()
    })
}

/// Of `file:line:column`.
fn file_and_line(place: &str) -> Option<(String, Option<u64>)> {
    let (place, _column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()))
}

/// Texts without the quotes of JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
