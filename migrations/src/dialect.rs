//! What PostgreSQL and SQLite call the same thing, so that each table is written down once.

use sea_orm_migration::sea_orm::{DbBackend, DbErr};

/// The words in which the two databases differ.
pub(crate) struct Dialect {
    /// Statements before every step. A step that waits for a lock makes everybody behind it wait too: give up soon.
    pub(crate) patience: &'static str,
    /// A UUID. 16 bytes on both, which compare the same way, so that ids sort by age on both.
    pub(crate) uuid: &'static str,
    /// A moment in UTC. SQLite keeps RFC 3339 text, which sorts by time because every value is in UTC.
    pub(crate) moment: &'static str,
    /// The present moment, in whole milliseconds like every other.
    pub(crate) now: &'static str,
    /// A JSON document.
    pub(crate) json: &'static str,
    /// Raw bytes.
    pub(crate) bytes: &'static str,
    /// A whole number of 64 bits.
    pub(crate) bigint: &'static str,
    /// After the closing parenthesis of a table. SQLite checks types only when told to.
    pub(crate) table: &'static str,
    uuid_literal: fn(&str) -> String,
    is_postgres: bool,
}

const POSTGRES: Dialect = Dialect {
    patience: "SET LOCAL lock_timeout = '10s';\n",
    uuid: "uuid",
    moment: "timestamptz",
    now: "date_trunc('milliseconds', now())",
    json: "jsonb",
    bytes: "bytea",
    bigint: "bigint",
    table: "",
    uuid_literal: |hyphenated| format!("'{hyphenated}'"),
    is_postgres: true,
};

const SQLITE: Dialect = Dialect {
    patience: "",
    uuid: "BLOB",
    moment: "TEXT",
    now: "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
    json: "TEXT",
    bytes: "BLOB",
    bigint: "INTEGER",
    table: " STRICT",
    uuid_literal: |hyphenated| format!("X'{}'", hyphenated.replace('-', "")),
    is_postgres: false,
};

impl Dialect {
    pub(crate) fn of(backend: DbBackend) -> Result<&'static Self, DbErr> {
        match backend {
            DbBackend::Postgres => Ok(&POSTGRES),
            DbBackend::Sqlite => Ok(&SQLITE),
            other => Err(DbErr::BackendNotSupported { db: other.as_str(), ctx: "Ashlar's schema" }),
        }
    }

    /// A constant id.
    pub(crate) fn uuid_literal(&self, hyphenated: &str) -> String {
        (self.uuid_literal)(hyphenated)
    }

    /// The words of the database at hand, where they have nothing in common.
    pub(crate) fn either<T>(&self, postgres: T, sqlite: T) -> T {
        if self.is_postgres { postgres } else { sqlite }
    }
}
