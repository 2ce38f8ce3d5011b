//! Jobs, the relay and schedules, in process.

mod bell;
mod desk;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ashlar_admin::JobNumbers;
use ashlar_jobs::{
    Job, JobId, NewJob, Transition,
    port::{
        Ack, Backlog, Bell, Claim, Enqueued, Firing, Heartbeat, JobQuery, JobStore, News, Outbox, Plan, Purge,
        QueueStats, ScheduleStore,
    },
};
use ashlar_kernel::{EventLog as _, IdSource, LogReader, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use uuid::Uuid;

use self::{bell::Rings, table::Table};
use crate::MemoryStore;

/// Jobs that are gone when the process ends, by the same laws as those that are not. Clones share one state.
#[derive(Clone)]
pub struct MemoryJobs(Arc<Shared>);

struct Shared {
    log: MemoryStore,
    ids: Arc<dyn IdSource>,
    /// Whose turn it is to move events.
    turn: futures::lock::Mutex<()>,
    state: Mutex<State>,
    rings: Rings,
}

#[derive(Default)]
struct State {
    table: Table,
    /// Events that led to jobs and may still be on the log's list: the log is another store, and a relay can be dropped
    /// between the two.
    moved: HashSet<Uuid>,
    schedules: BTreeMap<String, Fired>,
}

struct Fired {
    first_asked: Timestamp,
    moments: BTreeSet<Timestamp>,
    latest: Option<Timestamp>,
}

impl Fired {
    fn asked_first(at: Timestamp) -> Self {
        Self { first_asked: at, moments: BTreeSet::new(), latest: None }
    }
}

impl State {
    fn fired(&mut self, schedule: &str, now: Timestamp) -> &mut Fired {
        self.schedules.entry(schedule.to_owned()).or_insert_with(|| Fired::asked_first(now))
    }
}

impl MemoryJobs {
    /// No jobs yet. Their ids come from `ids`; events are those of `log`.
    pub fn new(log: MemoryStore, ids: Arc<dyn IdSource>) -> Self {
        let (turn, state, rings) = Default::default();
        Self(Arc::new(Shared { log, ids, turn, state, rings }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many jobs of a tenant are not done.
    pub(crate) fn numbers(&self, tenant: TenantId, now: Timestamp) -> JobNumbers {
        self.state().table.numbers(tenant, now)
    }

    fn new_id(&self) -> JobId {
        JobId::new(&*self.0.ids)
    }
}

#[async_trait]
impl JobStore for MemoryJobs {
    async fn enqueue(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Enqueued>, StoreError> {
        let mut state = self.state();
        let enqueued = jobs.into_iter().map(|job| state.table.add(Job::enqueued(self.new_id(), job, now))).collect();
        self.0.rings.ring();
        Ok(enqueued)
    }

    async fn claim(&self, claim: Claim<'_>) -> Result<Vec<Job>, StoreError> {
        self.state().table.claim(&claim)
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Ack, StoreError> {
        self.state().table.heartbeat(&beat)
    }

    async fn settle(&self, step: Transition) -> Result<Ack, StoreError> {
        Ok(self.state().table.settle(&step))
    }

    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
        Ok(self.state().table.expired(now).take(count(limit)).cloned().collect())
    }

    async fn unpark(&self, kind: &str, versions: RangeInclusive<u16>, now: Timestamp) -> Result<u64, StoreError> {
        self.state().table.unpark(kind, &versions, now)
    }

    async fn find(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.state().table.find(id).filter(|job| job.tenant() == tenant).cloned())
    }

    async fn list(&self, query: JobQuery) -> Result<Vec<Job>, StoreError> {
        Ok(self.state().table.list(&query))
    }

    async fn stats(&self, now: Timestamp) -> Result<Vec<QueueStats>, StoreError> {
        Ok(self.state().table.stats(now))
    }

    async fn purge(&self, purge: Purge) -> Result<u64, StoreError> {
        Ok(self.state().table.purge(&purge))
    }
}

#[async_trait]
impl Outbox for MemoryJobs {
    async fn relay(&self, batch: u32, now: Timestamp, plan: Plan<'_>) -> Result<u32, StoreError> {
        let Some(_turn) = self.0.turn.try_lock() else { return Ok(0) };
        let events = self.0.log.pending(LogReader::Dispatch, batch).await?;
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        let planned: Vec<_> = events.iter().map(|event| (event.id, plan(event))).collect();
        {
            let mut state = self.state();
            for (event, jobs) in planned {
                if !state.moved.insert(event) {
                    continue;
                }
                for job in jobs {
                    state.table.add(Job::enqueued(self.new_id(), job, now));
                }
            }
        }
        self.0.log.handled(LogReader::Dispatch, &ids).await?;
        self.state().moved.retain(|event| !ids.contains(event));
        if !ids.is_empty() {
            self.0.rings.ring();
        }
        Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let events = self.0.log.pending(LogReader::Dispatch, u32::MAX).await?;
        let oldest = events.iter().map(|event| event.occurred_at).min();
        Ok(Backlog { events: u64::try_from(events.len()).unwrap_or(u64::MAX), oldest })
    }
}

#[async_trait]
impl ScheduleStore for MemoryJobs {
    async fn since(&self, schedule: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        let mut state = self.state();
        let fired = state.fired(schedule, now);
        Ok(fired.moments.last().copied().unwrap_or(fired.first_asked))
    }

    async fn fire(&self, firing: Firing) -> Result<bool, StoreError> {
        let mut state = self.state();
        let fired = state.fired(&firing.schedule, firing.now);
        let is_first = fired.moments.insert(firing.due_at);
        if is_first {
            fired.latest = Some(firing.now);
            state.table.add(Job::enqueued(self.new_id(), firing.job, firing.now));
            self.0.rings.ring();
        }
        Ok(is_first)
    }

    async fn last_firings(&self, schedules: &[&str]) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let state = self.state();
        let of = |name: &&str| Some(((*name).to_owned(), state.schedules.get(*name)?.latest?));
        Ok(schedules.iter().filter_map(of).collect())
    }

    async fn forget_firings(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for fired in self.state().schedules.values_mut() {
            let last = fired.moments.last().copied();
            let kept = fired.moments.len();
            fired.moments.retain(|moment| *moment >= before || Some(*moment) == last);
            forgotten += kept - fired.moments.len();
        }
        Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
    }
}

#[async_trait]
impl Bell for MemoryJobs {
    async fn rung(&self, of: News, heard: u64) -> u64 {
        match of {
            News::Jobs => self.0.rings.other_than(heard).await,
            // The log is another store, which does not know about this one.
            News::Events => std::future::pending().await,
        }
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
