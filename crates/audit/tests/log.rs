//! Looking up what happened, on doubles.

use std::sync::Arc;

use ashlar_audit::log::{self, AuditLog, EventFilter, ExportEvents, ListEvents, ReadLogError};
use ashlar_kernel::{Actor, Clock, Context, IdSource, Limit, MacKey, Permission, Principal, Target, TimeOrderedIds};
use ashlar_memory::{ManualClock, MemoryStore, SeededEntropy, anonymous};
use chrono::TimeDelta;
use futures::executor::block_on;
use uuid::Uuid;

struct House {
    log: AuditLog,
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
        let ids: Arc<dyn IdSource> =
            Arc::new(TimeOrderedIds::new(Arc::clone(&clock) as Arc<_>, Arc::new(SeededEntropy::new(1))));
        let store = Arc::new(MemoryStore::new(ids));
        let log = AuditLog::new(Arc::clone(&store) as Arc<_>, &MacKey::from_bytes([1; 32]));
        Self { log, clock, store }
    }

    fn somebody(&self, number: u128, permissions: &[Permission]) -> Context {
        let principal = Principal {
            user: Uuid::from_u128(number),
            session: Uuid::nil(),
            authenticated_at: self.clock.now(),
            permissions: permissions.iter().copied().collect(),
            withheld: std::iter::empty().collect(),
        };
        let context = anonymous(&*self.clock);
        Context { actor: Actor::User(principal), client_ip: "192.0.2.7".parse().ok(), ..context }
    }

    fn reader(&self, number: u128) -> Context {
        self.somebody(number, &[log::READ])
    }

    fn names(&self) -> Vec<String> {
        self.store.events().into_iter().map(|event| event.name).collect()
    }
}

#[test]
fn only_who_may_sees_anything_and_nobody_else_is_noted() {
    let house = House::new();
    let stranger = house.somebody(1, &[]);
    let refused = [
        block_on(house.log.events(&stranger, ListEvents::default())).err(),
        block_on(house.log.event(&stranger, Uuid::nil())).err(),
        block_on(house.log.timeline(&stranger, Target::new("user", 1), Limit::default(), None)).err(),
        block_on(house.log.export(&stranger, everything())).err(),
    ];
    assert!(refused.iter().all(|error| matches!(error, Some(ReadLogError::Access(_)))), "{refused:?}");
    assert!(house.names().is_empty());
}

#[test]
fn who_turns_pages_is_noted_once_a_minute() {
    let house = House::new();
    for _page in 0..5 {
        block_on(house.log.events(&house.reader(1), ListEvents::default())).unwrap();
    }
    let missing = block_on(house.log.event(&house.reader(1), Uuid::nil())).unwrap_err();
    assert!(matches!(missing, ReadLogError::NotFound(_)));
    assert_eq!(house.names(), ["audit.log.read"]);
    assert_eq!(block_on(house.log.write_down(house.clock.now())).unwrap(), 0);

    house.clock.advance(TimeDelta::minutes(1));
    assert_eq!(block_on(house.log.write_down(house.clock.now())).unwrap(), 1);

    let last = house.store.events().pop().unwrap();
    assert_eq!(last.data, serde_json::json!({ "filters": ["id"], "count": 5 }));
    assert_eq!(last.actor.id, Some(Uuid::from_u128(1).to_string()));
}

#[test]
fn addresses_are_for_those_who_may_see_them() {
    let house = House::new();
    block_on(house.log.events(&house.reader(1), ListEvents::default())).unwrap();
    let seen = |context: &Context| {
        let page = block_on(house.log.events(context, ListEvents::default())).unwrap();
        page.data.into_iter().map(|entry| entry.ip().is_some()).collect::<Vec<_>>()
    };
    let trusted = house.somebody(2, &[log::READ, log::READ_PII]);
    assert_eq!(seen(&house.reader(1)), [false]);
    assert_eq!(seen(&trusted), [true]);

    let from = ListEvents {
        filter: EventFilter { ip: "192.0.2.7".parse().ok(), ..EventFilter::default() },
        ..ListEvents::default()
    };
    let refused = block_on(house.log.events(&house.reader(1), from.clone())).unwrap_err();
    assert!(matches!(refused, ReadLogError::Access(_)), "nor may they be guessed: {refused:?}");
    assert_eq!(block_on(house.log.events(&trusted, from)).unwrap().data.len(), 2);
}

#[test]
fn thing_that_nothing_happened_to_has_no_timeline() {
    let house = House::new();
    let context = house.reader(1);
    let of = |id: String| block_on(house.log.timeline(&context, Target::new("tenant", id), Limit::default(), None));
    assert!(matches!(of(context.tenant.to_string()).unwrap_err(), ReadLogError::NotFound(_)));
    assert_eq!(of(context.tenant.to_string()).unwrap().data.len(), 1, "that it was looked at has happened to it");
    assert!(matches!(of("else".to_owned()).unwrap_err(), ReadLogError::NotFound(_)));
}

fn everything() -> ExportEvents {
    ExportEvents { filter: EventFilter::default(), format: "ndjson", cursor: None }
}

#[test]
fn export_that_breaks_off_goes_on_where_it_was() {
    let house = House::new();
    let all = 2 * usize::try_from(log::Export::BATCH).unwrap() + 20;
    for _event in 0..all {
        let reader = house.reader(1);
        house.clock.advance(TimeDelta::minutes(1));
        block_on(house.log.events(&reader, ListEvents::default())).unwrap();
    }
    let context = house.reader(1);
    let mut export = block_on(house.log.export(&context, everything())).unwrap();
    assert!(!export.is_resumed() && export.until() == context.now);
    let first = block_on(export.next()).unwrap().unwrap();
    house.clock.advance(TimeDelta::hours(1));

    let again = ExportEvents { cursor: Some(first.cursor.clone()), ..everything() };
    let mut resumed = block_on(house.log.export(&house.reader(1), again)).unwrap();

    assert!(resumed.is_resumed() && resumed.until() == context.now, "it ends where the first would have");
    let mut events = first.events;
    while let Some(batch) = block_on(resumed.next()).unwrap() {
        events.extend(batch.events);
    }
    let expected: Vec<_> = house.store.events().into_iter().take(all).map(|event| event.id).collect();
    assert_eq!(events.iter().map(|entry| entry.event.id).collect::<Vec<_>>(), expected);
    assert!(events.iter().all(|entry| entry.event.source.ip.is_none() && entry.personal.is_empty()));
    assert_eq!(house.names().iter().filter(|name| *name == "audit.log.exported").count(), 2);

    let other = EventFilter { actor_type: Some("user".to_owned()), ..EventFilter::default() };
    let foreign = ExportEvents { filter: other, cursor: Some(first.cursor), ..everything() };
    let refused = block_on(house.log.export(&context, foreign)).err().unwrap();
    assert!(matches!(refused, ReadLogError::Cursor(_)), "{refused:?}");
}
