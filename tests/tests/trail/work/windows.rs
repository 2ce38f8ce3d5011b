//! A process that kills itself at a chosen point on the way from event to effect.

use std::{ops::RangeInclusive, sync::Arc};

use ashlar_jobs::{
    Backoff, CatchUp, Failure, Handler, Handlers, Idempotence, Job, JobId, NewJob, Schedule, Subscriber, Subscribers,
    Transition,
    port::{
        Ack, Backlog, Claim, Enqueued, Firing, Heartbeat, JobQuery, JobStore, Outbox, Plan, Purge, QueueStats,
        ScheduleStore,
    },
};
use ashlar_kernel::{EventRecord, StoreError, TenantId, Timestamp};
use ashlar_server::work::Work;
use ashlar_sql::SqlStore;
use ashlar_tests::{Past, mortal::Death};
use async_trait::async_trait;
use chrono::TimeDelta;
use uuid::Uuid;

use super::work;

/// Before and after each step: one that was not made, and one whose answer was not heard.
pub(crate) const WINDOWS: [&str; 12] = [
    "before the relay",
    "after the relay",
    "before the claim",
    "after the claim",
    "before the effect",
    "after the effect",
    "before the end is said",
    "after the end is said",
    "before the schedule is looked up",
    "after the schedule is looked up",
    "before the schedule fires",
    "after the schedule fires",
];

/// The store of a process that dies.
struct Mortal {
    store: SqlStore,
    death: Arc<Death>,
}

#[async_trait]
impl Outbox for Mortal {
    async fn relay(&self, batch: u32, now: Timestamp, plan: Plan<'_>) -> Result<u32, StoreError> {
        self.death.around(0, self.store.relay(batch, now, plan)).await
    }
    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.store.backlog().await
    }
}

#[async_trait]
impl JobStore for Mortal {
    async fn enqueue(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Enqueued>, StoreError> {
        self.store.enqueue(jobs, now).await
    }
    async fn claim(&self, claim: Claim<'_>) -> Result<Vec<Job>, StoreError> {
        self.death.around(2, self.store.claim(claim)).await
    }
    async fn heartbeat(&self, beat: Heartbeat) -> Result<Ack, StoreError> {
        self.store.heartbeat(beat).await
    }
    async fn settle(&self, step: Transition) -> Result<Ack, StoreError> {
        self.death.around(6, self.store.settle(step)).await
    }
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.store.expired(now, limit).await
    }
    async fn unpark(&self, kind: &str, versions: RangeInclusive<u16>, now: Timestamp) -> Result<u64, StoreError> {
        self.store.unpark(kind, versions, now).await
    }
    async fn find(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, StoreError> {
        self.store.find(tenant, id).await
    }
    async fn list(&self, query: JobQuery) -> Result<Vec<Job>, StoreError> {
        self.store.list(query).await
    }
    async fn stats(&self, now: Timestamp) -> Result<Vec<QueueStats>, StoreError> {
        self.store.stats(now).await
    }
    async fn purge(&self, purge: Purge) -> Result<u64, StoreError> {
        self.store.purge(purge).await
    }
}

#[async_trait]
impl ScheduleStore for Mortal {
    async fn since(&self, schedule: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        self.death.around(8, self.store.since(schedule, now)).await
    }
    async fn fire(&self, firing: Firing) -> Result<bool, StoreError> {
        self.death.around(10, self.store.fire(firing)).await
    }
    async fn last_firings(
        &self,
        schedules: &[&str],
    ) -> Result<std::collections::BTreeMap<String, Timestamp>, StoreError> {
        self.store.last_firings(schedules).await
    }

    async fn forget_firings(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.store.forget_firings(before).await
    }
}

/// Where effects are kept: one row for each thing that happened, with an inbox in front.
pub(crate) fn tables(url: &str) -> String {
    // Where a row lies says nothing about when it came.
    let number = if url.starts_with("sqlite") {
        "INTEGER PRIMARY KEY AUTOINCREMENT"
    } else {
        "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    };
    format!(
        "CREATE TABLE effect (number {number}, cause text UNIQUE, aggregate text NOT NULL);
         CREATE TABLE attempt (cause text NOT NULL);"
    )
}

/// Leaves an effect, once for each cause.
struct LeaveEffect<const TICK: bool> {
    past: Past,
    death: Arc<Death>,
}

#[async_trait]
impl<const TICK: bool> Handler for LeaveEffect<TICK> {
    const KIND: &'static str = if TICK { "test.tick" } else { "test.effect" };
    const IDEMPOTENCE: Idempotence = Idempotence::UniqueKey("effect.cause");
    // Waiting is not what this is about.
    const BACKOFF: Backoff = Backoff { base: TimeDelta::milliseconds(1), cap: TimeDelta::milliseconds(1) };
    type Payload = (String, String);

    async fn handle(&self, (cause, aggregate): (String, String), _job: &Job) -> Result<(), Failure> {
        self.death.may_come(4);
        let sql = format!(
            "INSERT INTO attempt (cause) VALUES ('{cause}');
             INSERT INTO effect (cause, aggregate) VALUES ('{cause}', '{aggregate}') ON CONFLICT DO NOTHING;"
        );
        self.past.execute(&sql).await;
        self.death.may_come(5);
        Ok(())
    }
}

/// A job that does not give up, however many processes die of it.
fn patient(tenant: TenantId, kind: &str, payload: &(String, String)) -> NewJob {
    NewJob::new(tenant, kind, 1, payload).unwrap().attempts(10_000).unwrap()
}

/// Wants an effect of every event.
struct Witness;

impl Subscriber for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }
    fn wants(&self, _event: &str) -> bool {
        true
    }
    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let payload = (event.id.to_string(), event.targets[0].id.clone());
        vec![patient(event.tenant, "test.effect", &payload)]
    }
}

/// The work of a process that dies.
pub(crate) fn mortal_work(store: &SqlStore, past: &Past, ahead: TimeDelta, death: &Arc<Death>) -> Work {
    let mortal = || Arc::new(Mortal { store: store.clone(), death: Arc::clone(death) });
    let effects = LeaveEffect::<false> { past: past.clone(), death: Arc::clone(death) };
    let ticks = LeaveEffect::<true> { past: past.clone(), death: Arc::clone(death) };
    let tick = |due: Timestamp| patient(TenantId::MAIN, "test.tick", &(due.to_rfc3339(), "tick".to_owned()));
    let schedule = Schedule::new("tick", "* * * * * *", "UTC", CatchUp::All(3), tick).unwrap();
    Work {
        jobs: mortal(),
        outbox: mortal(),
        firings: mortal(),
        subscribers: Subscribers::new().with(Witness),
        schedules: vec![schedule],
        ..work(store, ahead, Handlers::new().with(effects).with(ticks))
    }
}

/// An aggregate: few of them, so that order matters.
pub(crate) fn aggregate(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number % 2)
}
