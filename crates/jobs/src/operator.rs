//! What an operator does to jobs by hand.

use std::sync::Arc;

use ashlar_kernel::{Clock, StoreError, TenantId};

use crate::{
    Job, JobId, JobState, Transition, WrongState,
    port::{Ack, JobStore},
};

/// Why a job stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ByHandError {
    /// The tenant has no such job.
    #[error("there is no such job")]
    NotFound,
    /// That cannot be done to a job in its state.
    #[error(transparent)]
    WrongState(#[from] WrongState),
    /// Another live job has its dedupe key.
    #[error("a job with the same key is waiting already")]
    Duplicate,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Jobs as an operator handles them. Who may is asked before.
#[derive(Clone)]
pub struct Operator {
    store: Arc<dyn JobStore>,
    clock: Arc<dyn Clock>,
}

/// A job that moves on each time it is looked at is looked at this often.
const LOOKS: u32 = 5;

impl Operator {
    /// An operator of the jobs in `store`.
    pub fn new(store: Arc<dyn JobStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Takes a job back. One that is running is stopped at its next heartbeat.
    pub async fn cancel(&self, tenant: TenantId, id: JobId) -> Result<JobState, ByHandError> {
        self.change(tenant, id, |job| job.cancelled(self.clock.now())).await
    }

    /// Gives a dead, cancelled or parked job all its attempts again, at once.
    pub async fn retry(&self, tenant: TenantId, id: JobId) -> Result<JobState, ByHandError> {
        self.change(tenant, id, |job| job.retried(self.clock.now())).await
    }

    async fn change(
        &self,
        tenant: TenantId,
        id: JobId,
        step: impl Fn(Job) -> Result<Transition, WrongState> + Send + Sync,
    ) -> Result<JobState, ByHandError> {
        for _look in 0..LOOKS {
            let job = self.store.find(tenant, id).await?.ok_or(ByHandError::NotFound)?;
            let step = step(job)?;
            let state = step.next().state();
            match self.store.settle(step).await? {
                Ack::Saved => return Ok(state),
                Ack::Duplicate => return Err(ByHandError::Duplicate),
                Ack::Lost => {}
            }
        }
        Err(StoreError::Stale.into())
    }
}
