//! Numbers of leads: a part of the store of leads.

use ashlar_kernel::StoreError;
use async_trait::async_trait;

use crate::{StatsQuery, Tally};

/// Reads of numbers that are kept up with every change, in its unit of work: counting costs the same however many leads
/// there are.
#[async_trait]
pub trait StatsReads: Send + Sync {
    /// Every number, by kind and value. One statement.
    async fn stats(&self, query: StatsQuery) -> Result<Vec<Tally>, StoreError>;
}
