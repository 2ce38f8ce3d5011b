//! Events as clients see them.

use ashlar_kernel::{DiffEntry, DiffValue, LogEntry, Page, Target};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::page::{PageInfo, moment};

/// Which sort of actor did it.
#[derive(Serialize, ToSchema)]
#[schema(example = "user")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum AuditActorType {
    /// Nobody that is known.
    Anonymous,
    /// A person.
    User,
    /// A program, with a key.
    ApiKey,
    /// The product itself.
    System,
}

/// How it ended.
#[derive(Serialize, ToSchema)]
#[schema(example = "ok")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum AuditOutcome {
    /// It happened.
    Ok,
    /// It was refused for want of permission.
    Denied,
    /// It was attempted and failed.
    Failed,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
struct AuditActor {
    /// Which sort.
    #[serde(rename = "type")]
    #[schema(value_type = AuditActorType)]
    kind: String,
    /// The id of the person or key, or the name of the part of the product.
    #[schema(required, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Option<String>,
    /// The session it was done with.
    #[schema(required, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    session_id: Option<Uuid>,
}

/// A thing that an event is about.
#[derive(Serialize, ToSchema)]
struct AuditTarget {
    /// What sort of thing.
    #[serde(rename = "type")]
    #[schema(example = "user")]
    kind: String,
    /// Its id.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: String,
}

/// A field that changed.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "path": "/role", "old": "member", "new": "staff" }))]
struct AuditChange {
    /// Which, as a JSON Pointer.
    #[schema(example = "/role")]
    path: String,
    /// Before. Of personal data, `{"withheld":true}` or `{"c":"…"}`, a commitment, says that there was something; to those
    /// who may see it the value is shown as long as it is kept.
    #[schema(required, value_type = Value)]
    old: Value,
    /// After.
    #[schema(required, value_type = Value)]
    new: Value,
}

/// Where it was done from.
#[derive(Serialize, ToSchema)]
struct AuditSource {
    /// The client's address.
    #[schema(required, example = "192.0.2.7")]
    ip: Option<String>,
    /// The client's `User-Agent`.
    #[schema(required, example = "curl/8.14.1")]
    user_agent: Option<String>,
}

/// The event's own facts, as the catalogue of events lists them.
#[derive(ToSchema)]
#[schema(value_type = Object, example = json!({ "role": "staff" }))]
#[expect(dead_code, reason = "only its schema is used; the facts come from the domain")]
struct AuditEventData(Map<String, Value>);

/// One thing that happened.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEvent {
    /// Its id.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Uuid,
    /// What happened, by the name in the catalogue of events.
    #[schema(example = "identity.membership.role_changed")]
    action: String,
    /// The version of the shape of `data`.
    #[schema(example = 1)]
    schema_version: u16,
    /// How it ended.
    #[schema(value_type = AuditOutcome)]
    outcome: &'static str,
    /// When.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    occurred_at: String,
    /// Who did it.
    actor: AuditActor,
    /// What it happened to; the thing itself first.
    targets: Vec<AuditTarget>,
    /// Which fields changed.
    changes: Vec<AuditChange>,
    /// The event's own facts.
    #[schema(value_type = AuditEventData)]
    data: Value,
    /// Where it was done from; null to those who may not see it, and when it was erased.
    #[schema(required)]
    source: Option<AuditSource>,
    /// In which request.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    request_id: String,
    /// In which distributed trace.
    #[schema(required, example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: Option<String>,
}

/// A page of events.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEventPage {
    /// The events.
    data: Vec<AuditEvent>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<LogEntry>> for AuditEventPage {
    fn from(page: Page<LogEntry>) -> Self {
        let Page { data, next_cursor } = page;
        Self { data: data.into_iter().map(AuditEvent::from).collect(), page: PageInfo::after(next_cursor) }
    }
}

impl From<LogEntry> for AuditEvent {
    fn from(entry: LogEntry) -> Self {
        let changes =
            entry.event.diff.iter().enumerate().map(|(index, change)| changed(&entry, index, change)).collect();
        let source = source(&entry);
        let event = entry.event;
        let trace_id = event.trace.as_deref().and_then(|trace| trace.get(3..35)).map(str::to_owned);
        Self {
            id: event.id,
            action: event.name,
            schema_version: event.schema_version,
            outcome: event.outcome.as_str(),
            occurred_at: moment(event.occurred_at),
            actor: AuditActor { kind: event.actor.kind, id: event.actor.id, session_id: event.actor.session },
            targets: event.targets.into_iter().map(|Target { kind, id }| AuditTarget { kind, id }).collect(),
            changes,
            // An event without facts of its own is written as null.
            data: Some(event.data).filter(Value::is_object).unwrap_or_else(|| json!({})),
            source,
            request_id: event.request_id,
            trace_id,
        }
    }
}

fn source(entry: &LogEntry) -> Option<AuditSource> {
    let (ip, user_agent) = (entry.ip().map(|ip| ip.to_string()), entry.user_agent().map(str::to_owned));
    (ip.is_some() || user_agent.is_some()).then_some(AuditSource { ip, user_agent })
}

fn changed(entry: &LogEntry, index: usize, DiffEntry { path, old, new }: &DiffEntry) -> AuditChange {
    let side = |name: &str, value: &DiffValue| match value {
        DiffValue::Plain(value) => value.clone(),
        // To those who may see it, as long as it is there.
        DiffValue::Committed(commitment) => {
            let shown = entry.value_at(&format!("/diff/{index}/{name}"), commitment);
            shown.map_or_else(|| json!(commitment), |value| json!(value))
        }
        DiffValue::Withheld { .. } | DiffValue::Personal(_) => json!({ "withheld": true }),
    };
    AuditChange { path: path.clone(), old: side("old", old), new: side("new", new) }
}
