//! Warnings and errors that are kept in the database for a while, so that operators find them without a collector.
//!
//! A layer puts lines into a bounded queue, which costs whoever logs no more than that; a task writes them down. What does
//! not fit, or cannot be written, is counted and lost: the output of the process has it. The task itself logs nothing,
//! or a database that is away would be told of its absence.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ashlar_admin::{LogLevel, LogLine, SystemLog};
use ashlar_jobs::scrub;
use ashlar_kernel::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber as _,
    span::{Attributes, Id},
    subscriber::NoSubscriber,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{fields::Fields, metrics::Metrics, timestamp};
use crate::work::Errand;

/// Lines that wait to be written.
const QUEUE: usize = 1_000;
/// Lines of one process that are written in a [`PAUSE`], so that a flood does not fill the database.
const AT_ONCE: usize = 100;
/// The time between two writings.
const PAUSE: Duration = Duration::from_secs(1);
/// The driver of the database: what it says while lines are written would be a line.
const CARRIERS: [&str; 3] = ["sqlx", "sea_orm", "sqlx_core"];
/// The longest target and request id.
const NAME_MAX: usize = 128;

/// A line that was logged, before it has an id.
#[derive(Debug)]
struct Draft {
    at: Timestamp,
    level: LogLevel,
    target: String,
    message: String,
    request_id: Option<String>,
    fields: Map<String, Value>,
}

/// Lines on their way. Clones share one queue.
#[derive(Clone)]
pub struct KeptLines(Arc<Shared>);

struct Shared {
    sender: Sender<Draft>,
    receiver: Mutex<Option<Receiver<Draft>>>,
    lost: AtomicU64,
}

impl Default for KeptLines {
    fn default() -> Self {
        let (sender, receiver) = channel(QUEUE);
        Self(Arc::new(Shared { sender, receiver: Mutex::new(Some(receiver)), lost: AtomicU64::new(0) }))
    }
}

impl KeptLines {
    /// The layer that puts lines into the queue.
    pub(super) fn layer(&self) -> KeepLines {
        KeepLines(self.clone())
    }

    /// Writes lines down until it is dropped. None when somebody does already.
    pub fn write(&self, log: SystemLog, metrics: Metrics) -> Option<Errand> {
        let receiver = self.0.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let writing = write(self.clone(), receiver, log, metrics);
        Some(Box::pin(writing.with_subscriber(NoSubscriber::default())))
    }

    fn put(&self, draft: Draft) {
        if self.0.sender.try_send(draft).is_err() {
            self.lose(1);
        }
    }

    fn lose(&self, lines: u64) {
        self.0.lost.fetch_add(lines, Ordering::Relaxed);
    }
}

async fn write(lines: KeptLines, mut receiver: Receiver<Draft>, log: SystemLog, metrics: Metrics) {
    loop {
        let mut batch = Vec::new();
        if receiver.recv_many(&mut batch, AT_ONCE).await == 0 {
            return;
        }
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let kept = log.keep(batch.into_iter().map(|draft| draft.into_line(&log)).collect()).await;
        if kept.is_err() {
            lines.lose(count);
        }
        metrics.log_lines_lost(lines.0.lost.swap(0, Ordering::Relaxed));
        tokio::time::sleep(PAUSE).await;
    }
}

impl Draft {
    fn into_line(self, log: &SystemLog) -> LogLine {
        let Self { at, level, target, message, request_id, fields } = self;
        LogLine { id: log.new_id(), at, level, target, message, request_id, fields }
    }
}

/// Puts events of level WARN and ERROR into the queue.
pub(super) struct KeepLines(KeptLines);

/// What a span says about a line in it: in which request, or in which job of whom.
#[derive(Default)]
struct Circumstances(Vec<(&'static str, String)>);

/// The names that tell it.
const TELLING: [&str; 5] = ["request_id", "job_id", "kind", "tenant", "route"];

impl Visit for Circumstances {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if TELLING.contains(&field.name()) {
            self.0.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if TELLING.contains(&field.name()) {
            self.0.push((field.name(), value.to_owned()));
        }
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for KeepLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let names = attributes.metadata().fields();
        // Most spans tell nothing, and cost nothing.
        if names.field("request_id").is_none() && names.field("job_id").is_none() {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let mut circumstances = Circumstances::default();
        attributes.record(&mut circumstances);
        span.extensions_mut().insert(circumstances);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            _ => return,
        };
        let target = event.metadata().target();
        let of = target.split("::").next().unwrap_or(target);
        if CARRIERS.contains(&of) {
            return;
        }
        let mut own = Fields::default();
        event.record(&mut own);
        let mut draft = Draft {
            at: timestamp::moment(),
            level,
            target: shortened(target),
            message: own.get("message").and_then(Value::as_str).map(scrub).unwrap_or_default(),
            request_id: None,
            fields: told(&own),
        };
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Circumstances(told)) = span.extensions().get() {
                draft.add(told);
            }
        }
        self.0.put(draft);
    }
}

impl Draft {
    fn add(&mut self, circumstances: &[(&'static str, String)]) {
        for (name, value) in circumstances {
            if *name == "request_id" && self.request_id.is_none() {
                self.request_id = Some(shortened(value)).filter(|request| !request.is_empty());
            } else if *name != "request_id" {
                self.fields.entry(*name).or_insert_with(|| scrub(value).into());
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(NAME_MAX).collect()
}

/// What an event says beside its message, without people and secrets.
fn told(own: &Fields) -> Map<String, Value> {
    let others = own.iter().filter(|(name, _)| *name != "message" && !name.starts_with("log."));
    others
        .map(|(name, value)| (name.to_owned(), value.as_str().map_or_else(|| value.clone(), |text| scrub(text).into())))
        .collect()
}

#[cfg(test)]
mod tests;
