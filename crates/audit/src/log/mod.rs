//! The log as people of a tenant look it up.

mod erasure;
mod event;
mod export;
mod query;
mod readings;
mod term;

use std::sync::Arc;

use ashlar_kernel::{
    AccessError, Change, Class, Classified, Context, CursorSigner, InvalidCursor, Limit, LogEntry, MacKey, NotFound,
    Page, Permission, StoreError, Target, TenantId, Timestamp, UnitOfWork,
};
use async_trait::async_trait;
use uuid::Uuid;

use self::readings::Readings;

pub use erasure::{Erasure, RequestErasureError};
pub use event::{AuditEvent, audit_event_specs};
pub use export::{Batch, Export, ExportEvents};
pub use query::{EventFilter, EventOrder, EventPosition, EventQuery};
pub use term::{Action, InvalidTerm, Mention, TraceId};

/// See what happened in the tenant.
pub const READ: Permission = Permission::new("audit.read");
/// See from which address and with which program it was done, too.
pub const READ_PII: Permission = Permission::new("audit.read_pii");

/// Have erased what is kept beside the log about somebody.
pub const ERASE_PII: Permission = Permission::new("audit.erase_pii");

/// Every permission of this domain with its meaning, for the documentation.
pub const PERMISSIONS: &[(Permission, &str)] = &[
    (READ, "See what happened in the tenant."),
    (READ_PII, "See from which address and with which program it was done, too."),
    (ERASE_PII, "Have the addresses and programs erased that are kept beside the log about somebody."),
];

/// Where the log is looked up, and where it is written down that somebody did.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Begins a unit of work.
    async fn begin(&self, context: &Context) -> Result<Box<dyn AuditTx>, StoreError>;

    /// The events that a query lets through.
    async fn events(&self, query: &EventQuery) -> Result<Vec<LogEntry>, StoreError>;

    /// One event of a tenant, with its personal values if `with_personal`.
    async fn event(&self, tenant: TenantId, id: Uuid, with_personal: bool) -> Result<Option<LogEntry>, StoreError>;

    /// The signed note of the newest checkpoint of a tenant's trail.
    async fn newest_checkpoint(&self, tenant: TenantId) -> Result<Option<String>, StoreError>;
}

/// One unit of work of this domain.
#[async_trait]
pub trait AuditTx: UnitOfWork {
    /// Somebody looked, or took events along.
    async fn note_reading(&mut self, change: Change<(), AuditEvent>) -> Result<(), StoreError>;

    /// Somebody asks that something is erased.
    async fn note_request(&mut self, change: Change<(), AuditEvent>) -> Result<(), StoreError>;

    /// Deletes what is kept beside the log about somebody, counts it, and writes the event that explains so many values;
    /// none if there were none.
    async fn erase_personal(
        &mut self,
        erasure: Erasure,
        explained: &(dyn Fn(u64) -> AuditEvent + Sync),
    ) -> Result<u64, StoreError>;
}

/// Why the log is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadLogError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such event, or nothing happened to such a thing.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ReadLogError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// Looks events up.
#[derive(Debug, Clone, Default)]
pub struct ListEvents {
    /// Which of them.
    pub filter: EventFilter,
    /// In which order.
    pub order: EventOrder,
    /// How many.
    pub limit: Limit,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// Looks up what happened in the caller's tenant. That somebody looks is written down before anything is shown: the first
/// time at once, and those of the minute after it together. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct AuditLog {
    store: Arc<dyn AuditStore>,
    cursors: CursorSigner,
    pseudonyms: MacKey,
    readings: Readings,
}

/// How much of an event the caller sees.
#[derive(Clone, Copy)]
struct Sight {
    sees_personal: bool,
}

impl Sight {
    /// What the caller sees. Who may not see addresses may not look for them either.
    fn of(context: &Context, filter: &EventFilter) -> Result<Self, AccessError> {
        context.authorize(READ)?;
        let pii = context.authorize(READ_PII);
        if filter.ip.is_some() {
            pii.clone()?;
        }
        Ok(Self { sees_personal: pii.is_ok() })
    }

