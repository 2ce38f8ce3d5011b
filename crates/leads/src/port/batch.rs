//! Many leads at once: a part of the store of leads.

use std::collections::BTreeSet;

use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;

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
}
