//! Messages of a page for contact, in process.

use std::{cmp::Reverse, sync::Arc};

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    ContactEvent, ContactId, ContactMessage, ContactQuery, NotePosition,
    port::{ContactReads, ContactWrites},
};
use async_trait::async_trait;

use super::{
    MemoryStore,
    leads::LeadTables,
    tables::{Tables, broken},
    transaction::MemoryTx,
};

impl LeadTables {
    fn contact(&self, id: ContactId) -> Option<&ContactMessage> {
        self.contacts.values().find(|message| message.id() == id)
    }

    fn insert_contact(&mut self, message: ContactMessage) -> Result<(), StoreError> {
        if self.contact(message.id()).is_some() {
            return Err(broken("contact_message primary key"));
        }
        Arc::make_mut(&mut self.contacts).insert(Reverse(NotePosition::of_contact(&message)), message);
        Ok(())
    }

    fn update_contact(&mut self, message: ContactMessage) -> Result<(), StoreError> {
        let stored = self.contact(message.id()).map(ContactMessage::version);
        if stored.is_none() || stored != message.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        if message.lead().is_some_and(|lead| !self.has(lead)) {
            return Err(broken("foreign key to lead"));
        }
        Arc::make_mut(&mut self.contacts).insert(Reverse(NotePosition::of_contact(&message)), message);
        Ok(())
    }
}

impl LeadTables {
    pub(super) fn erase_contact(&mut self, message: &ContactMessage) -> Result<(), StoreError> {
        if self.contact(message.id()).map(ContactMessage::version) != Some(message.version()) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.contacts).remove(&Reverse(NotePosition::of_contact(message)));
        Ok(())
    }
}

#[async_trait]
impl ContactReads for MemoryStore {
    async fn contact(&self, tenant: TenantId, id: ContactId) -> Result<Option<ContactMessage>, StoreError> {
        let found = self.shared.lock().tables.leads.contact(id).cloned();
        Ok(found.filter(|message| message.tenant() == tenant))
    }

    async fn contacts(&self, query: &ContactQuery) -> Result<Vec<ContactMessage>, StoreError> {
        let rows = usize::try_from(query.rows).unwrap_or(usize::MAX);
        let tables = &self.shared.lock().tables.leads;
        Ok(tables.contacts.values().filter(|message| query.lets_through(message)).take(rows).cloned().collect())
    }
}

#[async_trait]
impl ContactWrites for MemoryTx {
    async fn insert_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError> {
        let tenant = self.require_tenant(change.state().tenant());
        self.write(change, |tables: &mut Tables, message| {
            tenant?;
            tables.leads.insert_contact(message)
        })
    }

    async fn update_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, message| tables.leads.update_contact(message))
    }
}
