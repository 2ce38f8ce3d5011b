//! Leads that come one by one at the same time, added together.
//!
//! A unit of work costs the same for one lead as for many: the turn to write, the round trips, the flush to the disk, and on
//! SQLite the pages of every index. While one is under way, whoever comes waits in a queue; the next one takes them along.
//! Nobody waits for others to come.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ashlar_kernel::{Context, Journal, Receipt, StoreError, UnitOfWork as _};
use ashlar_leads::port::{Newcomer, SaveLeadError};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::batch::Opened;
use crate::{SqlStore, transaction::SqlTx};

/// The most that are added together: more would keep other writers waiting for longer.
const MOST: usize = 64;

type Outcome = Result<(), SaveLeadError>;

/// Those who wait to be added.
#[derive(Default)]
pub(crate) struct Gathering(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Whether somebody is there who takes them.
    is_served: bool,
}

struct Waiting {
    context: Context,
    newcomer: Newcomer,
    receipt: Option<Receipt>,
    outcome: oneshot::Sender<Outcome>,
}

/// Why those who were to be added together were not: each of them is told.
#[derive(Debug, thiserror::Error)]
#[error("leads were not added")]
struct NotAdded(#[source] Arc<StoreError>);

impl Gathering {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one to the queue. True for whoever has to see to it that the queue is served.
    fn join(&self, waiting: Waiting) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(waiting);
        !std::mem::replace(&mut queue.is_served, true)
    }

    /// The circumstances of whoever is first. If there is nobody, nobody serves from now on.
    fn first(&self) -> Option<Context> {
        let mut queue = self.queue();
        let first = queue.waiting.front().map(|waiting| waiting.context.clone());
        queue.is_served = first.is_some();
        first
    }

    /// Those who are next, without those who have gone away meanwhile. As many as a power of two, so that statements have
    /// few texts, and connections know them all.
    fn next(&self) -> Vec<Waiting> {
        let mut queue = self.queue();
        queue.waiting.retain(|waiting| !waiting.outcome.is_closed());
        let count = queue.waiting.len().min(MOST).checked_ilog2().map_or(0, |power| 1 << power);
        queue.waiting.drain(..count).collect()
    }
}

impl Waiting {
    fn tell(self, outcome: Outcome) {
        // Whoever has gone away does not hear it.
        let _gone = self.outcome.send(outcome);
    }

    fn id(&self) -> Uuid {
        self.newcomer.0.state().id().as_uuid()
    }
}

impl SqlStore {
    /// Adds a lead, together with those who come at the same time.
    pub(super) async fn gather(&self, context: &Context, newcomer: Newcomer, receipt: Option<Receipt>) -> Outcome {
        let (outcome, answer) = oneshot::channel();
        let waiting = Waiting { context: context.clone(), newcomer, receipt, outcome };
        if self.newcomers().join(waiting) {
            // In a task of its own: whoever came first may go away, and the others wait for what was begun.
            tokio::spawn(Service::of(self.clone()).run());
        }
        let unknown = |_gone| Err(StoreError::Unavailable("whether the lead was added is not known".into()).into());
        answer.await.unwrap_or_else(unknown)
    }
}

/// Somebody who serves the queue until it is empty.
struct Service {
    store: SqlStore,
    is_over: bool,
}

impl Service {
    const fn of(store: SqlStore) -> Self {
        Self { store, is_over: false }
    }

    async fn run(mut self) {
        while let Some(context) = self.store.newcomers().first() {
            // Whoever comes while we wait for the turn to write goes along.
            let begun = self.store.begin_tx(&context).await;
            let group = self.store.newcomers().next();
            for one in take_in(begun, group).await {
                let begun = self.store.begin_tx(&one.context).await;
                take_in(begun, vec![one]).await;
            }
        }
        self.is_over = true;
    }
}

impl Drop for Service {
    /// Whatever becomes of this one, nobody waits for nothing: of those who still wait nothing was begun, and the next to
    /// come is served.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut queue = self.store.newcomers().queue();
        queue.is_served = false;
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        for one in waiting {
            one.tell(Err(StoreError::Contended("whoever adds leads has gone".into()).into()));
        }
    }
}

/// Adds them together and tells them. Those who are given back are to be tried one by one: something is the matter with
/// one of them, and the others are not to suffer from it.
async fn take_in(begun: Result<SqlTx, StoreError>, group: Vec<Waiting>) -> Vec<Waiting> {
    let outcome = match begun {
        Ok(tx) => add(tx, &group).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(entered) => {
            for waiting in group {
                let is_in = entered.contains(&waiting.id());
                waiting.tell(if is_in { Ok(()) } else { Err(SaveLeadError::Duplicate) });
            }
        }
        Err(StoreError::Internal(_) | StoreError::Corrupt { .. } | StoreError::Stale) if group.len() > 1 => {
            return group;
        }
        Err(error) => {
            let error = Arc::new(error);
            for waiting in group {
                waiting.tell(Err(share_of(&error).into()));
            }
        }
    }
    Vec::new()
}

/// One unit of work; who is in.
async fn add(mut tx: SqlTx, group: &[Waiting]) -> Result<BTreeSet<Uuid>, StoreError> {
    let mut opened = Vec::with_capacity(group.len());
    for Waiting { context, newcomer: (change, came), .. } in group {
        let journal = Journal::new(context.clone(), Arc::clone(tx.store().ids()));
        let (lead, events) = journal.open(change.clone())?;
        opened.push(Opened::new(&lead, came, events)?);
    }
    let entered = tx.enter_leads(opened).await?;
    for waiting in group {
        if let (Some(receipt), true) = (&waiting.receipt, entered.contains(&waiting.id())) {
            tx.remember(receipt.clone()).await?;
        }
    }
    Box::new(tx).commit().await?;
    Ok(entered)
}

/// What each of many is told of a failure.
fn share_of(error: &Arc<StoreError>) -> StoreError {
    let cause = Box::new(NotAdded(Arc::clone(error)));
    match **error {
        StoreError::Stale => StoreError::Stale,
        StoreError::Contended(_) => StoreError::Contended(cause),
        StoreError::Unavailable(_) => StoreError::Unavailable(cause),
        StoreError::Corrupt { what } => StoreError::Corrupt { what },
        StoreError::Internal(_) => StoreError::Internal(cause),
    }
}
