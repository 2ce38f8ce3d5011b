//! What needs somebody's attention.

mod event;
mod letters;
mod matter;
mod state;
mod storage;

use std::{collections::BTreeSet, sync::Arc};

use ashlar_kernel::{
    AccessError, Change, Class, Classified, Context, CursorSigner, IdSource, InvalidCursor, Limit, MacKey, NotFound,
    Page, StoreError, TenantId, Timestamp, UnitOfWork,
};
use async_trait::async_trait;
use chrono::TimeDelta;

use crate::permission;

pub use event::NotificationEvent;
pub(crate) use event::notification_event_specs;
pub use letters::Readers;
pub use matter::{Matter, StuckJobs, Troubles};
pub use state::{Notification, NotificationId, NotificationRow, Severity};
pub use storage::Places;

/// Which notifications to list.
#[derive(Debug, Clone, Default)]
pub struct NotificationFilter {
    /// Of one severity, or of any.
    pub severity: Option<Severity>,
    /// Those that are the matter still, those that are no more, or both.
    pub is_resolved: Option<bool>,
    /// Those that somebody looks after, those that nobody does, or both.
    pub is_acknowledged: Option<bool>,
}

/// Which rows to read.
#[derive(Debug, Clone)]
pub struct NotificationQuery {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Which of its.
    pub filter: NotificationFilter,
    /// Older than this one.
    pub after: Option<NotificationId>,
    /// At most this many.
    pub rows: u64,
}

/// What became of a notification that was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// There was none open; there is now, and its event.
    New,
    /// There was one, which has counted one more.
    Repeated,
    /// There was one, which somebody else has counted within [`Notifications::REPEAT`].
    TooSoon,
}

/// A notification that is the matter still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Whom it concerns.
    pub tenant: TenantId,
    /// What is the matter.
    pub key: String,
    /// Which it is.
    pub id: NotificationId,
}

/// Where notifications are kept, and what tells of trouble.
#[async_trait]
pub trait NotificationStore: Send + Sync {
    /// Begins a unit of work.
    async fn begin(&self, context: &Context) -> Result<Box<dyn NotificationTx>, StoreError>;

    /// The notifications a query lets through, newest first.
    async fn notifications(&self, query: &NotificationQuery) -> Result<Vec<Notification>, StoreError>;

    /// One of a tenant.
    async fn notification(&self, tenant: TenantId, id: NotificationId) -> Result<Option<Notification>, StoreError>;

    /// What is the matter still, of all tenants.
    async fn unresolved(&self) -> Result<Vec<Unresolved>, StoreError>;

    /// Deletes those that were resolved before, at most `limit`, and counts them.
    async fn purge_notifications(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// Who knows what does not go as it should.
#[async_trait]
pub trait TroubleStore: Send + Sync {
    /// What does not go as it should.
    async fn troubles(&self) -> Result<Troubles, StoreError>;
}

/// What [`Notifications`] work with.
#[derive(Clone)]
pub struct NotificationPorts {
    /// Where they are kept.
    pub store: Arc<dyn NotificationStore>,
    /// Who knows what does not go as it should.
    pub troubles: Arc<dyn TroubleStore>,
    /// Their ids.
    pub ids: Arc<dyn IdSource>,
}

/// One unit of work on notifications.
#[async_trait]
pub trait NotificationTx: UnitOfWork {
    /// Saves a notification that was raised, unless one of the same tenant and key is open: then that one counts one
    /// more and takes over the title, unless it has within [`Notifications::REPEAT`]; and no event is written.
    async fn raise(&mut self, change: Change<Notification, NotificationEvent>) -> Result<Raised, StoreError>;

    /// Saves a change of a notification that nobody has changed since. [`StoreError::Stale`] otherwise.
    async fn change(&mut self, change: Change<Notification, NotificationEvent>) -> Result<(), StoreError>;
}

/// Why nothing was acknowledged, or shown.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The tenant has no such notification.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for AcknowledgeError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// What needs somebody's attention. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    ports: NotificationPorts,
    cursors: CursorSigner,
}

/// One look at a part of what can be the matter.
#[derive(Clone, Copy)]
struct Round {
    /// Whether a matter belongs to the part, by its key. What does not is left alone.
    is_ours: fn(&str) -> bool,
    /// For how long something has to be gone before it is over.
    quiet: TimeDelta,
    now: Timestamp,
}

/// One that changes each time it is looked at is looked at this often.
const LOOKS: u32 = 5;
/// How long notifications are kept that are resolved.
const KEPT: TimeDelta = TimeDelta::days(90);
/// How many rows are deleted at a time.
const ROWS: u32 = 1_000;

impl Notifications {
    /// What several processes notice within this time is noticed once. They look every thirty seconds.
    pub const REPEAT: TimeDelta = TimeDelta::seconds(25);

