//! Jobs, the relay and schedules behind their ports.

mod claim;
mod desk;
mod entity;
mod insertion;
mod mapping;
mod outbox;
mod schedule;
mod store;

use crate::errors::UniqueKey;

/// Of live jobs of a tenant and kind, one has a key.
const DEDUPE: UniqueKey =
    UniqueKey { constraint: "job_dedupe_key_key", columns: "job.tenant_id, job.kind, job.dedupe_key" };

/// Of jobs with a serial key, one runs.
const SERIAL: UniqueKey = UniqueKey { constraint: "job_serial_running_key", columns: "job.tenant_id, job.serial_key" };
