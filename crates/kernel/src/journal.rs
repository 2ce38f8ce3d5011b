//! From facts to entries of the log.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Actor, ActorRef, Change, Commitment, Context, DiffEntry, DiffValue, DomainEvent, EventFormat, EventRecord,
    IdSource, LogEntry, Personal, PersonalValue, Source, StoreError,
};

/// Longer texts are written as their length and SHA-256.
const LONGEST_TEXT: usize = 1_024;

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

    /// One event in its envelope, with what is kept beside it: an address is about whoever acts, a field that changed
    /// about whom it is a field of.
    pub fn record(&self, event: &impl DomainEvent) -> Result<LogEntry, StoreError> {
        let context = &self.context;
        let subject = event.subject();
        let mut beside = Beside { ids: &*self.ids, subject, values: Vec::new() };
        let diff = event.diff().into_iter().enumerate().map(|(index, entry)| beside.entry(index, entry)).collect();
        beside.subject = acting(&context.actor).or(subject);
        let source = beside.source(context);
        let personal = beside.values;
        let event = EventRecord {
            format: EventFormat::LATEST,
            id: self.ids.next(),
            tenant: context.tenant,
            name: event.name().to_owned(),
            schema_version: event.schema_version(),
            occurred_at: context.now,
            actor: ActorRef::from(&context.actor),
            targets: event.targets(),
            outcome: event.outcome(),
            diff,
            data: serde_json::to_value(event).map_err(StoreError::internal)?,
            source,
            request_id: context.request_id.to_string(),
            trace: context.trace.as_deref().map(str::to_owned),
        };
        Ok(LogEntry { event, personal })
    }

    /// The state of a change, and its events as entries of the log.
    pub fn open<T, E: DomainEvent>(&self, change: Change<T, E>) -> Result<(T, Vec<LogEntry>), StoreError> {
        let (state, events) = change.into_parts();
        let entries = events.iter().map(|event| self.record(event)).collect::<Result<_, _>>()?;
        Ok((state, entries))
    }
}

/// Whose address it is that a request came from.
const fn acting(actor: &Actor) -> Option<Uuid> {
    match actor {
        Actor::User(principal) => Some(principal.user),
        Actor::ApiKey(key) => Some(key.owner),
        Actor::Anonymous | Actor::System(_) => None,
    }
}

/// What one event leaves beside the log.
struct Beside<'j> {
    ids: &'j dyn IdSource,
    subject: Option<Uuid>,
    values: Vec<PersonalValue>,
}

impl Beside<'_> {
    fn commit(&mut self, path: String, value: String) -> Commitment {
        let value = PersonalValue { path, subject: self.subject, salt: self.ids.salt(), value };
        let commitment = value.commitment();
        self.values.push(value);
        commitment
    }

    fn source(&mut self, context: &Context) -> Source {
        let ip = context.client_ip.map(|ip| self.commit(Source::IP.to_owned(), ip.to_string()));
        let program = context.user_agent.as_deref();
        let user_agent = program.map(|program| self.commit(Source::USER_AGENT.to_owned(), program.to_owned()));
        Source { ip: ip.map(Personal::Committed), user_agent: user_agent.map(Personal::Committed) }
    }

    fn entry(&mut self, index: usize, entry: DiffEntry) -> DiffEntry {
        let DiffEntry { path, old, new } = entry;
        let old = self.side(format!("/diff/{index}/old"), old);
        DiffEntry { path, old, new: self.side(format!("/diff/{index}/new"), new) }
    }

    fn side(&mut self, path: String, value: DiffValue) -> DiffValue {
        match value {
            DiffValue::Personal(value) => DiffValue::Committed(self.commit(path, value)),
            DiffValue::Plain(value) => DiffValue::Plain(shortened(value)),
            other @ (DiffValue::Withheld { .. } | DiffValue::Committed(_)) => other,
        }
    }
}

