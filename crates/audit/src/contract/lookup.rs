//! Laws of looking events up.

use ashlar_kernel::{
    Actor, Change, Context, EventFormat, KeyPrincipal, LogEntry, Outcome, PermissionSet, Principal, RequestId, TenantId,
};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{Fixture, noon, other_tenant};
use crate::log::{AuditEvent, Erasure, EventFilter, EventOrder, EventPosition, EventQuery};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn everything(order: EventOrder) -> EventQuery {
    EventQuery {
        tenant: TenantId::MAIN,
        filter: EventFilter::default(),
        order,
        after: None,
        rows: 1_000,
        with_personal: true,
    }
}

fn person(number: u128) -> Actor {
    let none = PermissionSet::default();
    let (user, session) = (Uuid::from_u128(number), Uuid::from_u128(number + 100));
    Actor::User(Principal { user, session, authenticated_at: noon(), permissions: none.clone(), withheld: none })
}

fn key(number: u128) -> Actor {
    let (key, owner) = (Uuid::from_u128(number), Uuid::from_u128(number + 100));
    Actor::ApiKey(KeyPrincipal { key, owner, permissions: PermissionSet::default() })
}

/// Somebody's request, so many seconds after noon.
fn request(actor: Actor, name: &str, second: i64) -> Context {
    let at = noon() + TimeDelta::seconds(second);
    Context { actor, ..Context::system("x", TenantId::MAIN, RequestId::parse(name).unwrap(), at) }
}

/// Requests that differ in everything that is looked for, two of them at the same moment.
fn requests() -> Vec<Context> {
    let from = |ip: &str, context: Context| Context { client_ip: ip.parse().ok(), ..context };
    let traced =
        |context: Context| Context { trace: Some(format!("00-{TRACE}-00f067aa0ba902b7-01").into()), ..context };
    vec![
        from("192.0.2.7", request(person(1), "first", 0)),
        from("2001:db8::7", request(person(2), "second", 1)),
        traced(request(key(1), "third", 1)),
        request(Actor::Anonymous, "100%_of_it", 2),
        traced(from("192.0.2.7", request(Actor::System("job"), "fifth", 3))),
        Context { tenant: other_tenant(), ..from("192.0.2.7", request(person(1), "first", 0)) },
    ]
}

fn filters() -> Vec<EventFilter> {
    let none = EventFilter::default;
    let one = Uuid::from_u128(1).to_string();
    let of = |text: &str| EventFilter { mention: text.parse().ok(), ..none() };
    let called = |text: &str| EventFilter { action: text.parse().ok(), ..none() };
    let about = |kind: Option<&str>, id: Option<&str>| EventFilter {
        target_type: kind.map(str::to_owned),
        target_id: id.map(str::to_owned),
        ..none()
    };
    let main = TenantId::MAIN.to_string();
    vec![
        EventFilter { actor_type: Some("user".to_owned()), ..none() },
        EventFilter { actor_id: Some(one.clone()), ..none() },
        EventFilter { actor_type: Some("api_key".to_owned()), actor_id: Some(one.clone()), ..none() },
        EventFilter { outcome: Some(Outcome::Ok), ..none() },
        EventFilter { ip: "192.0.2.7".parse().ok(), ..none() },
        EventFilter { ip: "2001:db8::7".parse().ok(), ..none() },
        EventFilter { request_id: Some("second".to_owned()), ..none() },
        EventFilter { trace_id: TRACE.parse().ok(), ..none() },
        EventFilter { from: Some(noon() + TimeDelta::seconds(1)), ..none() },
        EventFilter { to: Some(noon() + TimeDelta::seconds(1)), ..none() },
        called("audit.log.read"),
        called("audit.*"),
        called("audit.log.r*"),
        called("audit_log*").clone(),
        called("audit.log"),
        about(Some("tenant"), Some(&main)),
        about(Some("user"), Some(&main)),
        about(Some("tenant"), None),
        about(Some("user"), None),
        about(None, Some(&main)),
        about(None, Some("'; --")),
        of(&one),
        of(&main),
        of("first"),
        of("100%_of_it"),
        of("100__of_it"),
        of("audit"),
        of("job"),
        of("'\" OR 1 = 1"),
        EventFilter { actor_type: Some("user".to_owned()), ..of("audit.log") },
    ]
}

