//! Where the database is, and how patient we are with it.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

use crate::Backend;

/// What a store needs to know to connect. Made from a URL; the figures have defaults.
#[derive(Clone)]
pub struct SqlOptions {
    pub(crate) database: DatabaseAddress,
    /// The most connections to PostgreSQL at a time, or the most readers of SQLite (which has one writer besides).
    pub connections: u32,
    /// How long a request waits for a free connection.
    pub acquire_timeout: Duration,
    /// How long one statement may take. PostgreSQL only.
    pub statement_timeout: Duration,
    /// How long a statement waits for a row, a table, or on SQLite for the file.
    pub lock_timeout: Duration,
    /// How long a transaction may lie idle: one that is forgotten holds back the sealing of the event log. PostgreSQL
    /// only.
    pub idle_in_transaction_timeout: Duration,
    /// Called after every statement but BEGIN, COMMIT and ROLLBACK.
    pub observer: Option<Observer>,
    /// Called for every connection that was waited for, be it no time at all: one of the pool of PostgreSQL, or the
    /// writer of SQLite.
    pub wait_observer: Option<WaitObserver>,
}

/// Is told about every statement, for metrics and for tests that count.
pub type Observer = Arc<dyn Fn(&StatementSeen<'_>) + Send + Sync>;

/// Is told the name of the pool and how long somebody waited for one of its connections.
pub type WaitObserver = Arc<dyn Fn(&'static str, Duration) + Send + Sync>;

/// A statement that was run.
#[derive(Debug, Clone, Copy)]
pub struct StatementSeen<'a> {
    /// Its text, with placeholders: never a value.
    pub sql: &'a str,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether it failed.
    pub failed: bool,
}

#[derive(Clone)]
pub(crate) enum DatabaseAddress {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// Why a text is no database URL. Never repeats it: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// Another scheme.
    #[error("a database URL begins with sqlite: or postgres://")]
    Scheme,
    /// SQLite in memory: each connection would have a database of its own.
    #[error("a database in memory is lost with its connection; name a file")]
    Memory,
    /// `sqlite:` and nothing behind it.
    #[error("the sqlite: URL names no file")]
    NoFile,
    /// Something behind the scheme cannot be read.
    #[error("the database URL cannot be read")]
    Malformed(#[source] sqlx::Error),
}

impl SqlOptions {
    /// Takes `sqlite:path` (relative or absolute) or `postgres://user@host/database`.
    ///
    /// What a PostgreSQL URL leaves out is taken from libpq's environment variables (`PGHOST`, `PGPASSWORD` …).
    pub fn parse(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        let database = match url.split_once(':') {
            Some(("sqlite", rest)) => DatabaseAddress::Sqlite(sqlite_file(url, rest)?),
            Some(("postgres" | "postgresql", _)) => {
                let options = PgConnectOptions::from_str(url).map_err(InvalidDatabaseUrl::Malformed)?;
                DatabaseAddress::Postgres(Box::new(options))
            }
            _ => return Err(InvalidDatabaseUrl::Scheme),
        };
        Ok(Self {
            database,
            connections: 10,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            idle_in_transaction_timeout: Duration::from_mins(1),
            observer: None,
            wait_observer: None,
        })
    }

    /// Which kind of database it is.
    pub const fn backend(&self) -> Backend {
        match self.database {
            DatabaseAddress::Sqlite(_) => Backend::Sqlite,
            DatabaseAddress::Postgres(_) => Backend::Postgres,
        }
    }

    /// The database file, on SQLite.
    pub fn file(&self) -> Option<&Path> {
        match &self.database {
            DatabaseAddress::Sqlite(file) => Some(file),
            DatabaseAddress::Postgres(_) => None,
        }
    }
}

// The address of a PostgreSQL server holds the password.
impl fmt::Debug for SqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlOptions")
            .field("backend", &self.backend())
            .field("file", &self.file())
            .finish_non_exhaustive()
    }
}

fn sqlite_file(url: &str, rest: &str) -> Result<PathBuf, InvalidDatabaseUrl> {
    if rest.contains(":memory:") || rest.contains("mode=memory") {
        return Err(InvalidDatabaseUrl::Memory);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(InvalidDatabaseUrl::Malformed)?;
    let file = options.get_filename();
    let names_one = file.file_name().is_some();
    names_one.then(|| file.to_owned()).ok_or(InvalidDatabaseUrl::NoFile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_url_names_a_file() {
        let file = |url: &str| SqlOptions::parse(url).unwrap().file().unwrap().to_owned();
        assert_eq!(file("sqlite:data/ashlar.db"), Path::new("data/ashlar.db"));
        assert_eq!(file("sqlite://data/ashlar.db"), Path::new("data/ashlar.db"));
        assert_eq!(file("sqlite:///var/ashlar.db"), Path::new("/var/ashlar.db"));
        assert_eq!(file("sqlite:/var/ashlar.db?mode=rwc"), Path::new("/var/ashlar.db"));
    }

    #[test]
    fn what_is_no_database_url_is_refused_without_repeating_it() {
        let refused = |url: &str| SqlOptions::parse(url).unwrap_err();
        assert!(matches!(refused("mysql://root:geheim@localhost/x"), InvalidDatabaseUrl::Scheme));
        assert!(matches!(refused("geheim"), InvalidDatabaseUrl::Scheme));
        assert!(matches!(refused("sqlite::memory:"), InvalidDatabaseUrl::Memory));
        assert!(matches!(refused("sqlite:file:x?mode=memory"), InvalidDatabaseUrl::Memory));
        for empty in ["sqlite:", "sqlite://", "sqlite:///"] {
            assert!(matches!(refused(empty), InvalidDatabaseUrl::NoFile), "{empty}");
        }
        let malformed = refused("postgres://ashlar:geheim@host:port/db");
        assert!(matches!(malformed, InvalidDatabaseUrl::Malformed(_)));
        assert!(!format!("{malformed:?} {malformed}").contains("geheim"));
    }

    #[test]
    fn debug_output_hides_the_password() {
        let options = SqlOptions::parse("postgres://ashlar:geheim@localhost/ashlar").unwrap();
        assert_eq!(options.backend(), Backend::Postgres);
        assert!(!format!("{options:?}").contains("geheim"));
    }
}
