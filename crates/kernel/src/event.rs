//! Facts, and the envelope that says who, what, on what, with which outcome, from where and in which request.

use std::{fmt::Display, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Actor, Change, Context, IdSource, StoreError, TenantId, Timestamp};

/// A fact in the past tense.
///
/// The serialised form becomes the event's `data`. It never holds a secret, a token or personal data: the log is
/// insert-only, so what is written stays. Name people by id.
pub trait DomainEvent: Serialize + Send + Sync {
    /// The name in the public catalogue, dotted and in the past tense: `identity.user.registered`.
    fn name(&self) -> &'static str;

    /// What it happened to; the aggregate first.
    fn targets(&self) -> Vec<Target>;

    /// How it ended.
    fn outcome(&self) -> Outcome {
        Outcome::Ok
    }

    /// Which fields of the aggregate changed.
    fn diff(&self) -> Vec<DiffEntry> {
        Vec::new()
    }

    /// Version of the shape of `data`; raised when a reader of the old shape would misread the new one.
    fn schema_version(&self) -> u16 {
        1
    }
}

/// One thing an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What sort of thing: `user`, `session`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its identifier.
    pub id: String,
}

impl Target {
    /// The `kind` with identifier `id`.
    pub fn new(kind: impl Into<String>, id: impl Display) -> Self {
        Self { kind: kind.into(), id: id.to_string() }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It happened.
    Ok,
    /// It was refused for want of permission.
    Denied,
    /// It was attempted and failed.
    Failed,
}

impl Outcome {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        [Self::Ok, Self::Denied, Self::Failed].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// One changed field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiffEntry {
    /// JSON Pointer into the aggregate.
    pub path: String,
    /// Before.
    pub old: DiffValue,
    /// After.
    pub new: DiffValue,
}

/// The value of a changed field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DiffValue {
    /// Personal data: that it changed is recorded, what it was is not.
    Withheld {
        /// Always true.
        withheld: bool,
    },
    /// The value itself.
    Plain(Value),
}

impl DiffEntry {
    /// A field that may be written down.
    pub fn plain(path: impl Into<String>, old: impl Into<Value>, new: impl Into<Value>) -> Self {
        Self { path: path.into(), old: DiffValue::Plain(old.into()), new: DiffValue::Plain(new.into()) }
    }

    /// A field of personal data; only whether it was and is present is kept.
    pub fn personal(path: impl Into<String>, was_present: bool, is_present: bool) -> Self {
        let side = |present: bool| {
            if present { DiffValue::Withheld { withheld: true } } else { DiffValue::Plain(Value::Null) }
        };
        Self { path: path.into(), old: side(was_present), new: side(is_present) }
    }
}

/// Who did it, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorRef {
    /// `anonymous`, `user`, `api_key` or `system`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the user or of the key, or the name of the part of the system.
    pub id: Option<String>,
    /// The session it was done with.
    pub session: Option<Uuid>,
}

