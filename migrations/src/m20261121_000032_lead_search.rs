//! What leads are searched by: fragments of three characters, kept with the row.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000032_lead_search", up, down };

fn up(dialect: &Dialect) -> String {
    dialect.either(POSTGRES, SQLITE).to_owned()
}

const POSTGRES: &str = "
-- Part of PostgreSQL, and trusted: the owner of the database may add it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX lead_search_key_idx ON lead USING gin (search_key gin_trgm_ops) WHERE deleted_at IS NULL;
";

/// The text is that of the lead: the index has no copy of it, and follows it by triggers, in the same statement. It does not
/// say where in a text a fragment stands, which halves it: whoever searches looks into the rows that have all fragments.
const SQLITE: &str = "
CREATE VIRTUAL TABLE lead_search USING fts5 (search_key, content = 'lead', content_rowid = 'number', tokenize = 'trigram',
    detail = none, columnsize = 0);

CREATE TRIGGER lead_search_added AFTER INSERT ON lead
BEGIN
    INSERT INTO lead_search (rowid, search_key) VALUES (NEW.number, NEW.search_key);
END;

CREATE TRIGGER lead_search_changed AFTER UPDATE OF search_key ON lead WHEN OLD.search_key <> NEW.search_key
BEGIN
    INSERT INTO lead_search (lead_search, rowid, search_key) VALUES ('delete', OLD.number, OLD.search_key);
    INSERT INTO lead_search (rowid, search_key) VALUES (NEW.number, NEW.search_key);
END;

CREATE TRIGGER lead_search_removed AFTER DELETE ON lead
BEGIN
    INSERT INTO lead_search (lead_search, rowid, search_key) VALUES ('delete', OLD.number, OLD.search_key);
END;
";

fn down(dialect: &Dialect) -> String {
    let sql = dialect.either(
        "DROP INDEX lead_search_key_idx; DROP EXTENSION pg_trgm;",
        "DROP TRIGGER lead_search_removed; DROP TRIGGER lead_search_changed; DROP TRIGGER lead_search_added; \
         DROP TABLE lead_search;",
    );
    sql.to_owned()
}
