//! Lists of leads by filters that had no index.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000045_lead_filter", up, down };

fn up(dialect: &Dialect) -> String {
    let triggers = dialect.either(POSTGRES, SQLITE);
    let words = dialect.either(
        "unnest(string_to_array(btrim(tags), ' ')) AS word (tag)",
        "json_each('[\"' || replace(trim(tags), ' ', '\",\"') || '\"]') AS word",
    );
    let tag = dialect.either("tag", "value");
    [
        table(dialect),
        INDEXES.to_owned(),
        format!(
            "INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id) \
             SELECT lead.tenant_id, word.{tag}, lead.created_at, lead.id FROM lead, {words} \
             WHERE lead.tags <> '' AND lead.deleted_at IS NULL;\n"
        ),
        triggers.to_owned(),
    ]
    .concat()
}

pub(crate) fn table(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    // Nothing but its key: SQLite keeps such a table as the index alone.
    let table = dialect.either(*table, " STRICT, WITHOUT ROWID");
    let key = dialect.either("text COLLATE \"C\"", "text");
    format!(
        r"
-- The tags of leads that were not put away, one a row, in the order of the lists. Kept up by triggers, in the same statement.
CREATE TABLE lead_tag (
    tenant_id  {uuid} NOT NULL,
    tag        {key} NOT NULL,
    created_at {moment} NOT NULL,
    lead_id    {uuid} NOT NULL
               CONSTRAINT lead_tag_lead_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    CONSTRAINT lead_tag_pkey PRIMARY KEY (tenant_id, tag, created_at, lead_id)
){table};

CREATE INDEX lead_tag_lead_id_idx ON lead_tag (lead_id);
"
    )
}

/// Most leads have an address, so a list of those needs no index of its own: wherever it begins, they are near.
pub(crate) const INDEXES: &str = "
CREATE INDEX lead_no_email_idx ON lead (tenant_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND email_key IS NULL;
CREATE INDEX lead_no_phone_idx ON lead (tenant_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND phone_e164 IS NULL;
CREATE INDEX lead_phone_idx ON lead (tenant_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND phone_e164 IS NOT NULL;
";

pub(crate) const POSTGRES: &str = "
CREATE FUNCTION lead_tag_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM lead_tag WHERE lead_id = NEW.id;
    END IF;
    IF NEW.tags <> '' AND NEW.deleted_at IS NULL THEN
        INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id)
        SELECT NEW.tenant_id, tag, NEW.created_at, NEW.id FROM unnest(string_to_array(btrim(NEW.tags), ' ')) AS word (tag);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lead_tag_added AFTER INSERT ON lead
    FOR EACH ROW WHEN (NEW.tags <> '') EXECUTE FUNCTION lead_tag_keep();
CREATE TRIGGER lead_tag_changed AFTER UPDATE ON lead
    FOR EACH ROW WHEN (OLD.tags <> NEW.tags OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL))
    EXECUTE FUNCTION lead_tag_keep();
";

pub(crate) const SQLITE: &str = "
CREATE TRIGGER lead_tag_added AFTER INSERT ON lead WHEN NEW.tags <> '' AND NEW.deleted_at IS NULL
BEGIN
    INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id)
    SELECT NEW.tenant_id, word.value, NEW.created_at, NEW.id
    FROM json_each('[\"' || replace(trim(NEW.tags), ' ', '\",\"') || '\"]') AS word;
END;
CREATE TRIGGER lead_tag_changed AFTER UPDATE OF tags, deleted_at ON lead
WHEN OLD.tags <> NEW.tags OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
BEGIN
    DELETE FROM lead_tag WHERE lead_id = NEW.id;
    INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id)
    SELECT NEW.tenant_id, word.value, NEW.created_at, NEW.id
    FROM json_each('[\"' || replace(trim(NEW.tags), ' ', '\",\"') || '\"]') AS word
    WHERE NEW.tags <> '' AND NEW.deleted_at IS NULL;
END;
";

fn down(dialect: &Dialect) -> String {
    let function = dialect.either("DROP FUNCTION lead_tag_keep;", "");
    let on = dialect.either(" ON lead", "");
    format!(
        "DROP TRIGGER lead_tag_changed{on}; DROP TRIGGER lead_tag_added{on}; {function} DROP TABLE lead_tag; \
         DROP INDEX lead_phone_idx; DROP INDEX lead_no_phone_idx; DROP INDEX lead_no_email_idx;"
    )
}
