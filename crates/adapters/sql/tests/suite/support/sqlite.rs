//! SQLite files in folders that go away.

use std::path::PathBuf;

use ashlar_sql::SqlOptions;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

/// A place for a database file of this test's own.
pub(crate) struct SqliteFile {
    folder: TempDir,
}

impl SqliteFile {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("ashlar.db")
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    pub(crate) fn options(&self) -> SqlOptions {
        patient(SqlOptions::parse(&self.url()).unwrap())
    }

    /// A connection that goes past the store.
    pub(crate) async fn connection(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url()).await.unwrap()
    }
}

/// On a busy machine twenty runners may well wait longer than a request should.
pub(super) fn patient(mut options: SqlOptions) -> SqlOptions {
    let long = std::time::Duration::from_mins(1);
    options.acquire_timeout = long;
    options.lock_timeout = long;
    options.statement_timeout = long;
    options
}
