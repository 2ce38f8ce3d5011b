//! Bodies of events that have been kept for long enough, and how they go without anybody being able to say later that
//! something else went with them.
//!
//! It takes two steps. First an event says which bodies expire, by the root over their leaves, and is sealed and signed like
//! any other. Only then are the bodies deleted. Links, subtrees and checkpoints stay, so that whatever follows still
//! verifies.

mod claim;
mod class;

use std::sync::Arc;

use ashlar_kernel::{Change, Context, StoreError, TenantId, Timestamp};

pub use self::{
    claim::{Claim, Expiry, Run},
    class::{Class, Periods},
};
use crate::{Digest32, log::EventPosition, port::RetentionStore};

/// The name of the events that say which bodies expire. They are never deleted themselves.
pub const EVENT: &str = "audit.retention.applied";

/// Which bodies may expire: those of sealed events that a checkpoint covers which is elsewhere too, that the relay has
/// handled, that are not of retention, and that no expiry is written down for yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expirable {
    /// Whose events.
    pub tenant: TenantId,
    /// Of which class.
    pub class: Class,
    /// Only those that happened before then.
    pub before: Timestamp,
    /// Only those behind this one, in the order of time.
    pub after: Option<EventPosition>,
    /// At most so many.
    pub limit: u32,
}

/// A body that may expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The event.
    pub at: EventPosition,
    /// The number of its link.
    pub seq: u64,
    /// The leaf it became.
    pub leaf: Digest32,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// For how many bodies it was written down that they expire.
    pub recorded: u64,
    /// How many bodies, written down earlier, were deleted.
    pub deleted: u64,
}

/// What could be written down now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Whose events.
    pub tenant: TenantId,
    /// Of which class.
    pub class: Class,
    /// They happened before then.
    pub before: Timestamp,
    /// How many.
    pub bodies: u64,
}

/// Lets bodies expire. Any number may work on one database; one at a time does.
#[derive(Clone)]
pub struct Retention {
    store: Arc<dyn RetentionStore>,
    periods: Periods,
}

impl Retention {
    /// Bodies of one transaction at most.
    pub const BATCH: u32 = 1_000;
    /// Transactions of one call for each tenant and class, and as many to delete; the next call goes on.
    const BATCHES: u32 = 1_000;

    /// On a store, by these periods.
    pub fn new(store: Arc<dyn RetentionStore>, periods: Periods) -> Self {
        Self { store, periods }
    }

    /// Deletes the bodies of which it is written down, sealed and signed that they expire; then writes down for which others
    /// their time has come. Those are deleted by a later call, when that is sealed and signed as well. Doing it twice is no
    /// error, and stopping anywhere neither.
    pub async fn apply(&self, context: &Context) -> Result<Applied, StoreError> {
        self.make_places().await?;
        let dropped = self.store.drop_places().await?;
        let mut applied = Applied { deleted: dropped + self.delete_recorded(context).await?, recorded: 0 };
        for tenant in self.store.covered_tenants().await? {
            let context = Context { tenant, ..context.clone() };
            for class in Class::ALL {
                applied.recorded += self.record(&context, class).await?;
            }
        }
        Ok(applied)
    }

    /// Makes the places for events of the time to come, where the store has such; how many were missing.
    pub async fn make_places(&self) -> Result<u32, StoreError> {
        self.store.make_places().await
    }

    /// What [`apply`](Self::apply) would write down, and nothing more.
    pub async fn due(&self, now: Timestamp) -> Result<Vec<Due>, StoreError> {
        let mut due = Vec::new();
        for tenant in self.store.covered_tenants().await? {
            for class in Class::ALL {
                due.push(self.due_of(tenant, class, now).await?);
            }
        }
        due.retain(|due| due.bodies > 0);
        Ok(due)
    }

    async fn due_of(&self, tenant: TenantId, class: Class, now: Timestamp) -> Result<Due, StoreError> {
        let mut search = self.search((tenant, class), now);
        let mut bodies = 0_u64;
        while let Some(found) = self.next(&mut search).await? {
            bodies += u64::try_from(found.len()).unwrap_or(u64::MAX);
        }
        Ok(Due { tenant, class, before: search.before, bodies })
    }

    fn search(&self, (tenant, class): (TenantId, Class), now: Timestamp) -> Expirable {
        // A period that reaches back beyond all time is for ever.
        let before = now.checked_sub_signed(self.periods.of(class)).unwrap_or(Timestamp::UNIX_EPOCH);
        Expirable { tenant, class, before, after: None, limit: Self::BATCH }
    }

    /// The next bodies of a search, which goes on behind them; none if there are no more.
    async fn next(&self, search: &mut Expirable) -> Result<Option<Vec<Candidate>>, StoreError> {
        let found = self.store.expirable(search).await?;
        let last = found.last().map(|last| last.at);
        // A row that somebody wrote past this program may have a moment in a form that sorts elsewhere than it reads. It
        // does not make anybody look for ever.
        let is_further = last > search.after;
        search.after = last;
        Ok(is_further.then_some(found))
    }

    async fn delete_recorded(&self, context: &Context) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for _batch in 0..Self::BATCHES {
            let Some(mut tx) = self.store.begin_retention(context).await? else { break };
            let bodies = tx.delete_recorded().await?;
            // Also where there was nothing: a turn that is only dropped may be taken for a while yet.
            tx.commit().await?;
            let Some(bodies) = bodies else { break };
            deleted += bodies;
        }
        Ok(deleted)
    }

    async fn record(&self, context: &Context, class: Class) -> Result<u64, StoreError> {
        let mut search = self.search((context.tenant, class), context.now);
        let mut recorded = 0;
        for _batch in 0..Self::BATCHES {
            // Looking keeps nobody from writing, on SQLite either.
            let Some(found) = self.next(&mut search).await? else { break };
            let Some(mut tx) = self.store.begin_retention(context).await? else { break };
            let free = tx.unrecorded(context.tenant, found).await?;
            if let Some(expiry) = Expiry::of(context.tenant, (class, search.before), &free) {
                recorded += expiry.claim.count;
                let event = expiry.event();
                tx.record(Change::new(expiry, event)).await?;
            }
            tx.commit().await?;
        }
        Ok(recorded)
    }
}