impl From<&Actor> for ActorRef {
    fn from(actor: &Actor) -> Self {
        let (kind, id, session) = match actor {
            Actor::Anonymous => ("anonymous", None, None),
            Actor::User(principal) => ("user", Some(principal.user.to_string()), Some(principal.session)),
            Actor::ApiKey(key) => ("api_key", Some(key.key.to_string()), None),
            Actor::System(name) => ("system", Some((*name).to_owned()), None),
        };
        Self { kind: kind.to_owned(), id, session }
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// An event with its envelope: one row of the insert-only log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// The event's id; subscribers are idempotent by it.
    pub id: Uuid,
    /// Whose data it is about.
    pub tenant: TenantId,
    /// The name in the catalogue.
    pub name: String,
    /// Version of the shape of `data`.
    pub schema_version: u16,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: ActorRef,
    /// What it happened to; the aggregate first.
    pub targets: Vec<Target>,
    /// How it ended.
    pub outcome: Outcome,
    /// Which fields changed.
    pub diff: Vec<DiffEntry>,
    /// The event's own facts.
    pub data: Value,
    /// From where.
    pub source: Source,
    /// In which request.
    pub request_id: String,
    /// Where that stands in a distributed trace, as a W3C `traceparent`: a note for the jobs that follow, and no part of
    /// what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// Puts events into their envelopes; every adapter uses it, so that all write the same log.
#[derive(Clone)]
pub struct Journal {
    context: Context,
    ids: Arc<dyn IdSource>,
}

impl Journal {
    /// A journal of what `context` does.
    pub fn new(context: Context, ids: Arc<dyn IdSource>) -> Self {
        Self { context, ids }
    }

    /// The circumstances that go into each envelope.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The envelope of one event.
    pub fn record(&self, event: &impl DomainEvent) -> Result<EventRecord, StoreError> {
        let context = &self.context;
        Ok(EventRecord {
            id: self.ids.next(),
            tenant: context.tenant,
            name: event.name().to_owned(),
            schema_version: event.schema_version(),
            occurred_at: context.now,
            actor: ActorRef::from(&context.actor),
            targets: event.targets(),
            outcome: event.outcome(),
            diff: event.diff(),
            data: serde_json::to_value(event).map_err(StoreError::internal)?,
            source: Source { ip: context.client_ip, user_agent: context.user_agent.as_deref().map(str::to_owned) },
            request_id: context.request_id.to_string(),
            trace: context.trace.as_deref().map(str::to_owned),
        })
    }

    /// The state of a change, and its events in their envelopes.
    pub fn open<T, E: DomainEvent>(&self, change: Change<T, E>) -> Result<(T, Vec<EventRecord>), StoreError> {
        let (state, events) = change.into_parts();
        let records = events.iter().map(|event| self.record(event)).collect::<Result<_, _>>()?;
        Ok((state, records))
    }
}

/// What the public catalogue (`openapi/events.json`) says about one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EventSpec {
    /// The dotted name.
    pub name: &'static str,
    /// Version of the shape of `data`.
    pub schema_version: u16,
    /// What happened.
    pub summary: &'static str,
    /// The kinds of its targets, the aggregate first.
    pub targets: &'static [&'static str],
    /// The members of `data` and what they mean.
    pub data: &'static [(&'static str, &'static str)],
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{PermissionSet, Principal, RequestId};

    struct Fixed;
    impl IdSource for Fixed {
        fn next(&self) -> Uuid {
            Uuid::from_u128(7)
        }
    }

    #[derive(Serialize)]
    struct Renamed {
        length: u8,
    }
    impl DomainEvent for Renamed {
        fn name(&self) -> &'static str {
            "demo.thing.renamed"
        }
        fn targets(&self) -> Vec<Target> {
            vec![Target::new("thing", 9)]
        }
        fn diff(&self) -> Vec<DiffEntry> {
            vec![DiffEntry::plain("/size", 1, 2), DiffEntry::personal("/name", false, true)]
        }
    }

    #[test]
    fn the_envelope_says_who_what_on_what_from_where_and_in_which_request() {
        let context = Context {
            tenant: TenantId::MAIN,
            actor: Actor::User(Principal {
                user: Uuid::from_u128(1),
                session: Uuid::from_u128(2),
                authenticated_at: Timestamp::UNIX_EPOCH,
                permissions: PermissionSet::default(),
                withheld: PermissionSet::default(),
            }),
            request_id: RequestId::parse("req-1").unwrap(),
            client_ip: Some("192.0.2.7".parse().unwrap()),
            user_agent: Some("test/1".into()),
            trace: None,
            now: Timestamp::UNIX_EPOCH,
        };
        let journal = Journal::new(context, Arc::new(Fixed));

        let (state, records) = journal.open(Change::new("state", Renamed { length: 4 })).unwrap();

        assert_eq!(state, "state");
        assert_eq!(
            serde_json::to_value(&records).unwrap(),
            json!([{
                "id": "00000000-0000-0000-0000-000000000007",
                "tenant": TenantId::MAIN,
                "name": "demo.thing.renamed",
                "schema_version": 1,
                "occurred_at": "1970-01-01T00:00:00Z",
                "actor": {
                    "type": "user",
                    "id": "00000000-0000-0000-0000-000000000001",
                    "session": "00000000-0000-0000-0000-000000000002",
                },
                "targets": [{"type": "thing", "id": "9"}],
                "outcome": "ok",
                "diff": [
                    {"path": "/size", "old": 1, "new": 2},
                    {"path": "/name", "old": null, "new": {"withheld": true}},
                ],
                "data": {"length": 4},
                "source": {"ip": "192.0.2.7", "user_agent": "test/1"},
                "request_id": "req-1",
            }])
        );
        let back: Vec<EventRecord> = serde_json::from_value(serde_json::to_value(&records).unwrap()).unwrap();
        assert_eq!(back, records);
    }

    #[test]
    fn outcomes_survive_storage() {
        for outcome in [Outcome::Ok, Outcome::Denied, Outcome::Failed] {
            assert_eq!(Outcome::restore(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::restore("maybe"), None);
    }
}
