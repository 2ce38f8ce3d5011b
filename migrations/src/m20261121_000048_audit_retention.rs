//! Bodies of events that have been kept for long enough: which of them may go, and that no others do.
//!
//! An event of retention says which bodies expire. `audit_expired` says for which links that is, and its trigger that there
//! is such an event. The log lets go of a body only if a run in there means its link, the run means events of its class and
//! age, and the event of retention is sealed and covered by a checkpoint that is elsewhere too. Links are never deleted.
//!
//! What triggers cannot do: stop the owner of the table, or of the file, from dropping them. The signed checkpoints outside
//! the database are for that: each body that is gone has to be accounted for by an event that was sealed.

use crate::{dialect::Dialect, m20261121_000047_audit_pii as roles_before, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000048_audit_retention", up, down };

fn up(dialect: &Dialect) -> String {
    let expired = EXPIRED.replace("{class}", CLASS);
    let guards = dialect.either(POSTGRES_GUARDS, SQLITE_GUARDS).replace("{is_founded}", IS_FOUNDED);
    let guards = guards.replace("{overlaps}", OVERLAPS).replace("{expired}", &expired);
    let grants = dialect.either([grants().as_str(), "SELECT ashlar_grant_roles();"].concat(), String::new());
    format!("{}{guards}{grants}", tables(dialect))
}

fn tables(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bigint, table, .. } = dialect;
    format!(
        r"
-- Links next to each other whose bodies expire. event_id: the event that accounts for it.
CREATE TABLE audit_expired (
    tenant_id       {uuid} NOT NULL,
    from_seq        {bigint} NOT NULL
                    CONSTRAINT audit_expired_from_seq_check CHECK (from_seq >= 1),
    to_seq          {bigint} NOT NULL,
    class           text NOT NULL
                    CONSTRAINT audit_expired_class_check CHECK (class IN ('security', 'billing', 'content', 'other')),
    occurred_before {moment} NOT NULL,
    event_id        {uuid} NOT NULL,
    CONSTRAINT audit_expired_pkey PRIMARY KEY (tenant_id, from_seq),
    CONSTRAINT audit_expired_to_seq_check CHECK (to_seq >= from_seq)
){table};
CREATE INDEX audit_expired_event_id_idx ON audit_expired (event_id);

-- The events of retention whose bodies are still there.
CREATE TABLE audit_expiry_pending (
    event_id  {uuid} NOT NULL
              CONSTRAINT audit_expiry_pending_pkey PRIMARY KEY,
    tenant_id {uuid} NOT NULL
){table};
"
    )
}

/// Whether there is an event that accounts for a new run.
const IS_FOUNDED: &str = "EXISTS (
        SELECT 1 FROM event
        WHERE id = NEW.event_id AND tenant_id = NEW.tenant_id AND name = 'audit.retention.applied'
            AND data ->> 'class' = NEW.class AND occurred_at > NEW.occurred_before
    )";

/// Whether a new run means a link that another means.
const OVERLAPS: &str = "EXISTS (
        SELECT 1 FROM audit_expired AS run
        WHERE run.tenant_id = NEW.tenant_id AND run.to_seq >= NEW.from_seq
            AND run.from_seq = (SELECT max(from_seq) FROM audit_expired
                                WHERE tenant_id = NEW.tenant_id AND from_seq <= NEW.to_seq)
    )";

/// Whether a body may go.
pub(crate) const EXPIRED: &str = "EXISTS (
        SELECT 1 FROM audit_chain AS link
        JOIN audit_expired AS run ON run.tenant_id = link.tenant_id AND run.to_seq >= link.seq
            AND run.from_seq = (SELECT max(from_seq) FROM audit_expired
                                WHERE tenant_id = link.tenant_id AND from_seq <= link.seq)
        JOIN audit_chain AS proof ON proof.event_id = run.event_id AND proof.tenant_id = link.tenant_id
        WHERE link.event_id = OLD.id AND link.tenant_id = OLD.tenant_id
            AND OLD.name <> 'audit.retention.applied' AND OLD.occurred_at < run.occurred_before
            AND run.class = {class}
            AND proof.seq <= (SELECT max(size) FROM audit_checkpoint
                              WHERE tenant_id = link.tenant_id AND published_at IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM event_dispatch_pending WHERE event_id = OLD.id)
    )";

/// The class of an event, as `crates/audit` has it.
pub(crate) const CLASS: &str = "CASE
                WHEN substr(OLD.name, 1, 13) = 'leads.export.' THEN 'security'
                WHEN substr(OLD.name, 1, 20) = 'leads.contract_file.' THEN 'billing'
                WHEN substr(OLD.name, 1, 15) = 'leads.contract.' THEN 'billing'
                WHEN substr(OLD.name, 1, 13) = 'leads.client.' THEN 'billing'
                WHEN substr(OLD.name, 1, 6) = 'leads.' THEN 'content'
                WHEN substr(OLD.name, 1, 5) = 'jobs.' THEN 'security'
                WHEN substr(OLD.name, 1, 9) = 'identity.' THEN 'security'
                WHEN substr(OLD.name, 1, 8) = 'billing.' THEN 'billing'
                WHEN substr(OLD.name, 1, 6) = 'audit.' THEN 'security'
                WHEN substr(OLD.name, 1, 6) = 'admin.' THEN 'security'
                ELSE 'other'
            END";

