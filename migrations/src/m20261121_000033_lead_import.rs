//! Leads that come in files.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000033_lead_import",
    up,
    down: |_| "DROP TABLE lead_import_fault; DROP TABLE lead_import;".to_owned(),
};

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, bigint, table, .. } = dialect;
    format!(
        r"
-- requested_by: an account; none if an operator asked. No foreign key, as with the owner of a lead.
-- file: the name it is kept under; none if only the process that began has it.
-- text_offset: how much of the text is in the database: where to go on.
-- holder: the process that is at it, until held_until.
CREATE TABLE lead_import (
    id           {uuid} NOT NULL
                 CONSTRAINT lead_import_pkey PRIMARY KEY,
    tenant_id    {uuid} NOT NULL
                 CONSTRAINT lead_import_tenant_id_fkey REFERENCES tenant (id),
    requested_by {uuid},
    state        text NOT NULL
                 CONSTRAINT lead_import_state_check
                 CHECK (state IN ('queued', 'validating', 'running', 'paused', 'completed', 'completed_with_errors',
                                  'failed', 'cancelled')),
    options      {json} NOT NULL,
    plan         {json},
    file         text,
    file_name    text NOT NULL,
    bytes_total  {bigint} NOT NULL,
    bytes_read   {bigint} NOT NULL,
    text_offset  {bigint} NOT NULL,
    rows_read    {bigint} NOT NULL,
    created      {bigint} NOT NULL,
    updated      {bigint} NOT NULL,
    skipped      {bigint} NOT NULL,
    duplicates   {bigint} NOT NULL,
    failed       {bigint} NOT NULL,
    faults       {bigint} NOT NULL,
    error        text,
    holder       {uuid},
    held_until   {moment},
    created_at   {moment} NOT NULL,
    started_at   {moment},
    finished_at  {moment},
    version      integer NOT NULL,
    CONSTRAINT lead_import_counts_check CHECK (rows_read = created + updated + skipped + duplicates + failed),
    CONSTRAINT lead_import_holder_check CHECK ((holder IS NULL) = (held_until IS NULL))
){table};

-- One at a time for each tenant.
CREATE UNIQUE INDEX lead_import_at_work_key ON lead_import (tenant_id) WHERE state IN ('validating', 'running');
CREATE INDEX lead_import_waiting_idx ON lead_import (created_at, id)
    WHERE state IN ('queued', 'validating', 'running', 'paused');
CREATE INDEX lead_import_created_at_idx ON lead_import (tenant_id, created_at DESC, id DESC);

-- What is wrong with rows, and the rows as they came: personal data, which goes with its import.
CREATE TABLE lead_import_fault (
    import_id  {uuid} NOT NULL
               CONSTRAINT lead_import_fault_import_id_fkey REFERENCES lead_import (id) ON DELETE CASCADE,
    number     {bigint} NOT NULL,
    row_number {bigint} NOT NULL,
    field      text NOT NULL,
    code       text NOT NULL,
    message    text NOT NULL,
    cells      {json} NOT NULL,
    CONSTRAINT lead_import_fault_pkey PRIMARY KEY (import_id, number)
){table};
"
    )
}
