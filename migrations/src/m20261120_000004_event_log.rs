//! The insert-only event log, and the lists of what its two readers have not handled yet.
//!
//! The log has no foreign keys: it outlives what it is about. The lists have none either: a trigger fills them from
//! the row that was just inserted, and rows of the log do not go away.
//!
//! What triggers cannot do: stop the owner of the table, or of the file, from dropping them. The signed checkpoints
//! outside the database are for that.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261120_000004_event_log", up, down };

fn up(dialect: &Dialect) -> String {
    tables(dialect) + dialect.either(POSTGRES_TRIGGERS, SQLITE_TRIGGERS)
}

fn tables(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, now, json, bigint, table, .. } = dialect;
    // SQLite numbers rows only by the primary key. AUTOINCREMENT: no number is ever given twice.
    let position = dialect
        .either("bigint GENERATED ALWAYS AS IDENTITY", "INTEGER CONSTRAINT event_pkey PRIMARY KEY AUTOINCREMENT");
    let id = dialect.either("CONSTRAINT event_pkey PRIMARY KEY", "CONSTRAINT event_id_key UNIQUE");
    // Positions are given when a row is inserted, not when it is committed. The sealer therefore goes by transactions
    // that no running one can precede; SQLite has one writer and needs no such thing.
    let txid = dialect.either("\n    txid           xid8 NOT NULL DEFAULT pg_current_xact_id(),", "");
    format!(
        r"
CREATE TABLE event (
    position       {position},
    id             {uuid} NOT NULL
                   {id},
    tenant_id      {uuid} NOT NULL,{txid}
    occurred_at    {moment} NOT NULL,
    recorded_at    {moment} NOT NULL DEFAULT ({now}),
    name           text NOT NULL
                   CONSTRAINT event_name_check CHECK (name <> ''),
    schema_version integer NOT NULL
                   CONSTRAINT event_schema_version_check CHECK (schema_version >= 1),
    actor_type     text NOT NULL,
    actor_id       text,
    actor_session  {uuid},
    targets        {json} NOT NULL,
    outcome        text NOT NULL
                   CONSTRAINT event_outcome_check CHECK (outcome IN ('ok', 'denied', 'failed')),
    diff           {json} NOT NULL,
    data           {json} NOT NULL,
    source         {json} NOT NULL,
    request_id     text NOT NULL,
    CONSTRAINT event_actor_check CHECK ((actor_type = 'anonymous') = (actor_id IS NULL))
){table};

-- The audit page of a tenant, newest first, page by page.
CREATE INDEX event_tenant_id_occurred_at_idx ON event (tenant_id, occurred_at DESC, id DESC);

CREATE TABLE event_seal_pending (
    event_id  {uuid} NOT NULL
              CONSTRAINT event_seal_pending_pkey PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    position  {bigint} NOT NULL
){table};
CREATE INDEX event_seal_pending_position_idx ON event_seal_pending (position);

CREATE TABLE event_dispatch_pending (
    event_id  {uuid} NOT NULL
              CONSTRAINT event_dispatch_pending_pkey PRIMARY KEY,
    tenant_id {uuid} NOT NULL,
    position  {bigint} NOT NULL
){table};
CREATE INDEX event_dispatch_pending_position_idx ON event_dispatch_pending (position);
"
    )
}

const POSTGRES_TRIGGERS: &str = "
CREATE FUNCTION event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is insert-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER event_insert_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION event_refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION event_refuse_change();
-- ALWAYS: also for a session that plays replica.
ALTER TABLE event ENABLE ALWAYS TRIGGER event_insert_only;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_no_truncate;

CREATE FUNCTION event_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_seal_pending (event_id, tenant_id, position) VALUES (NEW.id, NEW.tenant_id, NEW.position);
    INSERT INTO event_dispatch_pending (event_id, tenant_id, position) VALUES (NEW.id, NEW.tenant_id, NEW.position);
    RETURN NULL;
END
$$;
-- Not ALWAYS: where logical replication brings the events, it brings the rows of the lists as well.
CREATE TRIGGER event_announced AFTER INSERT ON event
    FOR EACH ROW EXECUTE FUNCTION event_announce();
";

const SQLITE_TRIGGERS: &str = "
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'the event log is insert-only: UPDATE is refused');
END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'the event log is insert-only: DELETE is refused');
END;
-- INSERT OR REPLACE deletes the old row without asking the trigger above.
CREATE TRIGGER event_no_replace BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id OR position = NEW.position)
BEGIN
    SELECT RAISE(ABORT, 'the event log is insert-only: REPLACE is refused');
END;
CREATE TRIGGER event_announced AFTER INSERT ON event
BEGIN
    INSERT INTO event_seal_pending (event_id, tenant_id, position) VALUES (NEW.id, NEW.tenant_id, NEW.position);
    INSERT INTO event_dispatch_pending (event_id, tenant_id, position) VALUES (NEW.id, NEW.tenant_id, NEW.position);
END;
";

fn down(dialect: &Dialect) -> String {
    let functions = dialect.either("DROP FUNCTION event_announce(); DROP FUNCTION event_refuse_change();", "");
    format!("DROP TABLE event_dispatch_pending; DROP TABLE event_seal_pending; DROP TABLE event; {functions}")
}
