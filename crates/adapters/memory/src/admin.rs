//! Notifications and the system log, in process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ashlar_admin::{
    LogFilter, LogLine, LogQuery, LogStore, Notification, NotificationEvent, NotificationId, NotificationQuery,
    NotificationRow, NotificationStore, NotificationTx, Notifications, Raised, Unresolved,
};
use ashlar_kernel::{
    Change, Context, IdSource, Journal, LogEntry, Receipt, StoreError, TenantId, Timestamp, UnitOfWork,
};
use async_trait::async_trait;
use futures::lock::OwnedMutexGuard;
use uuid::Uuid;

use crate::MemoryStore;

/// What administrators look after, gone when the process ends. Units of work take turns. Clones share one state.
#[derive(Clone)]
pub struct MemoryAdmin(Arc<Shared>);

struct Shared {
    log: MemoryStore,
    ids: Arc<dyn IdSource>,
    turn: Arc<futures::lock::Mutex<()>>,
    notifications: Mutex<Vec<Notification>>,
    lines: Mutex<Vec<LogLine>>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl MemoryAdmin {
    /// Nothing is the matter, and nothing was logged. Events are those of `log`.
    pub fn new(log: MemoryStore, ids: Arc<dyn IdSource>) -> Self {
        let (turn, notifications, lines) = Default::default();
        Self(Arc::new(Shared { log, ids, turn, notifications, lines }))
    }
}

#[async_trait]
impl NotificationStore for MemoryAdmin {
    async fn begin(&self, context: &Context) -> Result<Box<dyn NotificationTx>, StoreError> {
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.0.ids));
        let all = locked(&self.0.notifications).clone();
        Ok(Box::new(Draft { _turn: turn, shared: Arc::clone(&self.0), journal, all, written: Vec::new() }))
    }

    async fn notifications(&self, query: &NotificationQuery) -> Result<Vec<Notification>, StoreError> {
        let filter = &query.filter;
        let lets_through = |found: &&Notification| {
            let row = found.row();
            found.tenant() == query.tenant
                && filter.severity.is_none_or(|severity| found.severity() == severity)
                && filter.is_resolved.is_none_or(|is_set| row.resolved_at.is_some() == is_set)
                && filter.is_acknowledged.is_none_or(|is_set| row.acknowledged_at.is_some() == is_set)
                && query.after.is_none_or(|after| found.id() < after)
        };
        let all = locked(&self.0.notifications);
        let mut found: Vec<_> = all.iter().filter(lets_through).cloned().collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.id()));
        found.truncate(count(query.rows));
        Ok(found)
    }

    async fn notification(&self, tenant: TenantId, id: NotificationId) -> Result<Option<Notification>, StoreError> {
        let all = locked(&self.0.notifications);
        Ok(all.iter().find(|found| found.tenant() == tenant && found.id() == id).cloned())
    }

    async fn unresolved(&self) -> Result<Vec<Unresolved>, StoreError> {
        let all = locked(&self.0.notifications);
        let open = all.iter().filter(|found| found.row().resolved_at.is_none());
        let of = |found: &Notification| Unresolved {
            tenant: found.tenant(),
            key: found.row().dedupe_key.clone(),
            id: found.id(),
        };
        Ok(open.map(of).collect())
    }

    async fn purge_notifications(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (mut purged, limit) = (0, u64::from(limit));
        locked(&self.0.notifications).retain(|found| {
            let goes = purged < limit && found.row().resolved_at.is_some_and(|at| at < before);
            purged += u64::from(goes);
            !goes
        });
        Ok(purged)
    }
}

/// The one writer of its time.
struct Draft {
    _turn: OwnedMutexGuard<()>,
    shared: Arc<Shared>,
    journal: Journal,
    all: Vec<Notification>,
    written: Vec<LogEntry>,
}

