//! Where leads are kept.

use ashlar_kernel::{Change, Context, Receipt, StoreError, TenantId};
use async_trait::async_trait;
use uuid::Uuid;

use super::{
    BatchWrites, ClientStore, ClientTx, ContactReads, ContactWrites, DuplicateReads, MergeWrites, Newcomer,
    PurgeWrites, StatsReads,
};
use crate::{
    Activity, ActivityEvent, Lead, LeadEvent, LeadId, LeadQuery, LeadRows, NoteQuery, StatusChange,
    newsletter::NewsletterTx,
};

/// Why a lead is not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveLeadError {
    /// Another lead of the tenant has the e-mail address.
    #[error("another lead has the e-mail address")]
    Duplicate,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads, and the door to units of work. Every read but one is of one tenant, and each is one statement.
#[async_trait]
pub trait LeadStore: ClientStore + ContactReads + DuplicateReads + StatsReads {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin(&self, context: &Context) -> Result<Box<dyn LeadTx>, StoreError>;

    /// Adds a lead, with the note that it came, and remembers the answer to the request behind it: a unit of work of its
    /// own, durable when this returns. What comes at the same time may be added together with it; each is refused, or
    /// fails, by itself, and has its own circumstances in its events.
    async fn add_lead(
        &self,
        context: &Context,
        (change, came): Newcomer,
        receipt: Option<Receipt>,
    ) -> Result<(), SaveLeadError> {
        let mut tx = self.begin(context).await?;
        tx.insert_lead(change, came).await?;
        if let Some(receipt) = receipt {
            tx.remember(receipt).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A lead that was not put away.
    async fn lead(&self, tenant: TenantId, id: LeadId) -> Result<Option<Lead>, StoreError>;

    /// The lead that [holds](Lead::holds_address) an address, by the canonical form of the address.
    async fn lead_at(&self, tenant: TenantId, email_key: &str) -> Result<Option<Lead>, StoreError>;

    /// The tenants in which somebody looks after leads that were not put away. The only read that is of no tenant: an
    /// account that is deleted is gone from all of them.
    async fn tenants_of_owner(&self, owner: Uuid) -> Result<Vec<TenantId>, StoreError>;

    /// Some of the leads of a tenant.
    async fn leads(&self, query: &LeadQuery) -> Result<LeadRows, StoreError>;

    /// What was done about a lead, newest first.
    async fn activities(&self, query: NoteQuery) -> Result<Vec<Activity>, StoreError>;

    /// How a lead was moved, newest first.
    async fn status_changes(&self, query: NoteQuery) -> Result<Vec<StatusChange>, StoreError>;
}

/// Writes, all or nothing. Each takes a change with the events that explain it and saves both. Once one was refused, the
/// work can only be dropped.
///
/// Of the leads of a tenant that [hold](Lead::holds_address) an address no two have the same, however many requests come
/// at once.
#[async_trait]
pub trait LeadTx: NewsletterTx + BatchWrites + ClientTx + ContactWrites + MergeWrites + PurgeWrites {
    /// A lead, to be changed, also one that was put away.
    async fn lead(&mut self, tenant: TenantId, id: LeadId) -> Result<Option<Lead>, StoreError>;

    /// Adds a lead, with the note that it came.
    async fn insert_lead(&mut self, change: Change<Lead, LeadEvent>, came: StatusChange) -> Result<(), SaveLeadError>;

    /// Saves a changed lead that stands where it stood; [`Stale`](StoreError::Stale) unless the stored version is the
    /// one before.
    async fn update_lead(&mut self, change: Change<Lead, LeadEvent>) -> Result<(), SaveLeadError>;

    /// Saves a lead that was moved, with the note of it; [`Stale`](StoreError::Stale) unless the stored version is the
    /// one before, and the lead stands where the note says that it stood.
    async fn move_lead(&mut self, change: Change<Lead, LeadEvent>, moved: StatusChange) -> Result<(), SaveLeadError>;

    /// Erases a lead with everything that was noted about it and the leads that became a part of it; [`Stale`](StoreError::Stale) unless the stored version is
    /// the one given.
    async fn purge_lead(&mut self, change: Change<Lead, LeadEvent>) -> Result<(), StoreError>;

    /// Notes what was done about a lead.
    async fn insert_activity(&mut self, change: Change<Activity, ActivityEvent>) -> Result<(), StoreError>;
}
