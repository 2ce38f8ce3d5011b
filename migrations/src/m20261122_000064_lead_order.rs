//! What is written with a lead costs less: indexes that grow at their end, and no index that only its own table asks.
//!
//! Lists run from the newest to the oldest, and a database reads an index backwards as fast as forwards. Kept in falling
//! order, though, each new lead goes to the front, where pages split in the middle; in rising order it goes to the end, where
//! they fill up.

use crate::{
    dialect::Dialect, m20261121_000030_lead, m20261121_000031_lead_note, m20261121_000045_lead_filter, step::Step,
};

pub(crate) const STEP: Step = Step { name: "m20261122_000064_lead_order", up, down };

fn up(dialect: &Dialect) -> String {
    [
        without_lists(),
        LISTS.map(rising).concat(),
        dialect.either(MOVES_ON_POSTGRES.to_owned(), anew(&moves_on_sqlite(dialect), "lead_status_change", MOVE)),
        without_triggers(dialect, &["added", "changed"], &["keep"]),
        dialect.either(TAGS_ON_POSTGRES.to_owned(), anew(&tags_on_sqlite(dialect), "lead_tag", TAG)),
        dialect.either("", ADDED_ON_SQLITE).to_owned(),
        dialect.either(POSTGRES, SQLITE).to_owned(),
        merges(dialect, 8),
    ]
    .concat()
}

fn down(dialect: &Dialect) -> String {
    [
        without_lists(),
        "DROP INDEX lead_name_key_idx;\n".to_owned(),
        m20261121_000030_lead::LISTS.to_owned(),
        m20261121_000045_lead_filter::INDEXES.to_owned(),
        dialect.either(
            MOVES_BACK.to_owned(),
            anew(&m20261121_000031_lead_note::moves(dialect), "lead_status_change", MOVE),
        ),
        without_triggers(dialect, &["added", "changed", "removed"], &["keep", "add"]),
        dialect.either(TAGS_BACK.to_owned(), anew(&m20261121_000045_lead_filter::table(dialect), "lead_tag", TAG)),
        dialect.either(m20261121_000045_lead_filter::POSTGRES, m20261121_000045_lead_filter::SQLITE).to_owned(),
        merges(dialect, 4),
    ]
    .concat()
}

/// The indexes of the lists: the name, the columns between tenant and id, and of which leads it is.
const LISTS: [(&str, &str, &str); 10] = [
    ("created_at", "created_at", ""),
    ("updated_at", "updated_at", ""),
    ("score", "score", ""),
    ("status", "status, created_at", ""),
    ("source", "source, created_at", ""),
    ("category", "category, created_at", ""),
    ("owner_id", "owner_id, created_at", ""),
    ("no_email", "created_at", " AND email_key IS NULL"),
    ("no_phone", "created_at", " AND phone_e164 IS NULL"),
    ("phone", "created_at", " AND phone_e164 IS NOT NULL"),
];

fn rising((name, columns, of): (&str, &str, &str)) -> String {
    format!("CREATE INDEX lead_{name}_idx ON lead (tenant_id, {columns}, id) WHERE deleted_at IS NULL{of};\n")
}

fn without_lists() -> String {
    LISTS.map(|(name, _, _)| format!("DROP INDEX lead_{name}_idx;\n")).concat()
}

/// A table of SQLite with another key: it is made anew, and what was in it is carried over. `table` may make indexes too, which
/// go by the names of those before.
fn anew(table: &str, name: &str, columns: &str) -> String {
    format!(
        r"
DROP INDEX IF EXISTS {name}_lead_id_idx;
ALTER TABLE {name} RENAME TO {name}_before;
{table}
INSERT INTO {name} ({columns}) SELECT {columns} FROM {name}_before;
DROP TABLE {name}_before;
"
    )
}

const MOVE: &str = "id, tenant_id, lead_id, from_status, to_status, reason, actor_id, created_at";
const TAG: &str = "tenant_id, tag, created_at, lead_id";

/// Moves are read lead by lead, so that is their key: no other index, and on SQLite no table beside it.
fn moves_on_sqlite(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, .. } = dialect;
    format!(
        r"
-- from_status: none when the lead came.
CREATE TABLE lead_status_change (
    id          {uuid} NOT NULL,
    tenant_id   {uuid} NOT NULL
                CONSTRAINT lead_status_change_tenant_id_fkey REFERENCES tenant (id),
    lead_id     {uuid} NOT NULL
                CONSTRAINT lead_status_change_lead_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    from_status text,
    to_status   text NOT NULL,
    reason      text,
    actor_id    {uuid},
    created_at  {moment} NOT NULL,
    CONSTRAINT lead_status_change_pkey PRIMARY KEY (lead_id, created_at, id)
) STRICT, WITHOUT ROWID;
"
    )
}

const MOVES_ON_POSTGRES: &str = "
ALTER TABLE lead_status_change DROP CONSTRAINT lead_status_change_pkey;
DROP INDEX lead_status_change_lead_id_idx;
ALTER TABLE lead_status_change ADD CONSTRAINT lead_status_change_pkey PRIMARY KEY (lead_id, created_at, id);
";

