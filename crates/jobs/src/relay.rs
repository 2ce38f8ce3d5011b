//! From events to jobs.

use std::sync::Arc;

use ashlar_kernel::{Clock, EventRecord, StoreError};
use sha2::{Digest, Sha256};

use crate::{NewJob, job::KEY_MAX, port::Outbox};

/// Somebody who wants jobs done when certain things have happened.
pub trait Subscriber: Send + Sync {
    /// Its name, which never changes: jobs are told apart by it. 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`.
    fn name(&self) -> &'static str;

    /// Whether it wants to hear of events of this name.
    fn wants(&self, event: &str) -> bool;

    /// What there is to do. Must be the same whenever it is asked: an event may be offered again.
    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob>;
}

/// Everybody who wants to hear of events.
#[derive(Default)]
pub struct Subscribers(Vec<Box<dyn Subscriber>>);

impl Subscribers {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, subscriber: impl Subscriber + 'static) -> Self {
        self.0.push(Box::new(subscriber));
        self
    }

    /// The jobs an event leads to, of all subscribers.
    ///
    /// Each has a dedupe key made of subscriber and event, so that an event offered twice leads to one job. Each also
    /// has a serial key made of subscriber and aggregate, unless it brought its own: what happened to one thing is
    /// handled in the order it happened, and no subscriber waits for another.
    pub fn plan(&self, event: &EventRecord) -> Vec<NewJob> {
        let interested = self.0.iter().filter(|subscriber| subscriber.wants(&event.name));
        interested.flat_map(|subscriber| jobs_of(&**subscriber, event)).collect()
    }
}

fn jobs_of(subscriber: &dyn Subscriber, event: &EventRecord) -> Vec<NewJob> {
    let name = subscriber.name();
    let aggregate = event.targets.first().map(|target| key(&format!("{name}/{}/{}", target.kind, target.id)));
    let jobs = subscriber.jobs_for(event).into_iter().enumerate();
    jobs.map(|(number, job)| NewJob {
        tenant: event.tenant,
        dedupe_key: Some(key(&format!("{name}/{}/{number}", event.id))),
        serial_key: job.serial_key.or_else(|| aggregate.clone()),
        trace_context: job.trace_context.or_else(|| event.trace.as_deref().map(key)),
        ..job
    })
    .collect()
}

/// A text that may be long or odd, as a key.
fn key(text: &str) -> String {
    if text.len() <= KEY_MAX && !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    let digest = Sha256::digest(text.as_bytes());
    let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    nibbles.filter_map(|nibble| char::from_digit(u32::from(nibble), 16)).collect()
}

/// Moves events from the log to the jobs.
#[derive(Clone)]
pub struct Relay {
    outbox: Arc<dyn Outbox>,
    subscribers: Arc<Subscribers>,
    clock: Arc<dyn Clock>,
}

impl Relay {
    /// Events that one step moves at most.
    pub const BATCH: u32 = 100;

    /// A relay. Any number may work on one log; one at a time moves events.
    pub fn new(outbox: Arc<dyn Outbox>, subscribers: Arc<Subscribers>, clock: Arc<dyn Clock>) -> Self {
        Self { outbox, subscribers, clock }
    }

    /// Moves some events and counts them. A full batch means that there may be more.
    pub async fn step(&self) -> Result<u32, StoreError> {
        let plan = |event: &EventRecord| self.subscribers.plan(event);
        self.outbox.relay(Self::BATCH, self.clock.now(), &plan).await
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::{ActorRef, EventFormat, Outcome, Source, Target, TenantId, Timestamp};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    struct Two;
    impl Subscriber for Two {
        fn name(&self) -> &'static str {
            "two"
        }
        fn wants(&self, event: &str) -> bool {
            event.starts_with("demo.")
        }
        fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
            let job = NewJob::new(TenantId::MAIN, "demo.echo", 1, &event.id).unwrap();
            vec![job.clone(), job.in_turn("mine").unwrap()]
        }
    }

    fn event(name: &str, target: &str) -> EventRecord {
        EventRecord {
            format: EventFormat::First,
            id: Uuid::from_u128(9),
            tenant: TenantId::from_uuid(Uuid::from_u128(4)),
            name: name.to_owned(),
            schema_version: 1,
            occurred_at: Timestamp::UNIX_EPOCH,
            actor: ActorRef { kind: "anonymous".to_owned(), id: None, session: None },
            targets: vec![Target::new("lamp", target)],
            outcome: Outcome::Ok,
            diff: Vec::new(),
            data: Value::Null,
            source: Source::default(),
            request_id: "r".to_owned(),
            trace: Some("00-trace".to_owned()),
        }
    }

    #[test]
    fn jobs_of_an_event_are_told_apart_and_belong_to_its_tenant_and_aggregate() {
        let subscribers = Subscribers::new().with(Two);
        let jobs = subscribers.plan(&event("demo.lamp.lit", "7"));
        let of =
            |number: usize| (jobs[number].dedupe_key.as_deref().unwrap(), jobs[number].serial_key.as_deref().unwrap());

        assert_eq!(of(0), ("two/00000000-0000-0000-0000-000000000009/0", "two/lamp/7"));
        assert_eq!(of(1), ("two/00000000-0000-0000-0000-000000000009/1", "mine"));
        assert!(jobs.iter().all(|job| job.tenant == TenantId::from_uuid(Uuid::from_u128(4))));
        assert_eq!(jobs[0].payload, json!(Uuid::from_u128(9)));
        assert_eq!(jobs[0].trace_context.as_deref(), Some("00-trace"));
    }

    #[test]
    fn nobody_is_bothered_with_what_they_do_not_want() {
        assert!(Subscribers::new().with(Two).plan(&event("other.thing.done", "7")).is_empty());
    }

    #[test]
    fn the_key_of_a_long_name_is_its_digest() {
        let jobs = Subscribers::new().with(Two).plan(&event("demo.lamp.lit", &"x".repeat(300)));
        assert_eq!(jobs[0].serial_key.as_ref().unwrap().len(), 64);
    }
}
