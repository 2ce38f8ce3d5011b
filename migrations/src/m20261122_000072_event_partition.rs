//! On PostgreSQL the log is kept in leaves: by the class of an event, and by the month or the year of its id. What has expired
//! as a whole goes as a whole.
//!
//! The class follows from the name, so nobody who writes an event has to know of leaves. Ids begin with the milliseconds at
//! which they were made, so whoever looks for one looks into one leaf of each class. An id that is not of any month there is,
//! or of one for which no leaf was made in time, has its place in the rest of its class: nothing is ever refused.
//!
//! No constraint keeps an id from being in two classes, as there is none over several leaves. An id that waits is unique in
//! `event_seal_pending`, and one that is sealed in `audit_chain`.
//!
//! Nobody but the owner may touch a leaf, and everybody goes through the log. The program, which makes no tables, has two
//! functions for it that take the owner's part: one makes the leaves of the months to come, and one drops a leaf in which
//! the trigger of deletions would refuse no row.

use crate::{dialect::Dialect, m20261121_000048_audit_retention as retention, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261122_000072_event_partition", up, down };

fn up(dialect: &Dialect) -> String {
    dialect.either(postgres_up as fn() -> String, String::new)()
}

fn down(dialect: &Dialect) -> String {
    dialect.either(postgres_down as fn() -> String, String::new)()
}

fn postgres_up() -> String {
    let functions = FUNCTIONS.replace("{class}", &retention::CLASS.replace("OLD.name", "event_name"));
    let dropping = DROPPING.replace("{expired}", &expired("body", "event_class(body.name)"));
    let deletion = DELETION.replace("{expired}", &expired("OLD", "event_class(OLD.name)"));
    [&functions, LEAVES, INDEXES, KEYS, TRIGGERS, &deletion, &dropping, DEFINERS, &grants(), GRANTED].concat()
}

fn postgres_down() -> String {
    let deletion = DELETION.replace("{expired}", &expired("OLD", retention::CLASS));
    [&deletion, ONE_TABLE, INDEXES, TRIGGERS, NO_FUNCTIONS, &retention::grants(), "SELECT ashlar_grant_roles();"]
        .concat()
}

/// What has to be true of a row for it to go.
fn expired(row: &str, class: &str) -> String {
    retention::EXPIRED.replace("{class}", class).replace("OLD.", &format!("{row}."))
}

/// Events of retention stay for good. They have a leaf of their own, or no leaf of their class could ever go.
const FUNCTIONS: &str = "
CREATE FUNCTION event_class(event_name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN event_name = 'audit.retention.applied' THEN 'retention' ELSE {class} END
$$;

-- The first id of a moment.
CREATE FUNCTION event_id_from(moment timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- A leaf, or what holds some. Triggers of rows come with the log, this one does not.
CREATE FUNCTION event_close_leaf(leaf text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    grantee text;
BEGIN
    EXECUTE format('CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON %I
                    FOR EACH STATEMENT EXECUTE FUNCTION event_refuse_change()', leaf);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER event_no_truncate', leaf);
    FOR grantee IN SELECT rolname FROM pg_roles WHERE rolname IN ('ashlar_app', 'ashlar_sealer', 'ashlar_privacy') LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', leaf, grantee);
    END LOOP;
END
$$;

-- The leaf of a class for the month or year of a moment; whether it was made now. Not if something of that time is among the
-- rest already: there it stays. The leaf is made first and then put in its place, for which nobody who writes has to wait.
CREATE FUNCTION event_make_leaf(class text, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    holder text := 'event_' || class;
    span text := CASE WHEN class IN ('security', 'content') THEN 'month' ELSE 'year' END;
    leaf text := holder || to_char(moment, CASE span WHEN 'month' THEN '_YYYY_MM' ELSE '_YYYY' END);
    first uuid := event_id_from(date_trunc(span, moment));
    behind uuid := event_id_from(date_trunc(span, moment) + ('1 ' || span)::interval);
    is_taken boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id >= %L AND id < %L)', holder || '_rest', first, behind)
        INTO is_taken;
    IF is_taken OR to_regclass(quote_ident(leaf)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', leaf);
    PERFORM event_close_leaf(leaf);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', holder, leaf, first, behind);
    RETURN true;
END
$$;
";

/// The log in leaves, with everything that was in it. Triggers come later, so nothing is announced twice, and indexes come
/// later, because many rows are entered faster at once.
const LEAVES: &str = "
ALTER TABLE event RENAME TO event_before;
CREATE TABLE event (LIKE event_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY LIST (event_class(name));
CREATE TABLE event_retention PARTITION OF event FOR VALUES IN ('retention');
SELECT event_close_leaf('event_retention');
DO $$
DECLARE
    class text;
    month timestamptz;
BEGIN
    FOREACH class IN ARRAY ARRAY['security', 'billing', 'content', 'other'] LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF event FOR VALUES IN (%L) PARTITION BY RANGE (id)',
                       'event_' || class, class);
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', 'event_' || class || '_rest', 'event_' || class);
        PERFORM event_close_leaf('event_' || class), event_close_leaf('event_' || class || '_rest');
        PERFORM event_make_leaf(class, now());
    END LOOP;
    -- For what is there. Ids of another kind tell no moment, or one that is none.
    FOR class, month IN
        SELECT DISTINCT event_class(name), date_trunc('month', made) FROM event_before, LATERAL (
            SELECT to_timestamp(('x0000' || translate(left(id::text, 13), '-', ''))::bit(64)::bigint / 1000) AS made
        ) AS moment
        WHERE substr(id::text, 15, 1) = '7' AND made BETWEEN '2020-01-01 00:00Z' AND now()
            AND name <> 'audit.retention.applied'
    LOOP
        PERFORM event_make_leaf(class, month);
    END LOOP;
END
$$;
INSERT INTO event SELECT * FROM event_before ORDER BY position;
-- A column that counts by itself has no place in leaves before PostgreSQL 17. No number is given twice.
CREATE SEQUENCE event_position AS bigint;
SELECT setval('event_position', last_value, is_called) FROM event_position_seq;
DROP TABLE event_before;
ALTER SEQUENCE event_position RENAME TO event_position_seq;
ALTER SEQUENCE event_position_seq OWNED BY event.position;
ALTER TABLE event ALTER COLUMN position SET DEFAULT nextval('event_position_seq');
";

/// As they were.
const INDEXES: &str = "
CREATE INDEX event_tenant_id_occurred_at_idx ON event (tenant_id, occurred_at DESC, id DESC);
CREATE INDEX event_actor_id_idx ON event (tenant_id, actor_id, occurred_at DESC, id DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX event_name_idx ON event (tenant_id, name COLLATE \"C\", occurred_at DESC, id DESC);
CREATE INDEX event_request_id_idx ON event (tenant_id, request_id, occurred_at DESC, id DESC);
CREATE INDEX event_source_ip_idx ON event (tenant_id, (source ->> 'ip'), occurred_at DESC, id DESC)
    WHERE format = 1 AND source ->> 'ip' IS NOT NULL;
CREATE INDEX event_trace_id_idx ON event (tenant_id, substr(traceparent, 4, 32), occurred_at DESC, id DESC)
    WHERE traceparent IS NOT NULL;
CREATE INDEX event_outcome_idx ON event (tenant_id, outcome, occurred_at DESC, id DESC) WHERE outcome <> 'ok';
CREATE INDEX event_targets_idx ON event USING gin (targets jsonb_path_ops);
";

/// A key cannot be of the whole log, whose leaves depend on what is computed; it is of each class.
const KEYS: &str = "
ALTER TABLE event_security ADD CONSTRAINT event_security_pkey PRIMARY KEY (id);
ALTER TABLE event_billing ADD CONSTRAINT event_billing_pkey PRIMARY KEY (id);
ALTER TABLE event_content ADD CONSTRAINT event_content_pkey PRIMARY KEY (id);
ALTER TABLE event_other ADD CONSTRAINT event_other_pkey PRIMARY KEY (id);
ALTER TABLE event_retention ADD CONSTRAINT event_retention_pkey PRIMARY KEY (id);
";

/// As they were.
const TRIGGERS: &str = "
CREATE TRIGGER event_insert_only BEFORE UPDATE ON event
    FOR EACH ROW EXECUTE FUNCTION event_refuse_change();
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION event_refuse_deletion();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION event_refuse_change();
-- ALWAYS: also for a session that plays replica.
ALTER TABLE event ENABLE ALWAYS TRIGGER event_insert_only;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_no_delete;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_no_truncate;
-- Not ALWAYS: where logical replication brings the events, it brings what follows from them as well.
CREATE TRIGGER event_announced AFTER INSERT ON event
    FOR EACH ROW EXECUTE FUNCTION event_announce();
CREATE TRIGGER event_login_kept AFTER INSERT ON event
    FOR EACH ROW WHEN (NEW.name IN ('identity.login.succeeded', 'identity.login.failed',
                                    'identity.login.device_refused', 'identity.mfa.failed'))
    EXECUTE FUNCTION event_keep_login();
";

/// As it was, with the class from where the leaves have it.
const DELETION: &str = "
CREATE OR REPLACE FUNCTION event_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {expired} THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the event log is insert-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
";

/// A leaf goes if the trigger would let go of every row in it. Asked twice: first beside everybody, then with the leaf closed
/// to those who write into it, which is nobody, as its time is over. Only then is its class taken, and given back if that
/// takes long.
const DROPPING: &str = "
-- The leaves whose months or years are over.
CREATE FUNCTION event_ended_leaves() RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT leaf.relname::text FROM pg_partition_tree('event') AS part JOIN pg_class AS leaf ON leaf.oid = part.relid
    WHERE part.isleaf
        AND substring(pg_get_expr(leaf.relpartbound, leaf.oid) FROM $re$TO \\('([0-9a-f-]{36})'\\)$re$)::uuid
            <= event_id_from(now())
    ORDER BY leaf.relname
$$;

-- Drops a leaf, and says how many bodies went with it; nothing if it stays.
CREATE FUNCTION event_drop_leaf(leaf text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    stays text := format($ask$SELECT EXISTS (SELECT FROM %I AS body WHERE NOT {expired})$ask$, leaf);
    does_stay boolean;
    bodies bigint;
BEGIN
    IF leaf NOT IN (SELECT event_ended_leaves()) THEN
        RETURN NULL;
    END IF;
    EXECUTE stays INTO does_stay;
    IF does_stay THEN
        RETURN NULL;
    END IF;
    EXECUTE format('LOCK TABLE %I IN SHARE MODE', leaf);
    EXECUTE stays INTO does_stay;
    IF does_stay THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I', leaf) INTO bodies;
    EXECUTE format('DROP TABLE %I', leaf);
    RETURN bodies;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN RETURN NULL;
END
$$;

-- Makes the leaves of this month and the three after it, of this year and the next, as far as they are not there, and says
-- how many it made. What cannot be made now is made another time.
CREATE FUNCTION event_make_leaves() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    class text;
    moment timestamptz;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ashlar leaves'));
    FOR class, moment IN
        SELECT each, now() + ahead * interval '1 month'
        FROM unnest(ARRAY['security', 'content']) AS each, generate_series(0, 3) AS ahead
        UNION ALL
        SELECT each, now() + ahead * interval '1 year'
        FROM unnest(ARRAY['billing', 'other']) AS each, generate_series(0, 1) AS ahead
    LOOP
        BEGIN
            made := made + event_make_leaf(class, moment)::integer;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected OR check_violation THEN NULL;
        END;
    END LOOP;
    RETURN made;
END
$$;
";

/// The two functions that the program calls run as the owner: what they name is what the owner means, nobody waits for them
/// for long, and not everybody may call them.
const DEFINERS: &str = "
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['event_make_leaves()', 'event_drop_leaf(text)'] LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = %I, pg_temp', name, current_schema());
        EXECUTE format('ALTER FUNCTION %s SET lock_timeout = %L', name, '2s');
        EXECUTE format('ALTER FUNCTION %s SET timezone = %L', name, 'UTC');
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION event_close_leaf(text), event_make_leaf(text, timestamptz), event_make_leaves(),
    event_drop_leaf(text) FROM PUBLIC;
";

/// As before, with what leaves need.
fn grants() -> String {
    let last = "GRANT SELECT, INSERT, DELETE ON audit_expiry_pending TO ashlar_privacy;";
    let more = "GRANT SELECT, INSERT, DELETE ON audit_expiry_pending TO ashlar_privacy;
    -- Everybody goes through the log.
    FOR name IN SELECT relid::regclass::text FROM pg_partition_tree('event') WHERE level > 0 LOOP
        EXECUTE format('REVOKE ALL ON %s FROM ashlar_app, ashlar_sealer, ashlar_privacy', name);
    END LOOP;
    GRANT EXECUTE ON FUNCTION event_make_leaves() TO ashlar_app;
    GRANT EXECUTE ON FUNCTION event_drop_leaf(text) TO ashlar_privacy;";
    retention::grants().replace(last, more)
}

const GRANTED: &str = "SELECT ashlar_grant_roles();";

const ONE_TABLE: &str = "
ALTER TABLE event RENAME TO event_leaves;
CREATE TABLE event (LIKE event_leaves INCLUDING CONSTRAINTS);
INSERT INTO event SELECT * FROM event_leaves ORDER BY position;
CREATE SEQUENCE event_position AS bigint;
SELECT setval('event_position', last_value, is_called) FROM event_position_seq;
DROP TABLE event_leaves;
ALTER TABLE event
    ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY,
    ALTER COLUMN txid SET DEFAULT pg_current_xact_id(),
    ALTER COLUMN recorded_at SET DEFAULT date_trunc('milliseconds', now()),
    ALTER COLUMN format SET DEFAULT 1,
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);
SELECT setval('event_position_seq', last_value, is_called) FROM event_position;
DROP SEQUENCE event_position;
";

const NO_FUNCTIONS: &str = "
DROP FUNCTION event_make_leaves();
DROP FUNCTION event_drop_leaf(text);
DROP FUNCTION event_ended_leaves();
DROP FUNCTION event_make_leaf(text, timestamptz);
DROP FUNCTION event_close_leaf(text);
DROP FUNCTION event_id_from(timestamptz);
DROP FUNCTION event_class(text);
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_the_owner_is_granted_a_leaf() {
        let grants = grants();
        assert!(grants.contains("REVOKE ALL ON %s FROM ashlar_app, ashlar_sealer, ashlar_privacy"));
        assert!(grants.contains("GRANT EXECUTE ON FUNCTION event_drop_leaf(text) TO ashlar_privacy;"));
    }

    #[test]
    fn a_leaf_goes_by_what_a_row_goes_by() {
        let (row, leaf) = (expired("OLD", "class"), expired("body", "class"));
        assert_eq!(leaf.replace("body.", "OLD."), row);
        assert!(!leaf.contains("OLD") && !leaf.contains('%'));
    }
}