const MOVES_BACK: &str = "
ALTER TABLE lead_status_change DROP CONSTRAINT lead_status_change_pkey;
ALTER TABLE lead_status_change ADD CONSTRAINT lead_status_change_pkey PRIMARY KEY (id);
CREATE INDEX lead_status_change_lead_id_idx ON lead_status_change (lead_id, created_at DESC, id DESC);
";

/// A lead knows the whole key of its tags, so they are found by that, and go with it by a trigger: a foreign key would look
/// for the lead with each of them.
fn tags_on_sqlite(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, .. } = dialect;
    format!(
        r"
-- The tags of leads that were not put away, one a row, in the order of the lists. Kept up by triggers, in the same statement.
CREATE TABLE lead_tag (
    tenant_id  {uuid} NOT NULL,
    tag        text NOT NULL,
    created_at {moment} NOT NULL,
    lead_id    {uuid} NOT NULL,
    CONSTRAINT lead_tag_pkey PRIMARY KEY (tenant_id, tag, created_at, lead_id)
) STRICT, WITHOUT ROWID;
"
    )
}

const TAGS_ON_POSTGRES: &str = "
ALTER TABLE lead_tag DROP CONSTRAINT lead_tag_lead_id_fkey;
DROP INDEX lead_tag_lead_id_idx;
";

const TAGS_BACK: &str = "
ALTER TABLE lead_tag
    ADD CONSTRAINT lead_tag_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES lead (id) ON DELETE CASCADE;
CREATE INDEX lead_tag_lead_id_idx ON lead_tag (lead_id);
";

fn without_triggers(dialect: &Dialect, names: &[&str], functions: &[&str]) -> String {
    let on = dialect.either(" ON lead", "");
    let triggers = names.iter().map(|name| format!("DROP TRIGGER lead_tag_{name}{on};\n"));
    let functions = functions.iter().map(|name| format!("DROP FUNCTION lead_tag_{name};\n"));
    triggers.chain(functions.filter(|_| !on.is_empty())).collect()
}

pub(crate) const ADDED_ON_SQLITE: &str = "
CREATE TRIGGER lead_tag_added AFTER INSERT ON lead WHEN NEW.tags <> '' AND NEW.deleted_at IS NULL
BEGIN
    INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id)
    SELECT NEW.tenant_id, word.value, NEW.created_at, NEW.id
    FROM json_each('[\"' || replace(trim(NEW.tags), ' ', '\",\"') || '\"]') AS word;
END;
";

const SQLITE: &str = "
CREATE TRIGGER lead_tag_changed AFTER UPDATE OF tags, deleted_at ON lead
WHEN OLD.tags <> NEW.tags OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
BEGIN
    DELETE FROM lead_tag WHERE tenant_id = OLD.tenant_id AND created_at = OLD.created_at AND lead_id = OLD.id
        AND tag IN (SELECT value FROM json_each('[\"' || replace(trim(OLD.tags), ' ', '\",\"') || '\"]'));
    INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id)
    SELECT NEW.tenant_id, word.value, NEW.created_at, NEW.id
    FROM json_each('[\"' || replace(trim(NEW.tags), ' ', '\",\"') || '\"]') AS word
    WHERE NEW.tags <> '' AND NEW.deleted_at IS NULL;
END;
CREATE TRIGGER lead_tag_removed AFTER DELETE ON lead WHEN OLD.tags <> ''
BEGIN
    DELETE FROM lead_tag WHERE tenant_id = OLD.tenant_id AND created_at = OLD.created_at AND lead_id = OLD.id
        AND tag IN (SELECT value FROM json_each('[\"' || replace(trim(OLD.tags), ' ', '\",\"') || '\"]'));
END;
";

/// Newcomers by the statement: to call a function for each row costs more than the row.
const POSTGRES: &str = "
CREATE FUNCTION lead_tag_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id)
    SELECT added.tenant_id, tag, added.created_at, added.id
    FROM added, unnest(string_to_array(btrim(added.tags), ' ')) AS word (tag)
    WHERE added.tags <> '' AND added.deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION lead_tag_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM lead_tag WHERE tenant_id = OLD.tenant_id AND created_at = OLD.created_at AND lead_id = OLD.id
        AND tag = ANY (string_to_array(btrim(OLD.tags), ' '));
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id)
        SELECT NEW.tenant_id, tag, NEW.created_at, NEW.id FROM unnest(string_to_array(btrim(NEW.tags), ' ')) AS word (tag)
        WHERE NEW.tags <> '' AND NEW.deleted_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lead_tag_added AFTER INSERT ON lead
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION lead_tag_add();
CREATE TRIGGER lead_tag_changed AFTER UPDATE ON lead
    FOR EACH ROW WHEN (OLD.tags <> NEW.tags OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL))
    EXECUTE FUNCTION lead_tag_keep();
CREATE TRIGGER lead_tag_removed AFTER DELETE ON lead
    FOR EACH ROW WHEN (OLD.tags <> '') EXECUTE FUNCTION lead_tag_keep();
";

/// How many runs the search index of SQLite gathers before it makes one of them.
fn merges(dialect: &Dialect, runs: u8) -> String {
    dialect
        .either(String::new(), format!("INSERT INTO lead_search (lead_search, rank) VALUES ('automerge', {runs});\n"))
}
