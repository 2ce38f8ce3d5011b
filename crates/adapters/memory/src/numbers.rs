//! The numbers of a tenant, in process.

use ashlar_admin::{NumberStore, Numbers};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use async_trait::async_trait;

use crate::{MemoryJobs, MemoryStore};

/// Counts what is in a store, and the jobs beside it. Clones see the same.
#[derive(Clone)]
pub struct MemoryNumbers {
    store: MemoryStore,
    jobs: MemoryJobs,
}

impl MemoryNumbers {
    /// Those of `store` and `jobs`.
    pub fn new(store: MemoryStore, jobs: MemoryJobs) -> Self {
        Self { store, jobs }
    }
}

#[async_trait]
impl NumberStore for MemoryNumbers {
    async fn numbers(&self, tenant: TenantId, now: Timestamp) -> Result<Numbers, StoreError> {
        Ok(Numbers { jobs: self.jobs.numbers(tenant, now), ..self.store.numbers_without_jobs(tenant, now) })
    }
}
