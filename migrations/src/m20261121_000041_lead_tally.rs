//! How many leads there are of what kind, kept up with every change.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000041_lead_tally", up, down: |_| "DROP TABLE lead_tally;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, bigint, table, .. } = dialect;
    let day = dialect.either("to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')", "substr(created_at, 1, 10)");
    format!(
        r"
-- Leads that were not put away, by the day on which they came, in UTC.
-- category: empty if none is known.
-- slot: a kind has several rows, so that not all who write wait for one. Their sum counts, and one alone may be negative.
CREATE TABLE lead_tally (
    tenant_id {uuid} NOT NULL
              CONSTRAINT lead_tally_tenant_id_fkey REFERENCES tenant (id),
    day       text NOT NULL
              CONSTRAINT lead_tally_day_check CHECK (length(day) = 10),
    status    text NOT NULL,
    source    text NOT NULL,
    category  text NOT NULL,
    slot      integer NOT NULL
              CONSTRAINT lead_tally_slot_check CHECK (slot BETWEEN 0 AND 15),
    leads     {bigint} NOT NULL,
    CONSTRAINT lead_tally_pkey PRIMARY KEY (tenant_id, day, status, source, category, slot)
){table};

INSERT INTO lead_tally (tenant_id, day, status, source, category, slot, leads)
SELECT tenant_id, {day}, status, source, COALESCE(category, ''), 0, COUNT(*) FROM lead
WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5;
"
    )
}
