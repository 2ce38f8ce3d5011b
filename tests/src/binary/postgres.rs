//! A PostgreSQL database for a server in another process.

use std::path::Path;

use url::Url;

use crate::database::{Database, OwnDatabase};

/// A database of its own, dropped with this value.
pub struct PostgresDatabase(OwnDatabase);

impl PostgresDatabase {
    /// A new database on the server of `ASHLAR_TEST_POSTGRES_URL`; none, visibly, when there is no server.
    pub async fn fresh() -> Option<Self> {
        if !Database::Postgres.is_here() {
            return None;
        }
        Some(Self(Database::Postgres.create(Path::new("")).await))
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The URL of the database by way of another port of this machine.
    pub fn url_through(&self, port: u16) -> String {
        let mut url = self.parsed();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        url.into()
    }

    /// Host and port of the server.
    pub fn address(&self) -> String {
        let url = self.parsed();
        format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432))
    }

    fn parsed(&self) -> Url {
        Url::parse(&self.url()).unwrap()
    }
}
