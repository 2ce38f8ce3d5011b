//! What events are looked up by, besides when they happened.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000042_audit_lookup", up, down };

fn up(dialect: &Dialect) -> String {
    // A name is looked up by its beginning as well: in the order of its bytes, whatever the language of the database.
    let name = dialect.either("name COLLATE \"C\"", "name");
    let newest = "occurred_at DESC, id DESC";
    let targets = dialect.either(POSTGRES_TARGETS, SQLITE_TARGETS);
    format!(
        r"
CREATE INDEX event_actor_id_idx ON event (tenant_id, actor_id, {newest}) WHERE actor_id IS NOT NULL;
CREATE INDEX event_name_idx ON event (tenant_id, {name}, {newest});
CREATE INDEX event_request_id_idx ON event (tenant_id, request_id, {newest});
CREATE INDEX event_source_ip_idx ON event (tenant_id, (source ->> 'ip'), {newest}) WHERE source ->> 'ip' IS NOT NULL;
CREATE INDEX event_trace_id_idx ON event (tenant_id, substr(traceparent, 4, 32), {newest})
    WHERE traceparent IS NOT NULL;
{targets}"
    )
}

const POSTGRES_TARGETS: &str = "CREATE INDEX event_targets_idx ON event USING gin (targets jsonb_path_ops);";

/// SQLite has no index of what stands in a document. This follows from the log and proves nothing.
const SQLITE_TARGETS: &str = "
CREATE TABLE event_target (
    tenant_id BLOB NOT NULL,
    target_id TEXT NOT NULL,
    kind      TEXT NOT NULL,
    event_id  BLOB NOT NULL,
    CONSTRAINT event_target_pkey PRIMARY KEY (tenant_id, target_id, kind, event_id)
) STRICT, WITHOUT ROWID;
INSERT INTO event_target (tenant_id, target_id, kind, event_id)
    SELECT DISTINCT event.tenant_id, target.value ->> 'id', target.value ->> 'type', event.id
    FROM event, json_each(event.targets) AS target;
CREATE TRIGGER event_target_noted AFTER INSERT ON event
BEGIN
    INSERT INTO event_target (tenant_id, target_id, kind, event_id)
        SELECT DISTINCT NEW.tenant_id, target.value ->> 'id', target.value ->> 'type', NEW.id
        FROM json_each(NEW.targets) AS target WHERE true
        ON CONFLICT DO NOTHING;
END;
";

fn down(dialect: &Dialect) -> String {
    let targets =
        dialect.either("DROP INDEX event_targets_idx;", "DROP TRIGGER event_target_noted; DROP TABLE event_target;");
    format!(
        "{targets} DROP INDEX event_trace_id_idx; DROP INDEX event_source_ip_idx; DROP INDEX event_request_id_idx; \
         DROP INDEX event_name_idx; DROP INDEX event_actor_id_idx;"
    )
}
