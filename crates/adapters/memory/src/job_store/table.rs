//! The jobs, in the order they were enqueued.

use std::{cmp::Reverse, collections::BTreeMap, ops::RangeInclusive};

use ashlar_admin::JobNumbers;
use ashlar_jobs::{
    Job, JobId, JobState, Lease, Transition, WrongState,
    port::{Ack, CLAIM_MAX, Claim, Enqueued, Heartbeat, JobQuery, Purge, QueueStats},
};
use ashlar_kernel::{StoreError, TenantId, Timestamp};

use super::count;

#[derive(Default)]
pub(super) struct Table(Vec<Job>);

impl Table {
    /// Adds a job, unless a live one has its dedupe key.
    pub(super) fn add(&mut self, job: Job) -> Enqueued {
        if let Some(twin) = self.twin_of(&job) {
            return Enqueued { id: twin.id(), is_new: false };
        }
        let id = job.id();
        self.0.push(job);
        Enqueued { id, is_new: true }
    }

    /// How many of a tenant are not done.
    pub(super) fn numbers(&self, tenant: TenantId, now: Timestamp) -> JobNumbers {
        let those = |state| self.0.iter().filter(move |job| job.tenant() == tenant && job.state() == state);
        let count = |state| u64::try_from(those(state).take(count(JobNumbers::CAP)).count()).unwrap_or(u64::MAX);
        JobNumbers {
            ready: count(JobState::Ready),
            running: count(JobState::Running),
            parked: count(JobState::Parked),
            dead: count(JobState::Dead),
            oldest_due: those(JobState::Ready).map(Job::run_at).min().filter(|due| *due <= now),
        }
    }

    pub(super) fn find(&self, id: JobId) -> Option<&Job> {
        self.0.iter().find(|job| job.id() == id)
    }

    pub(super) fn claim(&mut self, claim: &Claim<'_>) -> Result<Vec<Job>, StoreError> {
        let is_due = |job: &Job| job.state() == JobState::Ready && job.run_at() <= claim.now;
        let mut due: Vec<_> =
            self.0.iter().filter(|job| is_due(job) && claim.queues.iter().any(|q| q == job.queue())).collect();
        due.retain(|job| self.has_its_turn(job));
        due.sort_by_key(|job| (job.priority(), job.run_at(), job.id()));
        let chosen: Vec<Job> = due.into_iter().take(count(claim.limit.min(CLAIM_MAX))).cloned().collect();

        let lease = Lease { worker: claim.worker.to_owned(), until: claim.lease_until };
        let steps = chosen.into_iter().map(|job| job.claimed(lease.clone(), claim.now));
        let steps = steps.collect::<Result<Vec<_>, _>>().map_err(StoreError::internal)?;
        Ok(steps.into_iter().map(|step| self.save(&step)).collect())
    }

    pub(super) fn heartbeat(&mut self, beat: &Heartbeat) -> Result<Ack, StoreError> {
        let is_theirs = |job: &&mut Job| job.id() == beat.id && job.token() == beat.token;
        let Some(job) = self.0.iter_mut().find(is_theirs) else { return Ok(Ack::Lost) };
        let mut row = job.to_row();
        if row.lease_until.is_none() {
            return Ok(Ack::Lost);
        }
        row.lease_until = Some(beat.lease_until);
        row.updated_at = beat.now;
        *job = Job::restore(row)?;
        Ok(Ack::Saved)
    }

    pub(super) fn settle(&mut self, step: &Transition) -> Ack {
        let ack = self.would(step);
        if ack == Ack::Saved {
            self.save(step);
        }
        ack
    }

    /// What would become of a step.
    pub(super) fn would(&self, step: &Transition) -> Ack {
        let guard = step.guard();
        let lease_until = |job: &Job| job.lease().map(|lease| lease.until);
        let holds = |job: &Job| {
            let is_as_seen = job.state() == guard.state && job.token() == guard.token;
            is_as_seen && (guard.lease_until.is_none() || guard.lease_until == lease_until(job))
        };
        if !self.find(guard.id).is_some_and(holds) {
            return Ack::Lost;
        }
        if step.next().state().is_live() && self.twin_of(step.next()).is_some() {
            return Ack::Duplicate;
        }
        Ack::Saved
    }

