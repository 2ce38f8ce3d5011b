//! Jobs, and the firings of schedules.
//!
//! A job has no foreign key: it follows from an event, and the log has none. One event of a tenant that is gone must
//! not stop the relay for everybody.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000006_job",
    up,
    down: |_| "DROP TABLE schedule_firing; DROP TABLE schedule; DROP TABLE job;".to_owned(),
};

fn up(dialect: &Dialect) -> String {
    let [jobs, schedules] = [jobs(dialect), schedules(dialect)];
    format!("{jobs}{JOB_INDEXES}{schedules}")
}

fn jobs(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bigint, table, .. } = dialect;
    // As in the event log: SQLite numbers rows only by the primary key.
    let position =
        dialect.either("bigint GENERATED ALWAYS AS IDENTITY", "INTEGER CONSTRAINT job_pkey PRIMARY KEY AUTOINCREMENT");
    let id = dialect.either("CONSTRAINT job_pkey PRIMARY KEY", "CONSTRAINT job_id_key UNIQUE");
    format!(
        r"
-- position: the order of jobs with one serial key; ids come from the clocks of several machines.
-- payload: JSON as it was given. A number stays what it was, and the size is that of the text.
CREATE TABLE job (
    position        {position},
    id              {uuid} NOT NULL
                    {id},
    tenant_id       {uuid} NOT NULL,
    queue           text NOT NULL
                    CONSTRAINT job_queue_check CHECK (length(queue) BETWEEN 1 AND 64),
    kind            text NOT NULL
                    CONSTRAINT job_kind_check CHECK (length(kind) BETWEEN 1 AND 64),
    payload_version integer NOT NULL
                    CONSTRAINT job_payload_version_check CHECK (payload_version >= 1),
    payload         text NOT NULL
                    CONSTRAINT job_payload_check CHECK (octet_length(payload) BETWEEN 1 AND 65536),
    priority        integer NOT NULL,
    run_at          {moment} NOT NULL,
    attempts        integer NOT NULL,
    max_attempts    integer NOT NULL
                    CONSTRAINT job_max_attempts_check CHECK (max_attempts >= 1),
    state           text NOT NULL
                    CONSTRAINT job_state_check
                    CHECK (state IN ('ready', 'running', 'done', 'dead', 'cancelled', 'parked')),
    lease_until     {moment},
    token           {bigint} NOT NULL
                    CONSTRAINT job_token_check CHECK (token >= 0),
    worker          text,
    dedupe_key      text
                    CONSTRAINT job_dedupe_key_check CHECK (octet_length(dedupe_key) BETWEEN 1 AND 256),
    serial_key      text
                    CONSTRAINT job_serial_key_check CHECK (octet_length(serial_key) BETWEEN 1 AND 256),
    trace_context   text,
    last_error      text
                    CONSTRAINT job_last_error_check CHECK (length(last_error) <= 300),
    created_at      {moment} NOT NULL,
    updated_at      {moment} NOT NULL,
    finished_at     {moment},
    CONSTRAINT job_attempts_check CHECK (attempts BETWEEN 0 AND max_attempts),
    CONSTRAINT job_spent_check CHECK (state <> 'ready' OR attempts < max_attempts),
    CONSTRAINT job_lease_check
        CHECK ((state = 'running') = (lease_until IS NOT NULL) AND (state = 'running') = (worker IS NOT NULL)),
    CONSTRAINT job_finished_check CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
){table};
"
    )
}

const JOB_INDEXES: &str = "
-- One live job for each key.
CREATE UNIQUE INDEX job_dedupe_key_key ON job (tenant_id, kind, dedupe_key)
    WHERE dedupe_key IS NOT NULL AND state IN ('ready', 'running', 'parked');
-- One running job for each key, and who is before whom.
CREATE UNIQUE INDEX job_serial_running_key ON job (tenant_id, serial_key)
    WHERE serial_key IS NOT NULL AND state = 'running';
CREATE INDEX job_serial_idx ON job (tenant_id, serial_key, position)
    WHERE serial_key IS NOT NULL AND state IN ('ready', 'running', 'parked');
-- What a worker looks for.
CREATE INDEX job_claim_idx ON job (queue, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_lease_idx ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_parked_idx ON job (kind, payload_version) WHERE state = 'parked';
-- Housekeeping and figures.
CREATE INDEX job_finished_idx ON job (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX job_open_idx ON job (queue, state, run_at) WHERE state IN ('ready', 'running', 'parked', 'dead');
-- The operator's list of a tenant, newest first.
CREATE INDEX job_tenant_id_id_idx ON job (tenant_id, id DESC);
";

fn schedules(dialect: &Dialect) -> String {
    let Dialect { moment, table, .. } = dialect;
    format!(
        r"
CREATE TABLE schedule (
    name        text NOT NULL
                CONSTRAINT schedule_pkey PRIMARY KEY
                CONSTRAINT schedule_name_check CHECK (name <> ''),
    first_asked {moment} NOT NULL
){table};

-- Whoever inserts the row has fired the schedule for that moment.
CREATE TABLE schedule_firing (
    schedule text NOT NULL,
    due_at   {moment} NOT NULL,
    fired_at {moment} NOT NULL,
    CONSTRAINT schedule_firing_pkey PRIMARY KEY (schedule, due_at)
){table};
"
    )
}
