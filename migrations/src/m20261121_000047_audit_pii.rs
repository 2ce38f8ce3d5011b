//! What the log is committed to of people: values beside it, which can be deleted.
//!
//! Events get the number of their format. Those of the first stay as they are, addresses and all: they are sealed. A step
//! back is for databases without events of the second format, which the program of before does not know.

use crate::{
    dialect::Dialect, m20261121_000023_login_attempt as logins, m20261121_000029_device_refusal as logins_before,
    m20261121_000043_audit_roles as roles_before, step::Step,
};

pub(crate) const STEP: Step = Step { name: "m20261121_000047_audit_pii", up, down };

fn up(dialect: &Dialect) -> String {
    let guard = dialect.either(POSTGRES_GUARD, SQLITE_GUARD);
    let login = dialect.either(POSTGRES_LOGIN, SQLITE_LOGIN);
    let own = dialect.either([GRANTS, POSTGRES_GRANTED].concat(), SQLITE_ENTRY.to_owned());
    format!("{}{guard}{}{login}{own}", tables(dialect), logins::drop_trigger(dialect))
}

fn tables(dialect: &Dialect) -> String {
    let Dialect { uuid, bytes, table, .. } = dialect;
    format!(
        r"
ALTER TABLE event ADD COLUMN format integer NOT NULL DEFAULT 1
    CONSTRAINT event_format_check CHECK (format >= 1);

-- Addresses stand in events of the first format only.
DROP INDEX event_source_ip_idx;
CREATE INDEX event_source_ip_idx ON event (tenant_id, (source ->> 'ip'), occurred_at DESC, id DESC)
    WHERE format = 1 AND source ->> 'ip' IS NOT NULL;

-- path: where in the event the commitment stands. salt: its key. subject_id: whom the value is about, if anybody knows.
-- No foreign key, like the log: deleting a row here changes nothing there.
CREATE TABLE audit_pii (
    event_id   {uuid} NOT NULL,
    path       text NOT NULL
               CONSTRAINT audit_pii_path_check CHECK (path LIKE '/%'),
    tenant_id  {uuid} NOT NULL,
    subject_id {uuid},
    salt       {bytes} NOT NULL
               CONSTRAINT audit_pii_salt_check CHECK (octet_length(salt) = 32),
    value      text NOT NULL,
    CONSTRAINT audit_pii_pkey PRIMARY KEY (event_id, path)
){table};
CREATE INDEX audit_pii_subject_id_idx ON audit_pii (subject_id, tenant_id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_pii_ip_idx ON audit_pii (tenant_id, value, event_id) WHERE path = '/source/ip';
"
    )
}

/// A value is what the event was committed to, or gone; never another.
const POSTGRES_GUARD: &str = "
CREATE TRIGGER audit_pii_no_update BEFORE UPDATE ON audit_pii
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_pii ENABLE ALWAYS TRIGGER audit_pii_no_update;
";

const SQLITE_GUARD: &str = "
CREATE TRIGGER audit_pii_no_update BEFORE UPDATE ON audit_pii
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: UPDATE is refused');
END;
";

/// As before, with the address and the program from beside the log where they are not in the event.
const POSTGRES_LOGIN: &str = "
CREATE FUNCTION event_keep_login() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO login_attempt (id, tenant_id, user_id, identifier_hmac, ip, user_agent, outcome, reason, created_at)
    VALUES (NEW.id, NEW.tenant_id, (NEW.data ->> 'user')::uuid, NEW.data ->> 'identifier_hmac',
            CASE NEW.format WHEN 1 THEN NEW.source ->> 'ip'
                 ELSE (SELECT value FROM audit_pii WHERE event_id = NEW.id AND path = '/source/ip') END,
            CASE NEW.format WHEN 1 THEN NEW.source ->> 'user_agent'
                 ELSE (SELECT value FROM audit_pii WHERE event_id = NEW.id AND path = '/source/user_agent') END,
            CASE NEW.name WHEN 'identity.login.succeeded' THEN 'succeeded' WHEN 'identity.login.failed' THEN 'failed'
                          WHEN 'identity.login.device_refused' THEN 'device_refused' ELSE 'second_factor_failed' END,
            NEW.data ->> 'reason', NEW.occurred_at);
    RETURN NULL;
END
$$;
-- Not ALWAYS: where logical replication brings the events, it brings the attempts as well.
CREATE TRIGGER event_login_kept AFTER INSERT ON event
    FOR EACH ROW WHEN (NEW.name IN ('identity.login.succeeded', 'identity.login.failed',
                                    'identity.login.device_refused', 'identity.mfa.failed'))
    EXECUTE FUNCTION event_keep_login();
";

const SQLITE_LOGIN: &str = "
CREATE TRIGGER event_login_kept AFTER INSERT ON event
WHEN NEW.name IN ('identity.login.succeeded', 'identity.login.failed', 'identity.login.device_refused',
                  'identity.mfa.failed')
BEGIN
    INSERT INTO login_attempt (id, tenant_id, user_id, identifier_hmac, ip, user_agent, outcome, reason, created_at)
    VALUES (NEW.id, NEW.tenant_id, unhex(NEW.data ->> '$.user', '-'), NEW.data ->> '$.identifier_hmac',
            CASE NEW.format WHEN 1 THEN NEW.source ->> '$.ip'
                 ELSE (SELECT value FROM audit_pii WHERE event_id = NEW.id AND path = '/source/ip') END,
            CASE NEW.format WHEN 1 THEN NEW.source ->> '$.user_agent'
                 ELSE (SELECT value FROM audit_pii WHERE event_id = NEW.id AND path = '/source/user_agent') END,
            CASE NEW.name WHEN 'identity.login.succeeded' THEN 'succeeded' WHEN 'identity.login.failed' THEN 'failed'
                          WHEN 'identity.login.device_refused' THEN 'device_refused' ELSE 'second_factor_failed' END,
            NEW.data ->> 'reason', NEW.occurred_at);
END;
";

/// PostgreSQL writes an event and what stands beside it in one statement. SQLite has no statement that writes two tables,
/// but a view that takes both.
const SQLITE_ENTRY: &str = "
CREATE VIEW event_entry AS
    SELECT id, tenant_id, name, schema_version, occurred_at, actor_type, actor_id, actor_session, targets, outcome, diff,
           data, source, request_id, traceparent, format, NULL AS personal
    FROM event;
CREATE TRIGGER event_entry_kept INSTEAD OF INSERT ON event_entry
BEGIN
    INSERT INTO audit_pii (event_id, path, tenant_id, subject_id, salt, value)
        SELECT NEW.id, held.value ->> '$.path', NEW.tenant_id, unhex(held.value ->> '$.subject_id', '-'),
               unhex(held.value ->> '$.salt'), held.value ->> '$.value'
        FROM json_each(NEW.personal) AS held;
    INSERT INTO event (id, tenant_id, name, schema_version, occurred_at, actor_type, actor_id, actor_session, targets,
                       outcome, diff, data, source, request_id, traceparent, format)
        VALUES (NEW.id, NEW.tenant_id, NEW.name, NEW.schema_version, NEW.occurred_at, NEW.actor_type, NEW.actor_id,
                NEW.actor_session, NEW.targets, NEW.outcome, NEW.diff, NEW.data, NEW.source, NEW.request_id,
                NEW.traceparent, NEW.format);
END;
";

/// As before, with one role more: who erases.
pub(crate) const GRANTS: &str = "
CREATE OR REPLACE FUNCTION ashlar_grant_roles() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    -- Roles that are not there are made, by whoever may.
    FOREACH name IN ARRAY ARRAY['ashlar_owner', 'ashlar_app', 'ashlar_sealer', 'ashlar_privacy'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = name);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION
            -- Another database of the server was faster.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % is not there and cannot be made: see deploy/postgres/roles.sql', name;
                RETURN;
        END;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ashlar_app, ashlar_sealer, ashlar_privacy', current_schema());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO ashlar_owner', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO ashlar_app', current_schema());
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO ashlar_app', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ashlar_app',
                   current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO ashlar_app',
                   current_schema());
    -- The program adds to the log, and to what stands beside it. Whoever seals takes events off the list of those that
    -- wait, and whoever erases deletes beside the log.
    REVOKE UPDATE, DELETE, TRUNCATE ON event, audit_pii FROM ashlar_app;
    REVOKE UPDATE, DELETE, TRUNCATE ON event_seal_pending FROM ashlar_app;
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE
        ON audit_chain, audit_tree, audit_head, audit_checkpoint, seaql_migrations FROM ashlar_app;
    GRANT SELECT ON event TO ashlar_sealer;
    GRANT SELECT, DELETE ON event_seal_pending TO ashlar_sealer;
    GRANT SELECT, INSERT ON audit_chain, audit_tree TO ashlar_sealer;
    GRANT SELECT, INSERT, UPDATE ON audit_head, audit_checkpoint TO ashlar_sealer;
    GRANT SELECT, DELETE ON audit_pii TO ashlar_privacy;
END
$$;
";

const POSTGRES_GRANTED: &str = "SELECT ashlar_grant_roles();";

/// In one line, as it was: SQLite keeps the words of a statement.
const INDEX_BEFORE: &str = "CREATE INDEX event_source_ip_idx ON event (tenant_id, (source ->> 'ip'), occurred_at DESC, id DESC) \
    WHERE source ->> 'ip' IS NOT NULL;";

/// The role stays, as the others do: other databases of the server may use it.
const POSTGRES_DOWN: &str = "
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ashlar_privacy') THEN
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM ashlar_privacy', current_schema());
    END IF;
END
$$;
";

fn down(dialect: &Dialect) -> String {
    let own = dialect.either([POSTGRES_DOWN, roles_before::GRANTS].concat(), "DROP VIEW event_entry;".to_owned());
    format!(
        "{own}{}{}
DROP TABLE audit_pii;
DROP INDEX event_source_ip_idx;
ALTER TABLE event DROP COLUMN format;
{INDEX_BEFORE}
",
        logins::drop_trigger(dialect),
        logins_before::trigger(dialect)
    )
}
