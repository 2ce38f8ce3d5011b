//! Failed attempts, counted in process.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use ashlar_identity::{
    CounterKey,
    port::{CounterWrite, SignInCounters, StoredCounter},
};
use ashlar_kernel::{StoreError, Timestamp};
use async_trait::async_trait;

/// Counts the attempts that this process sees.
#[derive(Default)]
pub struct MemorySignInCounters(Mutex<BTreeMap<CounterKey, (StoredCounter, Timestamp)>>);

impl MemorySignInCounters {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<CounterKey, (StoredCounter, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SignInCounters for MemorySignInCounters {
    async fn counter(&self, key: &CounterKey) -> Result<Option<StoredCounter>, StoreError> {
        Ok(self.lock().get(key).map(|(stored, _)| stored.clone()))
    }

    async fn put_counter(&self, CounterWrite { key, before, after }: CounterWrite) -> Result<bool, StoreError> {
        let mut counters = self.lock();
        if counters.get(&key).map(|(stored, _)| stored.stamp) != before {
            return Ok(false);
        }
        match after {
            Some(after) => counters.insert(key, after),
            None => counters.remove(&key),
        };
        Ok(true)
    }

    async fn purge_counters(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut counters = self.lock();
        let over = counters.iter().filter(|(_, (_, keep_until))| *keep_until < before).map(|(key, _)| key.clone());
        let over: Vec<_> = over.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        for key in &over {
            counters.remove(key);
        }
        Ok(u64::try_from(over.len()).unwrap_or(u64::MAX))
    }
}
