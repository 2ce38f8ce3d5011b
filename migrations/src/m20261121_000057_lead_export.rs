//! Leads that go in large files.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000057_lead_export", up, down: |_| "DROP TABLE lead_export;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, bytes, bigint, table, .. } = dialect;
    format!(
        r"
-- requested_by: an account. No foreign key, as with the owner of a lead.
-- seen_by: whose leads it has, and nobody's; everybody's if none.
-- wish: which leads and columns; none once it is over, for a search may name people.
-- file: the name it is kept under; none before it is whole, and after it has gone.
-- held_until: as long as the process that is at it has been heard of.
CREATE TABLE lead_export (
    id           {uuid} NOT NULL
                 CONSTRAINT lead_export_pkey PRIMARY KEY,
    tenant_id    {uuid} NOT NULL
                 CONSTRAINT lead_export_tenant_id_fkey REFERENCES tenant (id),
    requested_by {uuid} NOT NULL,
    seen_by      {uuid},
    state        text NOT NULL
                 CONSTRAINT lead_export_state_check
                 CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'expired')),
    format       text NOT NULL
                 CONSTRAINT lead_export_format_check CHECK (format IN ('csv', 'jsonl')),
    wish         {json},
    leads        {bigint} NOT NULL
                 CONSTRAINT lead_export_leads_check CHECK (leads >= 0),
    bytes        {bigint} NOT NULL
                 CONSTRAINT lead_export_bytes_check CHECK (bytes >= 0),
    file         text,
    sha256       {bytes}
                 CONSTRAINT lead_export_sha256_check CHECK (sha256 IS NULL OR length(sha256) = 32),
    error        text,
    held_until   {moment},
    created_at   {moment} NOT NULL,
    started_at   {moment},
    finished_at  {moment},
    expires_at   {moment},
    version      integer NOT NULL,
    CONSTRAINT lead_export_wish_check CHECK ((wish IS NOT NULL) = (state IN ('queued', 'running'))),
    CONSTRAINT lead_export_file_check
        CHECK ((file IS NULL) = (sha256 IS NULL) AND (file IS NULL OR expires_at IS NOT NULL)),
    CONSTRAINT lead_export_completed_check CHECK ((file IS NOT NULL) = (state = 'completed'))
){table};

CREATE INDEX lead_export_waiting_idx ON lead_export (created_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX lead_export_expires_at_idx ON lead_export (expires_at, id) WHERE state = 'completed';
CREATE INDEX lead_export_created_at_idx ON lead_export (tenant_id, requested_by, created_at DESC, id DESC);
CREATE INDEX lead_export_file_idx ON lead_export (file) WHERE file IS NOT NULL;
"
    )
}
