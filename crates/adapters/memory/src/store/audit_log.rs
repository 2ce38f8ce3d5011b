//! The log as people look it up, in process.

use std::{cmp::Reverse, sync::Arc};

use ashlar_audit::log::{AuditEvent, AuditStore, AuditTx, Erasure, EventOrder, EventPosition, EventQuery};
use ashlar_kernel::{Change, Context, Journal, LogEntry, StoreError, TenantId};
use async_trait::async_trait;
use uuid::Uuid;

use super::{MemoryStore, transaction::MemoryTx};

#[async_trait]
impl AuditStore for MemoryStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn AuditTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<LogEntry>, StoreError> {
        let committed = self.shared.lock();
        let mut events: Vec<_> = committed.log.entries().filter(|entry| query.lets_through(entry)).collect();
        let position = |entry: &LogEntry| EventPosition::of(&entry.event);
        match query.order {
            EventOrder::NewestFirst => events.sort_unstable_by_key(|entry| Reverse(position(entry))),
            EventOrder::OldestFirst => events.sort_unstable_by_key(position),
        }
        events.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        Ok(events.into_iter().map(|entry| wanted(entry, query.with_personal)).collect())
    }

    async fn event(&self, tenant: TenantId, id: Uuid, with_personal: bool) -> Result<Option<LogEntry>, StoreError> {
        let committed = self.shared.lock();
        let found = committed.log.entries().find(|entry| entry.event.tenant == tenant && entry.event.id == id);
        Ok(found.map(|entry| wanted(entry, with_personal)))
    }

    async fn newest_checkpoint(&self, tenant: TenantId) -> Result<Option<String>, StoreError> {
        Ok(self.shared.lock().trail.newest_note(tenant))
    }
}

fn wanted(entry: LogEntry, with_personal: bool) -> LogEntry {
    if with_personal { entry } else { LogEntry::from(entry.event) }
}

#[async_trait]
impl AuditTx for MemoryTx {
    async fn note_reading(&mut self, change: Change<(), AuditEvent>) -> Result<(), StoreError> {
        self.write(change, |_, ()| Ok(()))
    }

    async fn note_request(&mut self, change: Change<(), AuditEvent>) -> Result<(), StoreError> {
        self.write(change, |_, ()| Ok(()))
    }

    async fn erase_personal(
        &mut self,
        erasure: Erasure,
        explained: &(dyn Fn(u64) -> AuditEvent + Sync),
    ) -> Result<u64, StoreError> {
        let values = self.erase_beside_the_log(erasure);
        if values > 0 {
            self.write(Change::new((), explained(values)), |_, ()| Ok::<_, StoreError>(()))?;
        }
        Ok(values)
    }
}