    pub(super) fn expired(&self, now: Timestamp) -> impl Iterator<Item = &Job> {
        self.0.iter().filter(move |job| job.lease().is_some_and(|lease| lease.until <= now))
    }

    pub(super) fn unpark(
        &mut self,
        kind: &str,
        versions: &RangeInclusive<u16>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let is_meant =
            |job: &&Job| job.state() == JobState::Parked && job.kind() == kind && versions.contains(&job.version());
        let steps = self.0.iter().filter(is_meant).map(|job| job.clone().unparked(now));
        let steps: Vec<_> = steps.collect::<Result<_, WrongState>>().map_err(StoreError::internal)?;
        for step in &steps {
            self.save(step);
        }
        Ok(u64::try_from(steps.len()).unwrap_or(u64::MAX))
    }

    pub(super) fn list(&self, query: &JobQuery) -> Vec<Job> {
        let mut jobs: Vec<_> = self.0.iter().filter(|job| is_asked_for(job, query)).collect();
        jobs.sort_by_key(|job| Reverse(job.id()));
        jobs.into_iter().take(count(query.rows)).cloned().collect()
    }

    pub(super) fn stats(&self, now: Timestamp) -> Vec<QueueStats> {
        let mut queues = BTreeMap::new();
        let open = self.0.iter().filter(|job| !matches!(job.state(), JobState::Done | JobState::Cancelled));
        for job in open {
            let fresh = || QueueStats { queue: job.queue().to_owned(), ..QueueStats::default() };
            let queue = queues.entry(job.queue().to_owned()).or_insert_with(fresh);
            match job.state() {
                JobState::Ready => queue.ready += 1,
                JobState::Running => queue.running += 1,
                JobState::Dead => queue.dead += 1,
                _ => queue.parked += 1,
            }
            if job.state() == JobState::Ready {
                let waited = u64::try_from((now - job.run_at()).num_seconds()).unwrap_or(0);
                queue.oldest_seconds = queue.oldest_seconds.max(waited);
            }
        }
        queues.into_values().collect()
    }

    pub(super) fn purge(&mut self, purge: &Purge) -> u64 {
        let is_over = |job: &Job| match (job.state(), job.finished_at()) {
            (JobState::Dead, Some(at)) => at < purge.dead_before,
            (_, Some(at)) => at < purge.done_before,
            (_, None) => false,
        };
        let (mut purged, limit) = (0, u64::from(purge.limit));
        self.0.retain(|job| {
            let goes = purged < limit && is_over(job);
            purged += u64::from(goes);
            !goes
        });
        purged
    }

    /// Another live job with the same dedupe key.
    pub(super) fn twin_of(&self, job: &Job) -> Option<&Job> {
        let key = job.dedupe_key()?;
        let same = |other: &&Job| {
            let is_other = other.id() != job.id() && other.state().is_live();
            is_other && other.tenant() == job.tenant() && other.kind() == job.kind() && other.dedupe_key() == Some(key)
        };
        self.0.iter().find(same)
    }

    /// Whether no job with its serial key runs, and no live one was there before it.
    fn has_its_turn(&self, job: &Job) -> bool {
        let Some(key) = job.serial_key() else { return true };
        let mut same = self.0.iter().filter(|other| other.tenant() == job.tenant() && other.serial_key() == Some(key));
        let runs = |other: &Job| other.state() == JobState::Running;
        let is_first = same.clone().find(|other| other.state().is_live()).is_some_and(|first| first.id() == job.id());
        is_first && !same.any(runs)
    }

    fn save(&mut self, step: &Transition) -> Job {
        if let Some(job) = self.0.iter_mut().find(|job| job.id() == step.guard().id) {
            *job = step.next().clone();
        }
        step.next().clone()
    }
}

fn is_asked_for(job: &Job, query: &JobQuery) -> bool {
    query.tenant.is_none_or(|tenant| job.tenant() == tenant)
        && query.state.is_none_or(|state| job.state() == state)
        && query.queue.as_deref().is_none_or(|queue| job.queue() == queue)
        && query.kind.as_deref().is_none_or(|kind| job.kind() == kind)
        && query.from.is_none_or(|from| job.created_at() >= from)
        && query.to.is_none_or(|to| job.created_at() < to)
        && query.after.is_none_or(|after| job.id() < after)
}
