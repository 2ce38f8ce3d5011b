//! Who may do what with the trail, on PostgreSQL: the program adds to the log and rewrites nothing.
//!
//! Roles belong to a whole server of databases, and not everybody may make them. Where the role that migrates may, they
//! are made here; elsewhere an administrator runs `deploy/postgres/roles.sql`. Either way the grants are those of the
//! function below. An installation with one role for everything owns its tables and is not affected.
//!
//! SQLite has no roles; there a few more triggers stand in.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000043_audit_roles", up, down };

fn up(dialect: &Dialect) -> String {
    dialect.either([GRANTS, POSTGRES].concat(), SQLITE.to_owned())
}

/// Later steps replace it, and put it back on their way down.
pub(crate) const GRANTS: &str = "
CREATE OR REPLACE FUNCTION ashlar_grant_roles() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    -- Roles that are not there are made, by whoever may.
    FOREACH name IN ARRAY ARRAY['ashlar_owner', 'ashlar_app', 'ashlar_sealer'] LOOP
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
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ashlar_app, ashlar_sealer', current_schema());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO ashlar_owner', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO ashlar_app', current_schema());
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO ashlar_app', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ashlar_app',
                   current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO ashlar_app',
                   current_schema());
    -- The program adds to the log. Whoever seals takes events off the list of those that wait.
    REVOKE UPDATE, DELETE, TRUNCATE ON event FROM ashlar_app;
    REVOKE UPDATE, DELETE, TRUNCATE ON event_seal_pending FROM ashlar_app;
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE
        ON audit_chain, audit_tree, audit_head, audit_checkpoint, seaql_migrations FROM ashlar_app;
    GRANT SELECT ON event TO ashlar_sealer;
    GRANT SELECT, DELETE ON event_seal_pending TO ashlar_sealer;
    GRANT SELECT, INSERT ON audit_chain, audit_tree TO ashlar_sealer;
    GRANT SELECT, INSERT, UPDATE ON audit_head, audit_checkpoint TO ashlar_sealer;
END
$$;
";

const POSTGRES: &str = "
REVOKE EXECUTE ON FUNCTION ashlar_grant_roles() FROM PUBLIC;
SELECT ashlar_grant_roles();
";

/// What the roles of PostgreSQL keep the program from, a trigger keeps everybody from here: to take the mark of how long a
/// chain is back.
const SQLITE: &str = "
CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head WHEN NEW.size <= OLD.size OR NEW.tenant_id <> OLD.tenant_id
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: a chain only grows');
END;
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: DELETE is refused');
END;
CREATE TRIGGER audit_checkpoint_no_rewrite BEFORE UPDATE OF tenant_id, size, note, created_at ON audit_checkpoint
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: UPDATE is refused');
END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: DELETE is refused');
END;
";

/// The roles stay: other databases of the server may use them.
const POSTGRES_DOWN: &str = "
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT rolname FROM pg_roles WHERE rolname IN ('ashlar_owner', 'ashlar_app', 'ashlar_sealer') LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM %I', current_schema(), name);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON SEQUENCES FROM %I', current_schema(), name);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), name);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', current_schema(), name);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), name);
    END LOOP;
END
$$;
DROP FUNCTION ashlar_grant_roles();
";

fn down(dialect: &Dialect) -> String {
    let sql = dialect.either(
        POSTGRES_DOWN,
        "DROP TRIGGER audit_checkpoint_no_delete; DROP TRIGGER audit_checkpoint_no_rewrite; \
         DROP TRIGGER audit_head_no_delete; DROP TRIGGER audit_head_grows;",
    );
    sql.to_owned()
}