    /// On these ports; cursors are signed with a key derived from `root`.
    pub fn new(ports: NotificationPorts, root: &MacKey) -> Self {
        Self { ports, cursors: CursorSigner::new(root) }
    }

    /// Notifications of the caller's tenant, newest first.
    pub async fn list(
        &self,
        context: &Context,
        filter: NotificationFilter,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<Notification>, AcknowledgeError> {
        context.authorize(permission::READ_NOTIFICATIONS)?;
        let tenant = context.tenant;
        let list = format!("notifications {filter:?}");
        let after = cursor.map(|cursor| self.cursors.open::<NotificationId>(tenant, &list, cursor)).transpose()?;
        let query = NotificationQuery { tenant, filter, after, rows: limit.with_one_ahead() };
        let rows = self.ports.store.notifications(&query).await?;
        let seal = |notification: &Notification| self.cursors.seal(tenant, &list, &notification.id());
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    /// The caller looks after it. Who was first is remembered, and the answer is the same for all.
    pub async fn acknowledge(&self, context: &Context, id: NotificationId) -> Result<Notification, AcknowledgeError> {
        let who = context.authorize(permission::ACKNOWLEDGE_NOTIFICATIONS)?;
        for _look in 0..LOOKS {
            let found = self.ports.store.notification(context.tenant, id).await?.ok_or(NotFound)?;
            let change = match found.acknowledge(who, context.now) {
                Ok(change) => change,
                Err(known) => return Ok(*known),
            };
            let acknowledged = change.state().clone();
            let mut tx = self.ports.store.begin(context).await?;
            match tx.change(change).await {
                Ok(()) => {
                    tx.commit().await?;
                    return Ok(acknowledged);
                }
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Looks at what does not go as it should, raises what is the matter and resolves what is no more; how many of each are
    /// new. `context` makes the circumstances of an event of a tenant. Any number of processes may look.
    pub async fn look(&self, context: impl Fn(TenantId) -> Context, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let matters = self.ports.troubles.troubles().await?.matters(now);
        let round = Round { is_ours: |key| !Places::is_theirs(key), quiet: TimeDelta::zero(), now };
        self.settle(matters, round, context).await
    }

    /// Raises what is the matter and resolves what is no more, of what this round is about.
    async fn settle(
        &self,
        matters: Vec<Matter>,
        round: Round,
        context: impl Fn(TenantId) -> Context,
    ) -> Result<(u64, u64), StoreError> {
        let Round { is_ours, now, .. } = round;
        let open = self.ports.store.unresolved().await?.into_iter().filter(|open| is_ours(&open.key));
        let present: BTreeSet<_> = matters.iter().map(|matter| (matter.tenant, matter.key.clone())).collect();
        let (mut raised, mut resolved) = (0, 0);
        for matter in matters {
            let of_tenant = context(matter.tenant);
            let change = Notification::raise(NotificationId::new(&*self.ports.ids), matter, now);
            let mut tx = self.ports.store.begin(&of_tenant).await?;
            let outcome = tx.raise(change).await?;
            tx.commit().await?;
            raised += u64::from(outcome == Raised::New);
        }
        for gone in open.filter(|open| !present.contains(&(open.tenant, open.key.clone()))) {
            resolved += u64::from(self.resolve(&context(gone.tenant), gone.id, round).await?);
        }
        Ok((raised, resolved))
    }

    /// Deletes those that were resolved long ago, and counts them.
    pub async fn purge(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some = self.ports.store.purge_notifications(now - KEPT, ROWS).await?;
            purged += some;
            if some < u64::from(ROWS) {
                return Ok(purged);
            }
        }
    }

    async fn resolve(&self, context: &Context, id: NotificationId, round: Round) -> Result<bool, StoreError> {
        let Round { now, quiet, .. } = round;
        let found = self.ports.store.notification(context.tenant, id).await?;
        let is_over = |found: &Notification| found.row().resolved_at.is_none() && now - found.row().last_at >= quiet;
        let Some(open) = found.filter(is_over) else { return Ok(false) };
        let mut tx = self.ports.store.begin(context).await?;
        match tx.change(open.resolve(now)).await {
            Ok(()) => tx.commit().await.map(|()| true),
            // Somebody acknowledged or resolved it just now; the next look sees it.
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
