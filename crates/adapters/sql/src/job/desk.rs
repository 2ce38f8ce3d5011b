//! What people do to jobs, with the note that they did.

use ashlar_jobs::{
    JobId, JobState, Transition,
    desk::{DeskStore, DeskTx, JobEvent},
    port::{Ack, Firing},
};
use ashlar_kernel::{Change, Context, StoreError};
use async_trait::async_trait;

use super::{insertion::insert, schedule::note_firing, store::settle_on};
use crate::{SqlStore, transaction::SqlTx};

#[async_trait]
impl DeskStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn DeskTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }
}

#[async_trait]
impl DeskTx for SqlTx {
    async fn settle(&mut self, change: Change<Transition, JobEvent>) -> Result<Ack, StoreError> {
        let (step, events) = self.open(change)?;
        let ack = settle_on(&self.tx, &step).await.map_err(|error| self.write_error(error))?;
        // Otherwise it stays unsound: there is nothing to commit.
        if ack == Ack::Saved {
            if step.next().state() == JobState::Ready {
                self.wake_workers();
            }
            self.explain(events).await?;
        }
        Ok(ack)
    }

    async fn fire(&mut self, change: Change<Firing, JobEvent>) -> Result<Option<JobId>, StoreError> {
        let (firing, events) = self.open(change)?;
        let job = self.store().new_job(firing.job.clone(), firing.now);
        let is_noted = note_firing(&self.tx, &firing).await.map_err(|error| self.write_error(error))?;
        let added = insert(&self.tx, std::slice::from_ref(&job)).await.map_err(|error| self.write_error(error))?;
        if !is_noted || added.is_empty() {
            return Ok(None);
        }
        self.wake_workers();
        self.explain(events).await?;
        Ok(Some(job.id()))
    }
}
