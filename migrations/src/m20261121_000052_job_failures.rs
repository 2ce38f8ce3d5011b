//! What jobs remember of attempts that failed.

use crate::step::Step;

pub(crate) const STEP: Step =
    Step { name: "m20261121_000052_job_failures", up: |_| UP.to_owned(), down: |_| DOWN.to_owned() };

// PostgreSQL keeps a constant default without writing a row.
const UP: &str = "
-- failures: the last attempts that failed, as a JSON array of number, at and note.
ALTER TABLE job ADD COLUMN failures text NOT NULL DEFAULT '[]'
    CONSTRAINT job_failures_check CHECK (octet_length(failures) BETWEEN 2 AND 16384);
-- What of a tenant is not done: how much, and since when.
CREATE INDEX job_tenant_open_idx ON job (tenant_id, state, run_at)
    WHERE state IN ('ready', 'running', 'parked', 'dead');
";

const DOWN: &str = "DROP INDEX job_tenant_open_idx; ALTER TABLE job DROP COLUMN failures;";
