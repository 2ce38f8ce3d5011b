//! Between rows and jobs.

use ashlar_jobs::{Job, JobRow};
use ashlar_kernel::StoreError;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use super::entity::job;

/// Every column of a new job.
pub(super) fn new_job(job: &Job) -> job::ActiveModel {
    let row = job.to_row();
    let model = job::Model {
        id: row.id,
        tenant_id: row.tenant_id,
        queue: row.queue,
        kind: row.kind,
        payload_version: row.payload_version,
        payload: row.payload,
        priority: row.priority,
        run_at: row.run_at,
        attempts: row.attempts,
        max_attempts: row.max_attempts,
        state: row.state,
        lease_until: row.lease_until,
        token: row.token,
        worker: row.worker,
        dedupe_key: row.dedupe_key,
        serial_key: row.serial_key,
        trace_context: row.trace_context,
        last_error: row.last_error,
        failures: row.failures,
        created_at: row.created_at,
        updated_at: row.updated_at,
        finished_at: row.finished_at,
    };
    // Of a model every value counts as unchanged, and unchanged values are not inserted.
    model.into_active_model().reset_all()
}

/// Every column a step can change.
pub(super) fn changed_job(job: &Job) -> job::ActiveModel {
    let row = job.to_row();
    job::ActiveModel {
        run_at: Set(row.run_at),
        attempts: Set(row.attempts),
        state: Set(row.state),
        lease_until: Set(row.lease_until),
        token: Set(row.token),
        worker: Set(row.worker),
        last_error: Set(row.last_error),
        failures: Set(row.failures),
        updated_at: Set(row.updated_at),
        finished_at: Set(row.finished_at),
        ..Default::default()
    }
}

pub(super) fn restore_job(row: job::Model) -> Result<Job, StoreError> {
    Job::restore(JobRow {
        id: row.id,
        tenant_id: row.tenant_id,
        queue: row.queue,
        kind: row.kind,
        payload_version: row.payload_version,
        payload: row.payload,
        priority: row.priority,
        run_at: row.run_at,
        attempts: row.attempts,
        max_attempts: row.max_attempts,
        state: row.state,
        lease_until: row.lease_until,
        token: row.token,
        worker: row.worker,
        dedupe_key: row.dedupe_key,
        serial_key: row.serial_key,
        trace_context: row.trace_context,
        last_error: row.last_error,
        failures: row.failures,
        created_at: row.created_at,
        updated_at: row.updated_at,
        finished_at: row.finished_at,
    })
}

pub(super) fn restore_all(rows: Vec<job::Model>) -> Result<Vec<Job>, StoreError> {
    rows.into_iter().map(restore_job).collect()
}
