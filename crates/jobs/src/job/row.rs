//! A job as storage keeps it.

use ashlar_kernel::{Id, StoreError, TenantId, Timestamp};
use uuid::Uuid;

use super::{Job, JobState, Lease, NewJob, Status};

/// The columns of a job.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of Job, flat")]
pub struct JobRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub queue: String,
    pub kind: String,
    pub payload_version: i32,
    pub payload: String,
    pub priority: i32,
    pub run_at: Timestamp,
    pub attempts: i32,
    pub max_attempts: i32,
    pub state: String,
    pub lease_until: Option<Timestamp>,
    pub token: i64,
    pub worker: Option<String>,
    pub dedupe_key: Option<String>,
    pub serial_key: Option<String>,
    pub trace_context: Option<String>,
    pub last_error: Option<String>,
    pub failures: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl Job {
    /// What to store.
    pub fn to_row(&self) -> JobRow {
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let lease = self.lease();
        JobRow {
            id: self.id.as_uuid(),
            tenant_id: self.what.tenant.as_uuid(),
            queue: self.what.queue.clone(),
            kind: self.what.kind.clone(),
            payload_version: i32::from(self.what.version),
            payload: self.what.payload.to_string(),
            priority: i32::from(self.what.priority),
            run_at: self.run_at,
            attempts: count(self.attempts),
            max_attempts: count(self.what.max_attempts),
            state: self.state().as_str().to_owned(),
            lease_until: lease.map(|lease| lease.until),
            token: self.token,
            worker: lease.map(|lease| lease.worker.clone()),
            dedupe_key: self.what.dedupe_key.clone(),
            serial_key: self.what.serial_key.clone(),
            trace_context: self.what.trace_context.clone(),
            last_error: self.last_error.clone(),
            failures: serde_json::json!(self.failures).to_string(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            finished_at: self.finished_at(),
        }
    }

    /// The job that was stored.
    pub fn restore(row: JobRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let status = status_of(&row)?;
        let what = NewJob {
            tenant: TenantId::from_uuid(row.tenant_id),
            queue: row.queue,
            kind: row.kind,
            version: u16::try_from(row.payload_version).map_err(|_range| corrupt("job.payload_version"))?,
            payload: serde_json::from_str(&row.payload).map_err(|_not_json| corrupt("job.payload"))?,
            priority: i16::try_from(row.priority).map_err(|_range| corrupt("job.priority"))?,
            run_at: None,
            max_attempts: u32::try_from(row.max_attempts).map_err(|_range| corrupt("job.max_attempts"))?,
            dedupe_key: row.dedupe_key,
            serial_key: row.serial_key,
            trace_context: row.trace_context,
        };
        Ok(Self {
            id: Id::from_uuid(row.id),
            what: what.recheck().map_err(|_invalid| corrupt("job"))?,
            run_at: row.run_at,
            attempts: u32::try_from(row.attempts).map_err(|_range| corrupt("job.attempts"))?,
            status,
            token: row.token,
            last_error: row.last_error,
            failures: serde_json::from_str(&row.failures).map_err(|_not_json| corrupt("job.failures"))?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn status_of(row: &JobRow) -> Result<Status, StoreError> {
    let corrupt = || StoreError::Corrupt { what: "job.state" };
    let state = JobState::restore(&row.state).ok_or_else(corrupt)?;
    let status = match (state, &row.worker, row.lease_until, row.finished_at) {
        (JobState::Ready, None, None, None) => Status::Ready,
        (JobState::Parked, None, None, None) => Status::Parked,
        (JobState::Running, Some(worker), Some(until), None) => {
            Status::Running(Lease { worker: worker.clone(), until })
        }
        (JobState::Done, None, None, Some(at)) => Status::Done { at },
        (JobState::Dead, None, None, Some(at)) => Status::Dead { at },
        (JobState::Cancelled, None, None, Some(at)) => Status::Cancelled { at },
        _ => return Err(corrupt()),
    };
    Ok(status)
}
