//! What is erased with a lead: a part of the store of leads.

use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;

use crate::{
    ContactEvent, ContactMessage, Lead, LeadEvent, LeadId,
    import::{ImportId, RowFault},
    newsletter::{AddressHash, SubscriberMailbox, Subscription},
};

/// By what a person is recognised in rows that were refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Parts of addresses, in lower case.
    pub addresses: Vec<String>,
    /// Ends of numbers: digits.
    pub numbers: Vec<String>,
}

impl Traces {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.numbers.is_empty()
    }
}

/// Signs that people write numbers with, which are no part of them.
pub const BETWEEN_DIGITS: [char; 7] = [' ', '-', '.', '/', '(', ')', '+'];

/// A row that was refused, by its import and its number.
pub type RefusedRow = (ImportId, u64);

/// In a unit of work.
#[async_trait]
pub trait PurgeWrites: Send {
    /// The leads that became a part of this one, and of those: they are erased when it is.
    async fn parts_of(&mut self, tenant: TenantId, id: LeadId) -> Result<Vec<Lead>, StoreError>;

    /// The subscriptions of these addresses, by their canonical forms, to be changed.
    async fn subscriptions_of(
        &mut self,
        tenant: TenantId,
        email_keys: &[String],
    ) -> Result<Vec<Subscription>, StoreError>;

    /// What is known of a mailbox.
    async fn mailbox_of(
        &mut self,
        tenant: TenantId,
        address: AddressHash,
    ) -> Result<Option<SubscriberMailbox>, StoreError>;

    /// Rows that imports refused and whose text has one of these traces, and perhaps others.
    async fn refused_rows(
        &mut self,
        tenant: TenantId,
        traces: &Traces,
    ) -> Result<Vec<(ImportId, RowFault)>, StoreError>;

    /// Empties rows that imports refused. That they were refused, and why, stays.
    async fn empty_rows(&mut self, change: Change<Vec<RefusedRow>, LeadEvent>) -> Result<(), StoreError>;

    /// Erases a message; [`Stale`](StoreError::Stale) unless the stored version is the one given.
    async fn erase_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError>;
}
