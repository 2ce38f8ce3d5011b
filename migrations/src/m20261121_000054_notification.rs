//! What needs somebody's attention.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000054_notification", up, down: |_| "DROP TABLE notification;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bigint, table, .. } = dialect;
    format!(
        r"
-- dedupe_key: what is the matter; of what is not resolved, there is one row for each.
-- count: in how many checks it was the matter.
CREATE TABLE notification (
    id              {uuid} NOT NULL
                    CONSTRAINT notification_pkey PRIMARY KEY,
    tenant_id       {uuid} NOT NULL
                    CONSTRAINT notification_tenant_id_fkey REFERENCES tenant (id),
    severity        text NOT NULL
                    CONSTRAINT notification_severity_check CHECK (severity IN ('info', 'warning', 'critical')),
    source          text NOT NULL
                    CONSTRAINT notification_source_check CHECK (length(source) BETWEEN 1 AND 64),
    dedupe_key      text NOT NULL
                    CONSTRAINT notification_dedupe_key_check CHECK (length(dedupe_key) BETWEEN 1 AND 128),
    title           text NOT NULL
                    CONSTRAINT notification_title_check CHECK (length(title) BETWEEN 1 AND 300),
    count           {bigint} NOT NULL
                    CONSTRAINT notification_count_check CHECK (count >= 1),
    first_at        {moment} NOT NULL,
    last_at         {moment} NOT NULL,
    acknowledged_by {uuid},
    acknowledged_at {moment},
    resolved_at     {moment},
    version         integer NOT NULL
                    CONSTRAINT notification_version_check CHECK (version >= 1),
    CONSTRAINT notification_acknowledged_check CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL))
){table};

CREATE UNIQUE INDEX notification_dedupe_key_key ON notification (tenant_id, dedupe_key) WHERE resolved_at IS NULL;
CREATE INDEX notification_tenant_id_id_idx ON notification (tenant_id, id DESC);
CREATE INDEX notification_resolved_at_idx ON notification (resolved_at) WHERE resolved_at IS NOT NULL;
"
    )
}