/// The value, with the length and the SHA-256 in place of every text that is too long for a log.
fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            json!({ "len": text.len(), "sha256": HEXLOWER.encode(&Sha256::digest(text.as_bytes())) })
        }
        Value::Array(values) => values.into_iter().map(shortened).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, shortened(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use serde::Serialize;

    use super::*;
    use crate::{PermissionSet, Principal, RequestId, Target, TenantId, Timestamp};

    /// Salts that differ.
    #[derive(Default)]
    struct Fixed(AtomicU8);
    impl IdSource for Fixed {
        fn next(&self) -> Uuid {
            Uuid::from_u128(7)
        }
        fn salt(&self) -> [u8; 32] {
            [self.0.fetch_add(1, Ordering::SeqCst); 32]
        }
    }

    #[derive(Serialize)]
    struct Renamed {
        length: u8,
        #[serde(skip)]
        diff: Vec<DiffEntry>,
    }
    impl DomainEvent for Renamed {
        fn name(&self) -> &'static str {
            "demo.thing.renamed"
        }
        fn targets(&self) -> Vec<Target> {
            vec![Target::new("tenant", Uuid::from_u128(3)), Target::new("thing", Uuid::from_u128(9))]
        }
        fn diff(&self) -> Vec<DiffEntry> {
            self.diff.clone()
        }
    }

    fn context(actor: Actor) -> Context {
        Context {
            tenant: TenantId::MAIN,
            actor,
            request_id: RequestId::parse("req-1").unwrap(),
            client_ip: Some("192.0.2.7".parse().unwrap()),
            user_agent: Some("test/1".into()),
            trace: None,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    fn somebody() -> Actor {
        Actor::User(Principal {
            user: Uuid::from_u128(1),
            session: Uuid::from_u128(2),
            authenticated_at: Timestamp::UNIX_EPOCH,
            permissions: PermissionSet::default(),
            withheld: PermissionSet::default(),
        })
    }

    fn entry(actor: Actor, diff: Vec<DiffEntry>) -> LogEntry {
        let journal = Journal::new(context(actor), Arc::new(Fixed::default()));
        let (state, mut entries) = journal.open(Change::new("state", Renamed { length: 4, diff })).unwrap();
        assert_eq!((state, entries.len()), ("state", 1));
        entries.remove(0)
    }

    #[test]
    fn the_envelope_says_who_what_on_what_from_where_and_in_which_request() {
        let diff = vec![DiffEntry::plain("/size", 1, 2), DiffEntry::personal("/name", false, true)];
        let entry = entry(somebody(), diff);
        assert_eq!(
            serde_json::to_value(&entry.event).unwrap(),
            json!({
                "format": 2,
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
                "targets": [
                    {"type": "tenant", "id": "00000000-0000-0000-0000-000000000003"},
                    {"type": "thing", "id": "00000000-0000-0000-0000-000000000009"},
                ],
                "outcome": "ok",
                "diff": [
                    {"path": "/size", "old": 1, "new": 2},
                    {"path": "/name", "old": null, "new": {"withheld": true}},
                ],
                "data": {"length": 4},
                "source": {
                    "ip": Commitment::to("192.0.2.7", "/source/ip", &[0; 32]),
                    "user_agent": Commitment::to("test/1", "/source/user_agent", &[1; 32]),
                },
                "request_id": "req-1",
            })
        );
        assert_eq!((entry.ip(), entry.user_agent()), ("192.0.2.7".parse().ok(), Some("test/1")));
        let back: EventRecord = serde_json::from_value(serde_json::to_value(&entry.event).unwrap()).unwrap();
        assert_eq!(back, entry.event);
    }

    #[test]
    fn a_changed_field_of_a_person_is_committed_to_and_about_that_person() {
        let address = |name: &str| Some(format!("{name}@example.org"));
        let diff = vec![DiffEntry::plain("/size", 1, 2), DiffEntry::committed("/email", address("a"), address("b"))];
        let entry = entry(somebody(), diff);

        let written = serde_json::to_string(&entry.event).unwrap();
        assert!(!written.contains("example.org") && !written.contains("192.0.2.7"), "{written}");
        let beside: Vec<_> = entry.personal.iter().map(|value| (value.path.as_str(), value.subject)).collect();
        let (thing, actor) = (Some(Uuid::from_u128(9)), Some(Uuid::from_u128(1)));
        assert_eq!(
            beside,
            [("/diff/1/old", thing), ("/diff/1/new", thing), ("/source/ip", actor), ("/source/user_agent", actor)]
        );
        assert_eq!(entry.event.diff[1].new, DiffValue::Committed(entry.personal[1].commitment()));
    }

    #[test]
    fn an_address_of_nobody_known_is_about_what_it_happened_to() {
        let entry = entry(Actor::Anonymous, Vec::new());
        assert!(entry.personal.iter().all(|value| value.subject == Some(Uuid::from_u128(9))), "not about the tenant");
    }

    #[test]
    fn a_value_that_does_not_fit_is_not_shown() {
        let mut entry = entry(somebody(), Vec::new());
        entry.personal[0].value = "192.0.2.8".to_owned();
        assert_eq!((entry.ip(), entry.user_agent()), (None, Some("test/1")));
        entry.personal.clear();
        assert_eq!(entry.user_agent(), None);
    }

    #[test]
    fn texts_of_more_than_a_kibibyte_are_told_by_length_and_hash() {
        let (short, long) = ("x".repeat(1_024), "x".repeat(1_025));
        let diff = vec![
            DiffEntry::plain("/body", short.clone(), long.clone()),
            DiffEntry::plain("/tags", json!([{ "a": long }]), json!(null)),
        ];
        let entry = entry(somebody(), diff);
        let told =
            json!({ "len": 1_025, "sha256": "c6d8e9905300876046729949cc95c2385221270d389176f7234fe7ac00c4e430" });
        assert_eq!(entry.event.diff[0].old, DiffValue::Plain(json!(short)));
        assert_eq!(entry.event.diff[0].new, DiffValue::Plain(told.clone()));
        assert_eq!(entry.event.diff[1].old, DiffValue::Plain(json!([{ "a": told }])));
    }
}
