//! The log as people look it up, in process.

use std::{cmp::Reverse, sync::Arc};

use ashlar_audit::log::{AuditEvent, AuditStore, AuditTx, EventOrder, EventPosition, EventQuery};
use ashlar_kernel::{Change, Context, EventRecord, Journal, StoreError, TenantId};
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

    async fn events(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError> {
        let committed = self.shared.lock();
        let mut events: Vec<_> = committed.log.all().filter(|event| query.lets_through(event)).cloned().collect();
        match query.order {
            EventOrder::NewestFirst => events.sort_unstable_by_key(|event| Reverse(EventPosition::of(event))),
            EventOrder::OldestFirst => events.sort_unstable_by_key(EventPosition::of),
        }
        events.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        Ok(events)
    }

    async fn event(&self, tenant: TenantId, id: Uuid) -> Result<Option<EventRecord>, StoreError> {
        let committed = self.shared.lock();
        Ok(committed.log.all().find(|event| event.tenant == tenant && event.id == id).cloned())
    }

    async fn newest_checkpoint(&self, tenant: TenantId) -> Result<Option<String>, StoreError> {
        Ok(self.shared.lock().trail.newest_note(tenant))
    }
}

#[async_trait]
impl AuditTx for MemoryTx {
    async fn note_reading(&mut self, change: Change<(), AuditEvent>) -> Result<(), StoreError> {
        self.write(change, |_, ()| Ok(()))
    }
}