#[async_trait]
impl NotificationTx for Draft {
    async fn raise(&mut self, change: Change<Notification, NotificationEvent>) -> Result<Raised, StoreError> {
        let (raised, events) = self.journal.open(change)?;
        let new = raised.row();
        let is_same = |found: &&mut Notification| {
            let row = found.row();
            (row.tenant_id, &row.dedupe_key) == (new.tenant_id, &new.dedupe_key) && row.resolved_at.is_none()
        };
        let Some(open) = self.all.iter_mut().find(is_same) else {
            self.all.push(raised);
            self.written.extend(events);
            return Ok(Raised::New);
        };
        let row = open.row().clone();
        if row.last_at > new.first_at - Notifications::REPEAT {
            return Ok(Raised::TooSoon);
        }
        *open = Notification::restore(NotificationRow {
            count: row.count + 1,
            title: new.title.clone(),
            last_at: new.first_at,
            version: row.version + 1,
            ..row
        })?;
        Ok(Raised::Repeated)
    }

    async fn change(&mut self, change: Change<Notification, NotificationEvent>) -> Result<(), StoreError> {
        let (changed, events) = self.journal.open(change)?;
        let is_the_one = |found: &&mut Notification| found.id() == changed.id();
        let stored = self.all.iter_mut().find(is_the_one).filter(|found| found.version() == changed.version() - 1);
        *stored.ok_or(StoreError::Stale)? = changed;
        self.written.extend(events);
        Ok(())
    }
}

#[async_trait]
impl UnitOfWork for Draft {
    async fn remember(&mut self, _receipt: Receipt) -> Result<(), StoreError> {
        Err(StoreError::internal("requests about notifications are not remembered"))
    }

    async fn forget_answers(&mut self, _tenant: TenantId, _about: &[Uuid]) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        *locked(&self.shared.notifications) = self.all;
        self.shared.log.append(self.written);
        Ok(())
    }
}

#[async_trait]
impl LogStore for MemoryAdmin {
    async fn add_lines(&self, lines: Vec<LogLine>) -> Result<(), StoreError> {
        locked(&self.0.lines).extend(lines);
        Ok(())
    }

    async fn lines(&self, query: &LogQuery) -> Result<Vec<LogLine>, StoreError> {
        let follows = |line: &&LogLine| query.after.is_none_or(|after| line.id < after);
        let all = locked(&self.0.lines);
        let passing = all.iter().filter(follows).filter(|line| lets_through(&query.filter, line));
        let mut found: Vec<_> = passing.cloned().collect();
        found.sort_by_key(|line| std::cmp::Reverse(line.id));
        found.truncate(count(query.rows));
        Ok(found)
    }

    async fn purge_lines(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (mut purged, limit) = (0, u64::from(limit));
        locked(&self.0.lines).retain(|line| {
            let goes = purged < limit && line.at < before;
            purged += u64::from(goes);
            !goes
        });
        Ok(purged)
    }

    async fn trim_lines(&self, keep: u32, limit: u32) -> Result<u64, StoreError> {
        let mut lines = locked(&self.0.lines);
        lines.sort_by_key(|line| line.id);
        let surplus = lines.len().saturating_sub(count(u64::from(keep))).min(count(u64::from(limit)));
        lines.drain(..surplus);
        Ok(u64::try_from(surplus).unwrap_or(u64::MAX))
    }
}

fn lets_through(filter: &LogFilter, line: &LogLine) -> bool {
    let is_within = |target: &String| line.target == *target || line.target.starts_with(&format!("{target}::"));
    filter.level.is_none_or(|level| line.level == level)
        && filter.from.is_none_or(|from| line.at >= from)
        && filter.to.is_none_or(|to| line.at < to)
        && filter.request_id.as_ref().is_none_or(|request| line.request_id.as_ref() == Some(request))
        && filter.target.as_ref().is_none_or(is_within)
        && filter.text.as_ref().is_none_or(|text| line.message.to_lowercase().contains(&text.to_lowercase()))
}
