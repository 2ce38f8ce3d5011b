//! Jobs one by one, and figures about them all.

use std::{collections::BTreeMap, ops::RangeInclusive};

use ashlar_jobs::{
    Job, JobId, JobState, NewJob, Transition,
    port::{Ack, Claim, Enqueued, Heartbeat, JobQuery, JobStore, News, Purge, QueueStats},
};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement, Value,
};

use super::{DEDUPE, entity::job, mapping};
use crate::{SqlStore, errors::store_error};

const PURGE: &str = "DELETE FROM job WHERE id IN (
    SELECT id FROM job WHERE finished_at IS NOT NULL AND (
        (state IN ('done', 'cancelled') AND finished_at < $1) OR (state = 'dead' AND finished_at < $2))
    LIMIT $3)";

#[async_trait]
impl JobStore for SqlStore {
    async fn enqueue(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Enqueued>, StoreError> {
        self.enqueue_jobs(jobs, now).await
    }

    async fn claim(&self, claim: Claim<'_>) -> Result<Vec<Job>, StoreError> {
        self.claim_jobs(&claim).await
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Ack, StoreError> {
        let longer = job::ActiveModel {
            lease_until: Set(Some(beat.lease_until)),
            updated_at: Set(beat.now),
            ..Default::default()
        };
        let done = job::Entity::update_many()
            .set(longer)
            .filter(job::Column::Id.eq(beat.id.as_uuid()))
            .filter(job::Column::Token.eq(beat.token))
            .filter(job::Column::State.eq(JobState::Running.as_str()))
            .exec(self.writer())
            .await
            .map_err(|error| self.write_error(error))?;
        Ok(if done.rows_affected == 1 { Ack::Saved } else { Ack::Lost })
    }

    async fn settle(&self, step: Transition) -> Result<Ack, StoreError> {
        let ack = settle_on(self.writer(), &step).await.map_err(|error| self.write_error(error))?;
        // Given back: somebody may take it now.
        if ack == Ack::Saved && step.next().state() == JobState::Ready {
            self.rings().ring(News::Jobs);
        }
        Ok(ack)
    }

    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
        let expired = job::Entity::find()
            .filter(job::Column::State.eq(JobState::Running.as_str()))
            .filter(job::Column::LeaseUntil.lte(now))
            .order_by_asc(job::Column::LeaseUntil)
            .limit(u64::from(limit));
        mapping::restore_all(expired.all(self.reader()).await.map_err(store_error)?)
    }

    async fn unpark(&self, kind: &str, versions: RangeInclusive<u16>, now: Timestamp) -> Result<u64, StoreError> {
        let ready = job::ActiveModel {
            state: Set(JobState::Ready.as_str().to_owned()),
            updated_at: Set(now),
            ..Default::default()
        };
        let done = job::Entity::update_many()
            .set(ready)
            .filter(job::Column::State.eq(JobState::Parked.as_str()))
            .filter(job::Column::Kind.eq(kind))
            .filter(job::Column::PayloadVersion.between(i32::from(*versions.start()), i32::from(*versions.end())))
            .exec(self.writer())
            .await
            .map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected)
    }

    async fn find(&self, tenant: TenantId, id: JobId) -> Result<Option<Job>, StoreError> {
        let theirs = job::Column::TenantId.eq(tenant.as_uuid());
        let found = job::Entity::find_by_id(id.as_uuid()).filter(theirs).one(self.reader()).await;
        found.map_err(store_error)?.map(mapping::restore_job).transpose()
    }

    async fn list(&self, query: JobQuery) -> Result<Vec<Job>, StoreError> {
        let mut jobs = job::Entity::find().order_by_desc(job::Column::Id).limit(u64::from(query.rows));
        if let Some(tenant) = query.tenant {
            jobs = jobs.filter(job::Column::TenantId.eq(tenant.as_uuid()));
        }
        if let Some(state) = query.state {
            jobs = jobs.filter(job::Column::State.eq(state.as_str()));
        }
        if let Some(queue) = query.queue {
            jobs = jobs.filter(job::Column::Queue.eq(queue));
        }
        if let Some(kind) = query.kind {
            jobs = jobs.filter(job::Column::Kind.eq(kind));
        }
        if let Some(from) = query.from {
            jobs = jobs.filter(job::Column::CreatedAt.gte(from));
        }
        if let Some(to) = query.to {
            jobs = jobs.filter(job::Column::CreatedAt.lt(to));
        }
        if let Some(after) = query.after {
            jobs = jobs.filter(job::Column::Id.lt(after.as_uuid()));
        }
        mapping::restore_all(jobs.all(self.reader()).await.map_err(store_error)?)
    }

    async fn stats(&self, now: Timestamp) -> Result<Vec<QueueStats>, StoreError> {
        let open = [JobState::Ready, JobState::Running, JobState::Parked, JobState::Dead].map(JobState::as_str);
        let figures = job::Entity::find()
            .select_only()
            .column(job::Column::Queue)
            .column(job::Column::State)
            .column_as(job::Column::Id.count(), "jobs")
            .column_as(job::Column::RunAt.min(), "first")
            .filter(job::Column::State.is_in(open))
            .group_by(job::Column::Queue)
            .group_by(job::Column::State);
        let figures = figures.into_tuple().all(self.reader()).await.map_err(store_error)?;
        gather(figures, now)
    }

    async fn purge(&self, purge: Purge) -> Result<u64, StoreError> {
        let values: [Value; 3] = [purge.done_before.into(), purge.dead_before.into(), i64::from(purge.limit).into()];
        let writer = self.writer();
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), PURGE, values);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}

/// Saves a step, if its guard holds.
pub(super) async fn settle_on(db: &impl ConnectionTrait, step: &Transition) -> Result<Ack, DbErr> {
    let guard = step.guard();
    let mut update = job::Entity::update_many()
        .set(mapping::changed_job(step.next()))
        .filter(job::Column::Id.eq(guard.id.as_uuid()))
        .filter(job::Column::State.eq(guard.state.as_str()))
        .filter(job::Column::Token.eq(guard.token));
    if let Some(until) = guard.lease_until {
        update = update.filter(job::Column::LeaseUntil.eq(until));
    }
    match update.exec(db).await {
        Ok(done) if done.rows_affected == 1 => Ok(Ack::Saved),
        Ok(_) => Ok(Ack::Lost),
        Err(error) if DEDUPE.is_broken_by(&error) => Ok(Ack::Duplicate),
        Err(error) => Err(error),
    }
}

/// From a line for each queue and state to one for each queue.
fn gather(figures: Vec<(String, String, i64, Timestamp)>, now: Timestamp) -> Result<Vec<QueueStats>, StoreError> {
    let mut queues: BTreeMap<String, QueueStats> = BTreeMap::new();
    for (queue, state, jobs, first) in figures {
        let state = JobState::restore(&state).ok_or(StoreError::Corrupt { what: "job.state" })?;
        let line = queues.entry(queue.clone()).or_insert_with(|| QueueStats { queue, ..QueueStats::default() });
        let jobs = u64::try_from(jobs).unwrap_or(0);
        match state {
            JobState::Ready => {
                line.ready = jobs;
                line.oldest_seconds = u64::try_from((now - first).num_seconds()).unwrap_or(0);
            }
            JobState::Running => line.running = jobs,
            JobState::Parked => line.parked = jobs,
            JobState::Dead => line.dead = jobs,
            JobState::Done | JobState::Cancelled => {}
        }
    }
    Ok(queues.into_values().collect())
}
