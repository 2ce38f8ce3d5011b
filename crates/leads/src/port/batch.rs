//! Many leads at once: a part of the store of leads.

use std::collections::BTreeSet;

use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{Lead, LeadEvent, LeadId, StatusChange};

/// A lead that comes, with the note of it.
pub type Newcomer = (Change<Lead, LeadEvent>, StatusChange);

/// Many at once, in a unit of work.
#[async_trait]
pub trait BatchWrites: Send {
    /// Adds those of the leads whose address nobody holds, and says which they are. As many statements for five hundred
    /// as for one.
    async fn insert_leads(&mut self, newcomers: Vec<Newcomer>) -> Result<BTreeSet<LeadId>, StoreError>;

    /// The leads that [hold](Lead::holds_address) one of these addresses, by their canonical forms. One statement.
    async fn leads_at(&mut self, tenant: TenantId, email_keys: &[String]) -> Result<Vec<Lead>, StoreError>;

    /// Leads that somebody looks after and that were not put away, to be changed; no more than `most`. One statement.
    async fn leads_of(&mut self, tenant: TenantId, owner: Uuid, most: u32) -> Result<Vec<Lead>, StoreError>;

    /// Saves leads that were read in the same unit of work and are nobody's now, and nothing else of them.
    /// [`Stale`](StoreError::Stale) if one of them was nobody's already. As many statements for five hundred as for one.
    async fn release_leads(&mut self, changes: Vec<Change<Lead, LeadEvent>>) -> Result<(), StoreError>;
}
