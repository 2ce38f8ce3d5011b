//! What was done about leads, and how they were moved.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000031_lead_note",
    up,
    down: |_| "DROP TABLE lead_status_change; DROP TABLE lead_activity;".to_owned(),
};

fn up(dialect: &Dialect) -> String {
    [activities(dialect), moves(dialect)].concat()
}

fn activities(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r"
-- actor_id: an account, if a person did it or a program on their behalf. No foreign key, as with the owner of a lead.
CREATE TABLE lead_activity (
    id         {uuid} NOT NULL
               CONSTRAINT lead_activity_pkey PRIMARY KEY,
    tenant_id  {uuid} NOT NULL
               CONSTRAINT lead_activity_tenant_id_fkey REFERENCES tenant (id),
    lead_id    {uuid} NOT NULL
               CONSTRAINT lead_activity_lead_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    kind       text NOT NULL
               CONSTRAINT lead_activity_kind_check CHECK (kind IN ('note', 'call', 'email', 'meeting', 'form_touch')),
    body       text,
    actor_id   {uuid},
    created_at {moment} NOT NULL
){table};

CREATE INDEX lead_activity_lead_id_idx ON lead_activity (lead_id, created_at DESC, id DESC);
"
    )
}

pub(crate) fn moves(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r"
-- from_status: none when the lead came.
CREATE TABLE lead_status_change (
    id          {uuid} NOT NULL
                CONSTRAINT lead_status_change_pkey PRIMARY KEY,
    tenant_id   {uuid} NOT NULL
                CONSTRAINT lead_status_change_tenant_id_fkey REFERENCES tenant (id),
    lead_id     {uuid} NOT NULL
                CONSTRAINT lead_status_change_lead_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    from_status text,
    to_status   text NOT NULL,
    reason      text,
    actor_id    {uuid},
    created_at  {moment} NOT NULL
){table};

CREATE INDEX lead_status_change_lead_id_idx ON lead_status_change (lead_id, created_at DESC, id DESC);
"
    )
}