    fn shown(self, entry: LogEntry) -> LogEntry {
        if self.sees_personal { entry } else { entry.without_source() }
    }
}

impl AuditLog {
    /// On a store; cursors are signed, and pseudonyms made, with keys derived from `root`.
    pub fn new(store: Arc<dyn AuditStore>, root: &MacKey) -> Self {
        let pseudonyms = root.derive("audit erasure pseudonyms");
        Self { store, cursors: CursorSigner::new(root), pseudonyms, readings: Readings::default() }
    }

    /// The events that the filter lets through.
    pub async fn events(&self, context: &Context, command: ListEvents) -> Result<Page<LogEntry>, ReadLogError> {
        let sight = Sight::of(context, &command.filter)?;
        let asked_for = command.filter.names();
        let page = self.page(context, sight, command).await?;
        self.note(context, &asked_for).await?;
        Ok(page)
    }

    /// What happened to one thing, newest first. A thing that nothing happened to is not found.
    pub async fn timeline(
        &self,
        context: &Context,
        target: Target,
        limit: Limit,
        cursor: Option<String>,
    ) -> Result<Page<LogEntry>, ReadLogError> {
        let filter = EventFilter::of_target(target);
        let sight = Sight::of(context, &filter)?;
        let is_first = cursor.is_none();
        let page = self.page(context, sight, ListEvents { filter, limit, cursor, ..ListEvents::default() }).await?;
        self.note(context, &["target_type", "target_id"]).await?;
        if is_first && page.data.is_empty() {
            return Err(NotFound.into());
        }
        Ok(page)
    }

    /// One event.
    pub async fn event(&self, context: &Context, id: Uuid) -> Result<LogEntry, ReadLogError> {
        let sight = Sight::of(context, &EventFilter::default())?;
        let found = self.store.event(context.tenant, id, sight.sees_personal).await?;
        self.note(context, &["id"]).await?;
        Ok(found.map(|event| sight.shown(event)).ok_or(NotFound)?)
    }

    /// Writes down readings that were counted and whose minute is over. To be called every now and then; how many events
    /// that was. What cannot be written is lost in numbers only: the first reading of each minute is written already.
    pub async fn write_down(&self, now: Timestamp) -> Result<usize, StoreError> {
        let due = self.readings.due(now);
        for (context, event) in &due {
            self.write(context, event.clone()).await?;
        }
        Ok(due.len())
    }

    async fn page(&self, context: &Context, sight: Sight, command: ListEvents) -> Result<Page<LogEntry>, ReadLogError> {
        let ListEvents { filter, order, limit, cursor } = command;
        let tenant = context.tenant;
        // Everything that decides which rows there are, and their order.
        let list = format!("audit {order:?} {filter:?}");
        let after = cursor.map(|cursor| self.cursors.open::<EventPosition>(tenant, &list, &cursor)).transpose()?;
        let with_personal = sight.sees_personal;
        let query = EventQuery { tenant, filter, order, after, rows: limit.with_one_ahead(), with_personal };
        let rows = self.store.events(&query).await?;
        let seal = |entry: &LogEntry| self.cursors.seal(tenant, &list, &EventPosition::of(&entry.event));
        let page = Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?;
        Ok(page.map(|entry| sight.shown(entry)))
    }

    async fn note(&self, context: &Context, filters: &[&'static str]) -> Result<(), StoreError> {
        let Some(event) = self.readings.note(context, filters) else { return Ok(()) };
        let written = self.write(context, event).await;
        if written.is_err() {
            self.readings.forget(context);
        }
        written
    }

    async fn write(&self, context: &Context, event: AuditEvent) -> Result<(), StoreError> {
        let mut tx = self.store.begin(context).await?;
        tx.note_reading(Change::new((), event)).await?;
        tx.commit().await
    }
}
