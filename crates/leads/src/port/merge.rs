//! Leads that are one person: a part of the store of leads.

use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;

use super::SaveLeadError;
use crate::{DuplicateQuery, DuplicateRows, Lead, LeadEvent, LeadId, lead::Merger};

/// Reads of pairs.
#[async_trait]
pub trait DuplicateReads: Send + Sync {
    /// Some of the pairs of leads that have [something in common](crate::lead::Likeness). Spam is like nothing, and so is
    /// what was put away. Costs the same however many leads there are: no more are looked at than the query says. Two
    /// statements.
    async fn duplicates(&self, query: &DuplicateQuery) -> Result<DuplicateRows, StoreError>;
}

/// Mergers, in a unit of work.
#[async_trait]
pub trait MergeWrites: Send {
    /// Those of the leads that were not put away, to be changed, in the order of their ids. One statement.
    async fn leads_to_merge(&mut self, tenant: TenantId, ids: &[LeadId]) -> Result<Vec<Lead>, StoreError>;

    /// Saves a merger of leads that were read in the same unit of work: what was noted about the others is noted about the
    /// one that stays, whoever wrote and whichever client the others were. What was whose is kept with the merger, as long
    /// as the leads are. [`Stale`](StoreError::Stale) unless the stored version of the one that stays is the one before. As
    /// many statements whatever was noted.
    async fn merge_leads(&mut self, change: Change<Merger, LeadEvent>) -> Result<(), SaveLeadError>;
}
