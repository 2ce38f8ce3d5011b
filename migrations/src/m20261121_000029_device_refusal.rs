//! Sign-ins that ended at the number of devices are attempts too; and the devices of a person are found in every tenant.

use crate::{dialect::Dialect, m20261121_000023_login_attempt as before, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000029_device_refusal", up, down };

fn up(dialect: &Dialect) -> String {
    format!("{INDEX}{}{}", before::drop_trigger(dialect), trigger(dialect))
}

/// What writes an attempt when its event is written.
pub(crate) fn trigger(dialect: &Dialect) -> &'static str {
    dialect.either(POSTGRES_TRIGGER, SQLITE_TRIGGER)
}

const INDEX: &str = "CREATE INDEX device_user_idx ON device (user_id);";

/// As before, with one kind of event more.
const POSTGRES_TRIGGER: &str = "
CREATE FUNCTION event_keep_login() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO login_attempt (id, tenant_id, user_id, identifier_hmac, ip, user_agent, outcome, reason, created_at)
    VALUES (NEW.id, NEW.tenant_id, (NEW.data ->> 'user')::uuid, NEW.data ->> 'identifier_hmac', NEW.source ->> 'ip',
            NEW.source ->> 'user_agent',
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

const SQLITE_TRIGGER: &str = "
CREATE TRIGGER event_login_kept AFTER INSERT ON event
WHEN NEW.name IN ('identity.login.succeeded', 'identity.login.failed', 'identity.login.device_refused',
                  'identity.mfa.failed')
BEGIN
    INSERT INTO login_attempt (id, tenant_id, user_id, identifier_hmac, ip, user_agent, outcome, reason, created_at)
    VALUES (NEW.id, NEW.tenant_id, unhex(NEW.data ->> '$.user', '-'), NEW.data ->> '$.identifier_hmac',
            NEW.source ->> '$.ip', NEW.source ->> '$.user_agent',
            CASE NEW.name WHEN 'identity.login.succeeded' THEN 'succeeded' WHEN 'identity.login.failed' THEN 'failed'
                          WHEN 'identity.login.device_refused' THEN 'device_refused' ELSE 'second_factor_failed' END,
            NEW.data ->> '$.reason', NEW.occurred_at);
END;
";

/// The program of before knows no such outcome; the events stay.
fn down(dialect: &Dialect) -> String {
    format!(
        "DROP INDEX device_user_idx; DELETE FROM login_attempt WHERE outcome = 'device_refused'; {}{}",
        before::drop_trigger(dialect),
        before::trigger(dialect)
    )
}
