//! Facts, and the envelope that says who, what, on what, with which outcome, from where and in which request.

use std::{fmt::Display, net::IpAddr};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Actor, Commitment, Personal, PersonalValue, TenantId, Timestamp};

/// A fact in the past tense.
///
/// The serialised form becomes the event's `data`. It never holds a secret, a token or personal data: the log is
/// insert-only, so what is written stays. Name people by id. What has to be said of them belongs into the
/// [`diff`](Self::diff), as [`DiffEntry::committed`].
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

    /// Whom it is about: who may ask that the personal values beside it are erased. A person among the targets, or else
    /// the first of them.
    fn subject(&self) -> Option<Uuid> {
        let targets = self.targets();
        let person = targets.iter().find(|target| target.kind == "user");
        let subject = person.or_else(|| targets.iter().find(|target| target.kind != "tenant"));
        subject.and_then(|target| target.id.parse().ok())
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
    /// Personal data: a commitment to it. The value is kept beside the log, and can be erased.
    Committed(Commitment),
    /// Personal data: that it changed is recorded, what it was is not.
    Withheld {
        /// Always true.
        withheld: bool,
    },
    /// Personal data on its way into the log: the [journal](crate::Journal) puts a commitment in its place. It cannot be
    /// serialised, so it cannot be written by mistake.
    #[serde(skip)]
    Personal(String),
    /// The value itself.
    Plain(Value),
}

impl DiffEntry {
    /// A field that may be written down.
    pub fn plain(path: impl Into<String>, old: impl Into<Value>, new: impl Into<Value>) -> Self {
        Self { path: path.into(), old: DiffValue::Plain(old.into()), new: DiffValue::Plain(new.into()) }
    }

    /// A field of personal data, with its values: the log commits to them, and they are kept beside it until somebody asks
    /// for their erasure.
    pub fn committed(path: impl Into<String>, old: Option<String>, new: Option<String>) -> Self {
        let side = |value: Option<String>| value.map_or(DiffValue::Plain(Value::Null), DiffValue::Personal);
        Self { path: path.into(), old: side(old), new: side(new) }
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
    pub ip: Option<Personal>,
    /// The client's `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Personal>,
}

impl Source {
    /// Where the client's address stands in an event.
    pub const IP: &'static str = "/source/ip";
    /// Where the client's `User-Agent` stands in an event.
    pub const USER_AGENT: &'static str = "/source/user_agent";
}

/// What an event is written like. What was sealed in one format stays in it, and every reader knows all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum EventFormat {
    /// Personal values stand in the event. Says nothing of its format.
    #[default]
    First,
    /// Personal values stand beside the log, commitments to them in the event.
    Second,
}

/// No format that this version knows.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no format of events that this version knows")]
pub struct UnknownEventFormat(u16);

impl EventFormat {
    /// The one that is written.
    pub const LATEST: Self = Self::Second;

    /// The stored form.
    pub const fn number(self) -> u16 {
        match self {
            Self::First => 1,
            Self::Second => 2,
        }
    }

    /// Reads the stored form.
    pub fn restore(number: u16) -> Option<Self> {
        [Self::First, Self::Second].into_iter().find(|format| format.number() == number)
    }

    /// The first says nothing of itself, or what was sealed in it would be something else.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    const fn is_first(&self) -> bool {
        matches!(self, Self::First)
    }
}

impl From<EventFormat> for u16 {
    fn from(format: EventFormat) -> Self {
        format.number()
    }
}

impl TryFrom<u16> for EventFormat {
    type Error = UnknownEventFormat;

    fn try_from(number: u16) -> Result<Self, UnknownEventFormat> {
        Self::restore(number).ok_or(UnknownEventFormat(number))
    }
}

/// An event with its envelope: one row of the insert-only log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// What it is written like.
    #[serde(default, skip_serializing_if = "EventFormat::is_first")]
    pub format: EventFormat,
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

/// An event, with the personal values that are kept beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// The event.
    pub event: EventRecord,
    /// The values it is committed to, of those that are still there.
    pub personal: Vec<PersonalValue>,
}

impl From<EventRecord> for LogEntry {
    fn from(event: EventRecord) -> Self {
        Self { event, personal: Vec::new() }
    }
}

impl LogEntry {
    /// The client's address, if it is still there.
    pub fn ip(&self) -> Option<IpAddr> {
        self.text(Source::IP, self.event.source.ip.as_ref()?)?.parse().ok()
    }

    /// The client's `User-Agent`, if it is still there.
    pub fn user_agent(&self) -> Option<&str> {
        self.text(Source::USER_AGENT, self.event.source.user_agent.as_ref()?)
    }

    /// The same without anything about people: neither values nor commitments to where it was done from.
    #[must_use]
    pub fn without_source(self) -> Self {
        Self::from(EventRecord { source: Source::default(), ..self.event })
    }

    /// The value at `path` of the event, if it is still there and is the one that the event is committed to.
    pub fn value_at(&self, path: &str, commitment: &Commitment) -> Option<&str> {
        let mut there = self.personal.iter().filter(|value| value.path == path);
        let value = there.find(|value| value.commitment() == *commitment);
        value.map(|value| value.value.as_str())
    }

    fn text<'e>(&'e self, path: &str, held: &'e Personal) -> Option<&'e str> {
        match held {
            Personal::Plain(text) => Some(text),
            Personal::Committed(commitment) => self.value_at(path, commitment),
        }
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

    #[test]
    fn outcomes_survive_storage() {
        for outcome in [Outcome::Ok, Outcome::Denied, Outcome::Failed] {
            assert_eq!(Outcome::restore(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::restore("maybe"), None);
    }

    /// What was sealed as something else stays what it was, member by member.
    #[test]
    fn values_of_a_diff_are_read_back_as_they_were_written() {
        let digits = "0f".repeat(32);
        for value in [
            json!({ "c": digits }),
            json!({ "c": digits, "d": 1 }),
            json!({ "c": "x" }),
            json!({ "withheld": true }),
            json!(null),
            json!(["a"]),
        ] {
            let read: DiffValue = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), value);
            assert_eq!(matches!(read, DiffValue::Committed(_)), value == json!({ "c": digits }), "{value}");
        }
    }

    #[test]
    fn a_personal_value_that_nobody_committed_to_cannot_be_written() {
        let entry = DiffEntry::committed("/email", None, Some("ada@example.org".to_owned()));
        assert!(serde_json::to_string(&entry).is_err());
    }

    #[test]
    fn only_formats_that_are_known_are_read() {
        assert_eq!(EventFormat::restore(2), Some(EventFormat::Second));
        assert_eq!([0, 3].map(EventFormat::restore), [None, None]);
    }
}
