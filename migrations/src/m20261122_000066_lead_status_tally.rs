//! How many leads there are by status alone: a few rows for each tenant, however many days and kinds of leads it has.
//!
//! They follow from the rows of `lead_tally`, by triggers, in the same transaction.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261122_000066_lead_status_tally", up, down };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, bigint, table, .. } = dialect;
    format!(
        r"
-- Leads that were not put away, by status.
-- slot: a status has several rows, so that not all who write wait for one. Their sum counts, and one alone may be negative.
CREATE TABLE lead_status_tally (
    tenant_id {uuid} NOT NULL
              CONSTRAINT lead_status_tally_tenant_id_fkey REFERENCES tenant (id),
    status    text NOT NULL,
    slot      integer NOT NULL
              CONSTRAINT lead_status_tally_slot_check CHECK (slot BETWEEN 0 AND 63),
    leads     {bigint} NOT NULL,
    CONSTRAINT lead_status_tally_pkey PRIMARY KEY (tenant_id, status, slot)
){table};

INSERT INTO lead_status_tally (tenant_id, status, slot, leads)
SELECT tenant_id, status, 0, SUM(leads) FROM lead_tally GROUP BY 1, 2;
{}",
        dialect.either(POSTGRES, SQLITE)
    )
}

/// The slot is that of the transaction: it keeps its rows to itself until it ends, and those that go on beside it have
/// others. Once for each statement.
const POSTGRES: &str = "
CREATE FUNCTION lead_status_tally_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_status_tally AS tally (tenant_id, status, slot, leads)
    SELECT tenant_id, status, pg_current_xact_id()::text::bigint % 64, SUM(leads)
    FROM arrived GROUP BY 1, 2 HAVING SUM(leads) <> 0 ORDER BY 1, 2
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET leads = tally.leads + excluded.leads;
    RETURN NULL;
END
$$;
CREATE FUNCTION lead_status_tally_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_status_tally AS tally (tenant_id, status, slot, leads)
    SELECT tenant_id, status, pg_current_xact_id()::text::bigint % 64, -SUM(leads)
    FROM gone GROUP BY 1, 2 HAVING SUM(leads) <> 0 ORDER BY 1, 2
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET leads = tally.leads + excluded.leads;
    RETURN NULL;
END
$$;
CREATE FUNCTION lead_status_tally_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_status_tally AS tally (tenant_id, status, slot, leads)
    SELECT tenant_id, status, pg_current_xact_id()::text::bigint % 64, SUM(leads) FROM (
        SELECT tenant_id, status, -leads AS leads FROM gone UNION ALL SELECT tenant_id, status, leads FROM arrived
    ) AS steps GROUP BY 1, 2 HAVING SUM(leads) <> 0 ORDER BY 1, 2
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET leads = tally.leads + excluded.leads;
    RETURN NULL;
END
$$;
CREATE TRIGGER lead_tallied_in AFTER INSERT ON lead_tally
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION lead_status_tally_in();
CREATE TRIGGER lead_tallied_out AFTER DELETE ON lead_tally
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION lead_status_tally_out();
CREATE TRIGGER lead_tallied_move AFTER UPDATE ON lead_tally
    REFERENCING OLD TABLE AS gone NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION lead_status_tally_move();
";

/// There is one who writes, and one slot.
const SQLITE: &str = "
CREATE TRIGGER lead_tallied_in AFTER INSERT ON lead_tally
BEGIN
    INSERT INTO lead_status_tally (tenant_id, status, slot, leads) VALUES (NEW.tenant_id, NEW.status, 0, NEW.leads)
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET leads = leads + excluded.leads;
END;
CREATE TRIGGER lead_tallied_out AFTER DELETE ON lead_tally
BEGIN
    INSERT INTO lead_status_tally (tenant_id, status, slot, leads) VALUES (OLD.tenant_id, OLD.status, 0, -OLD.leads)
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET leads = leads + excluded.leads;
END;
CREATE TRIGGER lead_tallied_move AFTER UPDATE ON lead_tally
BEGIN
    INSERT INTO lead_status_tally (tenant_id, status, slot, leads) VALUES (OLD.tenant_id, OLD.status, 0, -OLD.leads)
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET leads = leads + excluded.leads;
    INSERT INTO lead_status_tally (tenant_id, status, slot, leads) VALUES (NEW.tenant_id, NEW.status, 0, NEW.leads)
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET leads = leads + excluded.leads;
END;
";

fn down(dialect: &Dialect) -> String {
    let triggers = dialect.either(
        "DROP TRIGGER lead_tallied_in ON lead_tally; DROP TRIGGER lead_tallied_out ON lead_tally;
         DROP TRIGGER lead_tallied_move ON lead_tally; DROP FUNCTION lead_status_tally_in();
         DROP FUNCTION lead_status_tally_out(); DROP FUNCTION lead_status_tally_move();",
        "DROP TRIGGER lead_tallied_in; DROP TRIGGER lead_tallied_out; DROP TRIGGER lead_tallied_move;",
    );
    format!("{triggers} DROP TABLE lead_status_tally;")
}
