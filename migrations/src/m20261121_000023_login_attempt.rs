//! Attempts to sign in, so that people and administrators find them again.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000023_login_attempt", up, down };

fn up(dialect: &Dialect) -> String {
    tables(dialect) + trigger(dialect)
}

/// What writes an attempt when its event is written.
pub(crate) fn trigger(dialect: &Dialect) -> &'static str {
    dialect.either(POSTGRES_TRIGGER, SQLITE_TRIGGER)
}

/// Takes it away.
pub(crate) fn drop_trigger(dialect: &Dialect) -> &'static str {
    dialect.either(
        "DROP TRIGGER event_login_kept ON event; DROP FUNCTION event_keep_login();",
        "DROP TRIGGER event_login_kept;",
    )
}

fn tables(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r"
-- Each follows from an event of the log and has its id; deleting it deletes nothing that is not there as well. No foreign
-- keys, like the log. identifier_hmac: a pseudonym; what was typed is nowhere.
CREATE TABLE login_attempt (
    id              {uuid} NOT NULL
                    CONSTRAINT login_attempt_pkey PRIMARY KEY,
    tenant_id       {uuid} NOT NULL,
    user_id         {uuid},
    identifier_hmac text,
    ip              text,
    user_agent      text,
    outcome         text NOT NULL,
    reason          text,
    created_at      {moment} NOT NULL
){table};

CREATE INDEX login_attempt_user_idx ON login_attempt (user_id, created_at DESC, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX login_attempt_tenant_idx ON login_attempt (tenant_id, created_at DESC, id DESC);
CREATE INDEX login_attempt_created_at_idx ON login_attempt (created_at);
"
    )
}

/// In the statement that writes the event: an attempt costs no statement more.
const POSTGRES_TRIGGER: &str = "
CREATE FUNCTION event_keep_login() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO login_attempt (id, tenant_id, user_id, identifier_hmac, ip, user_agent, outcome, reason, created_at)
    VALUES (NEW.id, NEW.tenant_id, (NEW.data ->> 'user')::uuid, NEW.data ->> 'identifier_hmac', NEW.source ->> 'ip',
            NEW.source ->> 'user_agent',
            CASE NEW.name WHEN 'identity.login.succeeded' THEN 'succeeded' WHEN 'identity.login.failed' THEN 'failed'
                          ELSE 'second_factor_failed' END,
            NEW.data ->> 'reason', NEW.occurred_at);
    RETURN NULL;
END
$$;
-- Not ALWAYS: where logical replication brings the events, it brings the attempts as well.
CREATE TRIGGER event_login_kept AFTER INSERT ON event
    FOR EACH ROW WHEN (NEW.name IN ('identity.login.succeeded', 'identity.login.failed', 'identity.mfa.failed'))
    EXECUTE FUNCTION event_keep_login();
";

const SQLITE_TRIGGER: &str = "
CREATE TRIGGER event_login_kept AFTER INSERT ON event
WHEN NEW.name IN ('identity.login.succeeded', 'identity.login.failed', 'identity.mfa.failed')
BEGIN
    INSERT INTO login_attempt (id, tenant_id, user_id, identifier_hmac, ip, user_agent, outcome, reason, created_at)
    VALUES (NEW.id, NEW.tenant_id, unhex(NEW.data ->> '$.user', '-'), NEW.data ->> '$.identifier_hmac',
            NEW.source ->> '$.ip', NEW.source ->> '$.user_agent',
            CASE NEW.name WHEN 'identity.login.succeeded' THEN 'succeeded' WHEN 'identity.login.failed' THEN 'failed'
                          ELSE 'second_factor_failed' END,
            NEW.data ->> '$.reason', NEW.occurred_at);
END;
";

fn down(dialect: &Dialect) -> String {
    format!("{} DROP TABLE login_attempt;", drop_trigger(dialect))
}