const POSTGRES_GUARDS: &str = "
CREATE FUNCTION audit_refuse_unfounded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT {is_founded} THEN
        RAISE EXCEPTION 'the audit trail is insert-only: no event says that these expire'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF {overlaps} THEN
        RAISE EXCEPTION 'the audit trail is insert-only: some of these expire already'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_expired_founded BEFORE INSERT ON audit_expired
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_unfounded();
CREATE TRIGGER audit_expired_insert_only BEFORE UPDATE OR DELETE ON audit_expired
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_expired_no_truncate BEFORE TRUNCATE ON audit_expired
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
-- ALWAYS: also for a session that plays replica.
ALTER TABLE audit_expired ENABLE ALWAYS TRIGGER audit_expired_insert_only;
ALTER TABLE audit_expired ENABLE ALWAYS TRIGGER audit_expired_no_truncate;

CREATE FUNCTION event_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {expired} THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the event log is insert-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER event_insert_only ON event;
CREATE TRIGGER event_insert_only BEFORE UPDATE ON event
    FOR EACH ROW EXECUTE FUNCTION event_refuse_change();
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION event_refuse_deletion();
ALTER TABLE event ENABLE ALWAYS TRIGGER event_insert_only;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_no_delete;
";

const SQLITE_GUARDS: &str = "
CREATE TRIGGER audit_expired_founded BEFORE INSERT ON audit_expired
WHEN NOT {is_founded}
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: no event says that these expire');
END;
CREATE TRIGGER audit_expired_apart BEFORE INSERT ON audit_expired
WHEN {overlaps}
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: some of these expire already');
END;
CREATE TRIGGER audit_expired_no_update BEFORE UPDATE ON audit_expired
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: UPDATE is refused');
END;
CREATE TRIGGER audit_expired_no_delete BEFORE DELETE ON audit_expired
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: DELETE is refused');
END;

DROP TRIGGER event_no_delete;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
WHEN NOT {expired}
BEGIN
    SELECT RAISE(ABORT, 'the event log is insert-only: DELETE is refused');
END;
CREATE TRIGGER event_target_forgotten AFTER DELETE ON event
BEGIN
    DELETE FROM event_target
    WHERE tenant_id = OLD.tenant_id AND event_id = OLD.id
        AND target_id IN (SELECT value ->> 'id' FROM json_each(OLD.targets))
        AND kind IN (SELECT value ->> 'type' FROM json_each(OLD.targets));
END;
";

/// As before, with what retention needs: whoever erases deletes bodies as well, as far as the trigger lets them.
pub(crate) fn grants() -> String {
    let own_tables = "ON audit_chain, audit_tree, audit_head, audit_checkpoint, seaql_migrations FROM ashlar_app;";
    let with_expiry = "ON audit_chain, audit_tree, audit_head, audit_checkpoint, audit_expired, audit_expiry_pending, \
                       seaql_migrations FROM ashlar_app;";
    let last = "GRANT SELECT, DELETE ON audit_pii TO ashlar_privacy;";
    let more = "GRANT SELECT, DELETE ON audit_pii TO ashlar_privacy;
    GRANT SELECT, DELETE ON event TO ashlar_privacy;
    GRANT SELECT ON event_dispatch_pending, audit_chain, audit_checkpoint TO ashlar_privacy;
    GRANT SELECT, INSERT ON audit_expired TO ashlar_privacy;
    GRANT SELECT, INSERT, DELETE ON audit_expiry_pending TO ashlar_privacy;";
    roles_before::GRANTS.replace(own_tables, with_expiry).replace(last, more)
}

const POSTGRES_DOWN: &str = "
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ashlar_privacy') THEN
        REVOKE ALL ON event, event_dispatch_pending, audit_chain, audit_checkpoint FROM ashlar_privacy;
    END IF;
END
$$;
DROP TRIGGER event_no_delete ON event;
DROP TRIGGER event_insert_only ON event;
DROP FUNCTION event_refuse_deletion();
CREATE TRIGGER event_insert_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION event_refuse_change();
ALTER TABLE event ENABLE ALWAYS TRIGGER event_insert_only;
DROP TABLE audit_expiry_pending;
DROP TABLE audit_expired;
DROP FUNCTION audit_refuse_unfounded();
";

/// Word by word as it was: SQLite keeps them.
const SQLITE_DOWN: &str = "
DROP TRIGGER event_target_forgotten;
DROP TRIGGER event_no_delete;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'the event log is insert-only: DELETE is refused');
END;
DROP TABLE audit_expiry_pending;
DROP TABLE audit_expired;
";

fn down(dialect: &Dialect) -> String {
    dialect.either([POSTGRES_DOWN, roles_before::GRANTS].concat(), SQLITE_DOWN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_erases_may_delete_what_has_expired() {
        let grants = grants();
        assert!(grants.contains("audit_expired, audit_expiry_pending, seaql_migrations FROM ashlar_app"));
        assert!(grants.contains("GRANT SELECT, DELETE ON event TO ashlar_privacy"));
    }
}
