//! One JSON object a line: `timestamp`, `level`, `target`, `message`, then the fields of the event,
//! then those of the spans around it, all at the top level.
//!
//! The JSON format of tracing-subscriber puts span fields into a nested object, so that the request
//! id stands at another path than the fields of the event, and repeats names. Here a name stands
//! once (the innermost wins), and a query for `request_id` finds every line of a request.

use std::borrow::Cow;
use std::io::Write as _;

use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::Value;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::timestamp;

/// Names that a line gives itself; a field of this name gets the prefix `field.`.
const RESERVED: [&str; 3] = ["timestamp", "level", "target"];
/// What the bridge from the `log` crate adds to an event; the target among it is the true one.
const LOG_TARGET: &str = "log.target";
const LOG_PREFIX: &str = "log.";

/// Writes events as lines of JSON.
pub(super) struct JsonLines<W>(pub(super) W);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut line = Line::of_event(event, &own);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.add(fields);
            }
        }
        // A log that cannot be written (closed pipe, full disk) must not take the service with it,
        // and there is nowhere left to say so.
        if let Some(text) = line.finish() {
            let mut writer = self.0.make_writer_for(event.metadata());
            let _unwritable = writer.write_all(&text);
        }
    }
}

/// A line in the making; fields added later do not replace earlier ones.
struct Line {
    entries: Vec<(Cow<'static, str>, Value)>,
}

impl Line {
    fn of_event(event: &Event<'_>, fields: &Fields) -> Self {
        let metadata = event.metadata();
        let target = fields.get(LOG_TARGET).cloned().unwrap_or_else(|| metadata.target().into());
        let message = fields.get("message").cloned().unwrap_or_default();
        let mut line = Self {
            entries: vec![
                ("timestamp".into(), timestamp::now().into()),
                ("level".into(), metadata.level().as_str().into()),
                ("target".into(), target),
                ("message".into(), message),
            ],
        };
        line.add(fields);
        line
    }

    fn add(&mut self, fields: &Fields) {
        for (name, value) in fields.iter() {
            let name: Cow<'static, str> =
                if RESERVED.contains(&name) { format!("field.{name}").into() } else { name.into() };
            let is_new = self.entries.iter().all(|(own, _)| *own != name);
            if is_new && !name.starts_with(LOG_PREFIX) {
                self.entries.push((name, value.clone()));
            }
        }
    }

    fn finish(self) -> Option<Vec<u8>> {
        let mut text = Vec::with_capacity(256);
        let mut serializer = serde_json::Serializer::new(&mut text);
        let mut map = serializer.serialize_map(Some(self.entries.len())).ok()?;
        for (name, value) in &self.entries {
            map.serialize_entry(name, value).ok()?;
        }
        map.end().ok()?;
        text.push(b'\n');
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::super::capture::Buffer;
    use super::*;

    fn logged(log: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, log);
        buffer.text()
    }

    #[test]
    fn span_fields_stand_beside_event_fields_and_the_innermost_wins() {
        let text = logged(|| {
            let request =
                tracing::info_span!("request", request_id = "r-1", status = tracing::field::Empty, part = "outer");
            let _in_request = request.enter();
            let _in_step = tracing::info_span!("step", part = "inner").entered();
            request.record("status", 200);
            tracing::info!(latency_ms = 1.5, ok = true, "answered");
        });

        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["target"], module_path!());
        assert_eq!(line["message"], "answered");
        assert_eq!(line["request_id"], "r-1");
        assert_eq!(line["status"], 200);
        assert_eq!(line["part"], "inner");
        assert_eq!(line["latency_ms"], 1.5);
        assert_eq!(line["ok"], true);
        assert!(text.starts_with(r#"{"timestamp":""#), "{text}");
        assert_eq!(text.matches("\"part\"").count(), 1);
    }

    #[test]
    fn message_with_newlines_and_quotes_stays_one_line() {
        let text = logged(|| tracing::warn!(level = "mine", "a \"b\"\n{}", "{\"level\":\"INFO\"}"));

        assert_eq!(text.matches('\n').count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "a \"b\"\n{\"level\":\"INFO\"}");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["field.level"], "mine");
    }

    #[test]
    fn error_is_logged_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] io::Error);

        let text = logged(|| {
            let error = Outer(io::Error::other("inner"));
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(error, "failed");
        });

        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["error"], "outer: inner");
    }

    #[test]
    fn log_that_cannot_be_written_is_dropped() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
        }

        let subscriber = tracing_subscriber::registry().with(JsonLines(|| Full));
        tracing::subscriber::with_default(subscriber, || tracing::info!("lost"));
    }
}
