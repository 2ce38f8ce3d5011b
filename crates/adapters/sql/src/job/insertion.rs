//! New jobs, each unless a live one has its dedupe key.

use std::collections::HashSet;

use ashlar_jobs::{
    Job, JobId, JobState, NewJob,
    port::{Enqueued, News},
};
use ashlar_kernel::{StoreError, Timestamp};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict};
use uuid::Uuid;

use super::{entity::job, mapping};
use crate::SqlStore;

/// Rows in one statement: well below the 32,766 parameters of SQLite.
const ROWS_AT_ONCE: usize = 500;

/// A key whose job ended while we looked for it is tried again this often.
const TRIES: u32 = 5;

/// Adds jobs, and answers with the ids of those that are new.
pub(super) async fn insert(db: &impl ConnectionTrait, jobs: &[Job]) -> Result<HashSet<Uuid>, DbErr> {
    let mut added = HashSet::new();
    for some in jobs.chunks(ROWS_AT_ONCE) {
        let rows = job::Entity::insert_many(some.iter().map(mapping::new_job));
        // Without a target: the one constraint a new job can break is that of the dedupe key.
        let unless_taken = OnConflict::new().do_nothing().to_owned();
        added.extend(rows.on_conflict(unless_taken).exec_with_returning_keys(db).await?);
    }
    Ok(added)
}

impl SqlStore {
    pub(super) fn new_job(&self, job: NewJob, now: Timestamp) -> Job {
        Job::enqueued(JobId::new(&**self.ids()), job, now)
    }

    pub(super) async fn enqueue_jobs(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Enqueued>, StoreError> {
        let jobs: Vec<Job> = jobs.into_iter().map(|job| self.new_job(job, now)).collect();
        let tx = self.begin_bare().await?;
        let mut added = insert(&tx, &jobs).await.map_err(|error| self.write_error(error))?;
        let mut answers = Vec::with_capacity(jobs.len());
        for job in &jobs {
            if added.remove(&job.id().as_uuid()) {
                answers.push(Enqueued { id: job.id(), is_new: true });
            } else {
                answers.push(self.find_or_insert(&tx, job).await?);
            }
        }
        tx.commit().await.map_err(|error| self.write_error(error))?;
        self.rings().ring(News::Jobs);
        Ok(answers)
    }

    async fn find_or_insert(&self, tx: &impl ConnectionTrait, job: &Job) -> Result<Enqueued, StoreError> {
        for _try in 0..TRIES {
            let twin = twin_of(tx, job).await.map_err(|error| self.write_error(error))?;
            if let Some(id) = twin {
                return Ok(Enqueued { id: JobId::from_uuid(id), is_new: false });
            }
            let added = insert(tx, std::slice::from_ref(job)).await.map_err(|error| self.write_error(error))?;
            if !added.is_empty() {
                return Ok(Enqueued { id: job.id(), is_new: true });
            }
        }
        Err(StoreError::Contended("jobs with one dedupe key come and go".into()))
    }
}

async fn twin_of(db: &impl ConnectionTrait, job: &Job) -> Result<Option<Uuid>, DbErr> {
    let live = JobState::ALL.into_iter().filter(|state| state.is_live()).map(JobState::as_str);
    let twins = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(job::Column::TenantId.eq(job.tenant().as_uuid()))
        .filter(job::Column::Kind.eq(job.kind()))
        .filter(job::Column::DedupeKey.eq(job.dedupe_key()))
        .filter(job::Column::State.is_in(live));
    twins.into_tuple().one(db).await
}
