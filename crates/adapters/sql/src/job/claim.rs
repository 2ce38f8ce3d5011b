//! The one statement by which workers take jobs.

use ashlar_jobs::{
    Job,
    port::{CLAIM_MAX, Claim},
};
use ashlar_kernel::StoreError;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, EntityTrait, Statement, Value};

use super::{SERIAL, entity::job, mapping::restore_all};
use crate::{SqlStore, database::Database};

/// A claim that met another one on the same serial key is made again this often.
const TRIES: u32 = 5;

/// The values before the names of the queues.
const QUEUES_FROM: usize = 6;

impl SqlStore {
    pub(super) async fn claim_jobs(&self, claim: &Claim<'_>) -> Result<Vec<Job>, StoreError> {
        if claim.queues.is_empty() || claim.limit == 0 {
            return Ok(Vec::new());
        }
        for _try in 0..TRIES {
            match take(self.writer(), claim).await {
                Ok(rows) => return in_order(rows),
                // Two jobs of one key became ready in the wrong order, by hand, and two workers took one each.
                Err(error) if SERIAL.is_broken_by(&error) => {}
                Err(error) => return Err(self.write_error(error)),
            }
        }
        Ok(Vec::new())
    }
}

async fn take(writer: &Database, claim: &Claim<'_>) -> Result<Vec<job::Model>, DbErr> {
    let backend = writer.get_database_backend();
    let mut values: Vec<Value> = vec![
        claim.now.into(),
        i64::from(claim.limit.min(CLAIM_MAX)).into(),
        claim.worker.into(),
        claim.lease_until.into(),
        claim.now.into(),
    ];
    values.extend(claim.queues.iter().map(|queue| Value::from(queue.as_str())));
    let statement = Statement::from_sql_and_values(backend, sql(backend, claim.queues.len()), values);
    job::Entity::find().from_raw_sql(statement).all(writer).await
}

/// Chosen first and changed then: a plan that looks for jobs again and again would lock more of them than it takes.
fn sql(backend: DbBackend, queues: usize) -> String {
    let queues: Vec<_> = (QUEUES_FROM..QUEUES_FROM + queues).map(|number| format!("${number}")).collect();
    let queues = queues.join(", ");
    // SQLite has one writer.
    let skip = if backend == DbBackend::Postgres { "FOR UPDATE OF candidate SKIP LOCKED" } else { "" };
    format!(
        "WITH chosen AS MATERIALIZED (
            SELECT id AS chosen_id FROM job AS candidate
            WHERE state = 'ready' AND run_at <= $1 AND queue IN ({queues}) AND (serial_key IS NULL OR NOT EXISTS (
                SELECT 1 FROM job AS other
                WHERE other.tenant_id = candidate.tenant_id AND other.serial_key = candidate.serial_key
                AND other.state IN ('ready', 'running', 'parked')
                AND (other.state = 'running' OR other.position < candidate.position)))
            ORDER BY priority, run_at, id LIMIT $2 {skip})
        UPDATE job SET state = 'running', token = token + 1, worker = $3, lease_until = $4, updated_at = $5
        FROM chosen WHERE id = chosen_id RETURNING *"
    )
}

/// What a changing statement returns has no order.
fn in_order(rows: Vec<job::Model>) -> Result<Vec<Job>, StoreError> {
    let mut jobs = restore_all(rows)?;
    jobs.sort_by_key(|job| (job.priority(), job.run_at(), job.id()));
    Ok(jobs)
}
