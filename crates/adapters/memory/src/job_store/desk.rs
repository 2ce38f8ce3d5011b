//! What people do to jobs, with the note that they did.

use ashlar_jobs::{
    Job, JobId, Transition,
    desk::{DeskStore, DeskTx, JobEvent},
    port::{Ack, Firing},
};
use ashlar_kernel::{Change, Context, Journal, LogEntry, Receipt, StoreError, TenantId, UnitOfWork};
use async_trait::async_trait;
use uuid::Uuid;

use super::MemoryJobs;

#[async_trait]
impl DeskStore for MemoryJobs {
    async fn begin(&self, context: &Context) -> Result<Box<dyn DeskTx>, StoreError> {
        let journal = Journal::new(context.clone(), std::sync::Arc::clone(&self.0.ids));
        Ok(Box::new(Draft { jobs: self.clone(), journal, steps: Vec::new(), firings: Vec::new(), written: Vec::new() }))
    }
}

/// What is to be done at the commit, if it still can be by then.
struct Draft {
    jobs: MemoryJobs,
    journal: Journal,
    steps: Vec<Transition>,
    firings: Vec<(Firing, Job)>,
    written: Vec<LogEntry>,
}

#[async_trait]
impl DeskTx for Draft {
    async fn settle(&mut self, change: Change<Transition, JobEvent>) -> Result<Ack, StoreError> {
        let (step, events) = self.journal.open(change)?;
        let ack = self.jobs.state().table.would(&step);
        self.steps.push(step);
        self.written.extend(events);
        Ok(ack)
    }

    async fn fire(&mut self, change: Change<Firing, JobEvent>) -> Result<Option<JobId>, StoreError> {
        let (firing, events) = self.journal.open(change)?;
        let job = Job::enqueued(self.jobs.new_id(), firing.job.clone(), firing.now);
        let id = job.id();
        let mut state = self.jobs.state();
        let was_fired = state.fired(&firing.schedule, firing.now).moments.contains(&firing.due_at);
        if was_fired || state.table.twin_of(&job).is_some() {
            return Ok(None);
        }
        drop(state);
        self.firings.push((firing, job));
        self.written.extend(events);
        Ok(Some(id))
    }
}

#[async_trait]
impl UnitOfWork for Draft {
    async fn remember(&mut self, _receipt: Receipt) -> Result<(), StoreError> {
        Err(StoreError::internal("requests about jobs are not remembered"))
    }

    async fn forget_answers(&mut self, _tenant: TenantId, _about: &[Uuid]) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { jobs, steps, firings, written, .. } = *self;
        let mut state = jobs.state();
        let is_possible = steps.iter().all(|step| state.table.would(step) == Ack::Saved)
            && firings.iter().all(|(_, job)| state.table.twin_of(job).is_none());
        if !is_possible {
            return Err(StoreError::Stale);
        }
        for step in &steps {
            state.table.settle(step);
        }
        for (firing, job) in firings {
            let fired = state.fired(&firing.schedule, firing.now);
            fired.moments.insert(firing.due_at);
            fired.latest = Some(firing.now);
            state.table.add(job);
        }
        jobs.0.log.append(written);
        jobs.0.rings.ring();
        Ok(())
    }
}
