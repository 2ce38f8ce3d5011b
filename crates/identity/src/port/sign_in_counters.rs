//! Where failed attempts are counted.

use ashlar_kernel::{StoreError, Timestamp};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{CounterKey, SignInCounter};

/// A counter as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCounter {
    /// What is remembered.
    pub counter: SignInCounter,
    /// Which write it comes from. No two writes have the same.
    pub stamp: Uuid,
}

/// What a counter is to become.
#[derive(Debug, Clone)]
pub struct CounterWrite {
    /// Which.
    pub key: CounterKey,
    /// The write that was read; none if there was no counter.
    pub before: Option<Uuid>,
    /// The counter, and until when it has to be kept; none if there is nothing to remember.
    pub after: Option<(StoredCounter, Timestamp)>,
}

/// Counts attempts by identifier, for the whole installation. What is counted is no state of any account and explains
/// itself, so it has no events; the locks that follow from it do.
#[async_trait]
pub trait SignInCounters: Send + Sync {
    /// A counter.
    async fn counter(&self, key: &CounterKey) -> Result<Option<StoredCounter>, StoreError>;

    /// Saves a counter, unless somebody has done so since it was read: then false, and nothing changes. One statement.
    async fn put_counter(&self, write: CounterWrite) -> Result<bool, StoreError>;

    /// Deletes at most `limit` counters that did not have to be kept after `before`, and counts them.
    async fn purge_counters(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
