//! Where messages are kept: a part of the store of leads.

use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;

use crate::{ContactEvent, ContactId, ContactMessage, ContactQuery};

/// Reads, each of one tenant and one statement.
#[async_trait]
pub trait ContactReads: Send + Sync {
    /// A message.
    async fn contact(&self, tenant: TenantId, id: ContactId) -> Result<Option<ContactMessage>, StoreError>;

    /// Some of the messages of a tenant, newest first.
    async fn contacts(&self, query: &ContactQuery) -> Result<Vec<ContactMessage>, StoreError>;
}

/// Writes. A message goes when the lead that its sender is is erased.
#[async_trait]
pub trait ContactWrites: Send {
    /// Adds a message.
    async fn insert_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError>;

    /// Saves a changed message; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn update_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError>;
}
