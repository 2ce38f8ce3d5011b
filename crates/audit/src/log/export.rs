//! Taking events along: all that a filter lets through, the oldest first, however many there are.

use std::sync::Arc;

use ashlar_kernel::{Context, CursorSigner, LogEntry, StoreError, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AuditEvent, AuditLog, AuditStore, EventFilter, EventOrder, EventPosition, EventQuery, ReadLogError, Sight,
};

/// Takes events along.
#[derive(Debug, Clone)]
pub struct ExportEvents {
    /// Which of them.
    pub filter: EventFilter,
    /// In which form, for the event that says so.
    pub format: &'static str,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Place {
    after: EventPosition,
    until: Timestamp,
}

/// Events that are being taken along, batch by batch. It holds one batch at a time, and no transaction.
pub struct Export {
    store: Arc<dyn AuditStore>,
    cursors: CursorSigner,
    sight: Sight,
    list: String,
    query: EventQuery,
    until: Timestamp,
    checkpoint: Option<String>,
    is_over: bool,
}

/// Some of the events.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The events.
    pub events: Vec<LogEntry>,
    /// Where an export that breaks off behind them goes on.
    pub cursor: String,
}

impl AuditLog {
    /// Begins to take events along: those that happened before now, or before the export began that is gone on with. That
    /// somebody does is written down first.
    pub async fn export(&self, context: &Context, command: ExportEvents) -> Result<Export, ReadLogError> {
        let ExportEvents { filter, format, cursor } = command;
        let sight = Sight::of(context, &filter)?;
        let tenant = context.tenant;
        let list = format!("audit export {filter:?}");
        let place = cursor.map(|cursor| self.cursors.open::<Place>(tenant, &list, &cursor)).transpose()?;
        let checkpoint = self.store.newest_checkpoint(tenant).await?;
        self.write(context, AuditEvent::LogExported { tenant, format, filters: filter.names() }).await?;
        let until = place.map_or(context.now, |place| place.until);
        let filter = EventFilter { to: Some(filter.to.map_or(until, |to| to.min(until))), ..filter };
        let query = EventQuery {
            tenant,
            filter,
            order: EventOrder::OldestFirst,
            after: place.map(|place| place.after),
            rows: Export::BATCH,
            with_personal: sight.sees_personal,
        };
        let (store, cursors) = (Arc::clone(&self.store), self.cursors.clone());
        Ok(Export { store, cursors, sight, list, query, until, checkpoint, is_over: false })
    }
}

impl Export {
    /// Events of a batch at most.
    pub const BATCH: u64 = 500;

    /// Whose events.
    pub const fn tenant(&self) -> TenantId {
        self.query.tenant
    }

    /// Nothing that happened then or later is among them.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// The newest checkpoint of the tenant's trail, as a signed note.
    pub fn checkpoint(&self) -> Option<&str> {
        self.checkpoint.as_deref()
    }

    /// Whether it goes on where another broke off.
    pub const fn is_resumed(&self) -> bool {
        self.query.after.is_some()
    }

    /// The next events; none when there are no more.
    pub async fn next(&mut self) -> Result<Option<Batch>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let events = self.store.events(&self.query).await?;
        self.is_over = u64::try_from(events.len()).unwrap_or(u64::MAX) < Self::BATCH;
        let Some(after) = events.last().map(|entry| EventPosition::of(&entry.event)) else { return Ok(None) };
        self.query.after = Some(after);
        let place = Place { after, until: self.until };
        let cursor = self.cursors.seal(self.query.tenant, &self.list, &place).map_err(StoreError::internal)?;
        let sight = self.sight;
        Ok(Some(Batch { events: events.into_iter().map(|entry| sight.shown(entry)).collect(), cursor }))
    }
}