impl Fixture {
    /// Somebody reads the log.
    async fn read(&self, context: &Context) {
        let event = AuditEvent::LogRead { tenant: context.tenant, filters: vec!["q"], count: 1 };
        let mut tx = self.log.begin(context).await.unwrap();
        tx.note_reading(Change::new((), event)).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn read_all(&self) {
        for context in requests() {
            self.read(&context).await;
        }
    }
}

/// Each event is found by its id, in its own tenant.
pub async fn an_event_is_found_in_its_own_tenant(fixture: Fixture) {
    fixture.read_all().await;

    let events = fixture.log.events(&everything(EventOrder::NewestFirst)).await.unwrap();

    assert_eq!(events.len(), requests().len() - 1);
    for entry in events {
        let id = entry.event.id;
        assert_eq!(fixture.log.event(TenantId::MAIN, id, true).await.unwrap().as_ref(), Some(&entry));
        assert_eq!(fixture.log.event(other_tenant(), id, true).await.unwrap(), None);
    }
    assert_eq!(fixture.log.event(TenantId::MAIN, Uuid::nil(), true).await.unwrap(), None);
}

/// An event holds commitments to where it was done from. The values are there for who asks for them, and fit.
pub async fn personal_values_stand_beside_the_log(fixture: Fixture) {
    let agent = "law/1 \"quoted\" \u{e4}";
    let first = requests().remove(0);
    fixture.read(&Context { user_agent: Some(agent.into()), ..first }).await;

    let shown = fixture.log.events(&everything(EventOrder::NewestFirst)).await.unwrap().remove(0);
    let bare = EventQuery { with_personal: false, ..everything(EventOrder::NewestFirst) };
    let bare = fixture.log.events(&bare).await.unwrap().remove(0);

    assert_eq!((shown.ip(), shown.user_agent()), ("192.0.2.7".parse().ok(), Some(agent)));
    let subjects: Vec<_> = shown.personal.iter().map(|value| value.subject).collect();
    assert_eq!(subjects, [Some(Uuid::from_u128(1)); 2]);
    assert_eq!(shown.event.format, EventFormat::LATEST);
    assert_eq!((&bare.event, &bare.personal[..], bare.ip()), (&shown.event, &[][..], None));
    assert_eq!(fixture.log.event(TenantId::MAIN, bare.event.id, false).await.unwrap(), Some(bare));
    let sealed = serde_json::to_string(&shown.event).unwrap();
    assert!(!sealed.contains("192.0.2.7") && !sealed.contains("law/1"), "{sealed}");
    fixture.seal_all().await;
    assert_eq!(fixture.report(TenantId::MAIN).await.breach, None);
}

/// Each filter means what it says, whatever stands in it.
pub async fn filters_let_through_what_they_say(fixture: Fixture) {
    fixture.read_all().await;
    let all = fixture.log.events(&everything(EventOrder::NewestFirst)).await.unwrap();
    let mut found_by_some = 0;

    for filter in filters() {
        let query = EventQuery { filter, ..everything(EventOrder::NewestFirst) };
        let expected: Vec<_> = all.iter().filter(|entry| query.lets_through(entry)).cloned().collect();
        found_by_some += usize::from(!expected.is_empty() && expected.len() < all.len());
        assert_eq!(fixture.log.events(&query).await.unwrap(), expected, "{:?}", query.filter);
    }

    assert!(found_by_some >= 12, "too many of the filters tell nothing apart: {found_by_some}");
}

/// What is erased is gone from beside the log of that tenant, or of all, and the trail is as sound as before.
pub async fn what_is_erased_is_gone_and_the_trail_is_whole(fixture: Fixture) {
    fixture.read_all().await;
    fixture.seal_all().await;
    let all = everything(EventOrder::OldestFirst);
    let before = fixture.log.events(&all).await.unwrap();
    let subject = Uuid::from_u128(1);
    let erase = async |tenant| {
        let mut tx = fixture.log.begin(&request(Actor::System("privacy"), "erase", 9)).await.unwrap();
        let explained = |values| AuditEvent::Erased { subject: "somebody".to_owned(), values };
        let values = tx.erase_personal(Erasure { subject, tenant }, &explained).await.unwrap();
        (values, tx)
    };

    drop(erase(None).await);
    assert_eq!(fixture.log.events(&all).await.unwrap(), before, "nothing is erased that is not committed");
    let (values, tx) = erase(Some(TenantId::MAIN)).await;
    tx.commit().await.unwrap();
    assert_eq!(values, 1, "one address in this tenant");

    let after = fixture.log.events(&all).await.unwrap();
    assert_eq!(after.len(), before.len() + 1);
    for (was, is) in before.iter().zip(&after) {
        assert_eq!(was.event, is.event);
        let is_theirs = was.personal.iter().any(|value| value.subject == Some(subject));
        assert_eq!(is.personal.len(), if is_theirs { 0 } else { was.personal.len() });
    }
    let by_address = EventFilter { ip: "192.0.2.7".parse().ok(), ..EventFilter::default() };
    let found = fixture.log.events(&EventQuery { filter: by_address, ..all.clone() }).await.unwrap();
    assert_eq!(found.len(), 1, "the address is somebody else's, too");
    let elsewhere = EventQuery { tenant: other_tenant(), ..all };
    assert!(fixture.log.events(&elsewhere).await.unwrap()[0].ip().is_some());
    let (values, tx) = erase(None).await;
    tx.commit().await.unwrap();
    assert_eq!((values, fixture.log.events(&elsewhere).await.unwrap()[0].ip()), (1, None));
    fixture.seal_all().await;
    for tenant in [TenantId::MAIN, other_tenant()] {
        assert_eq!(fixture.report(tenant).await.breach, None);
    }
}

/// Pages follow each other without a gap or a double, in both orders, also among what happened at once.
pub async fn events_are_read_in_order_page_by_page(fixture: Fixture) {
    fixture.read_all().await;
    let newest = fixture.log.events(&everything(EventOrder::NewestFirst)).await.unwrap();
    assert!(newest.is_sorted_by_key(|entry| std::cmp::Reverse(EventPosition::of(&entry.event))));
    let oldest: Vec<_> = newest.iter().rev().cloned().collect();

    for (order, expected) in [(EventOrder::NewestFirst, newest), (EventOrder::OldestFirst, oldest)] {
        let mut read = Vec::new();
        for _page in 0..=expected.len() {
            let after = read.last().map(|entry: &LogEntry| EventPosition::of(&entry.event));
            read.extend(fixture.log.events(&EventQuery { after, rows: 1, ..everything(order) }).await.unwrap());
        }
        assert_eq!(read, expected);
    }
}
