//! The search index of SQLite without the places of fragments in the text: half as large, and half the work for every row
//! that comes. Whoever searches looks into the rows that have all fragments of a word.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000046_lead_search_size", up, down };

fn up(dialect: &Dialect) -> String {
    dialect.either("", &index(", detail = none, columnsize = 0")).to_owned()
}

fn down(dialect: &Dialect) -> String {
    dialect.either("", &index("")).to_owned()
}

/// Made anew from the leads that are there. The triggers are as they were.
fn index(options: &str) -> String {
    format!(
        "
DROP TRIGGER lead_search_removed;
DROP TRIGGER lead_search_changed;
DROP TRIGGER lead_search_added;
DROP TABLE lead_search;

CREATE VIRTUAL TABLE lead_search
    USING fts5 (search_key, content = 'lead', content_rowid = 'number', tokenize = 'trigram'{options});
INSERT INTO lead_search (lead_search) VALUES ('rebuild');

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
"
    )
}
