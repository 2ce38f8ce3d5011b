//! PostgreSQL databases that are dropped when their test ends.

use ashlar_sql::SqlOptions;
use sqlx::{Connection, Executor, PgConnection};
use url::Url;
use uuid::Uuid;

use super::sqlite::patient;

/// A database of this test's own.
pub(crate) struct PostgresDatabase {
    server: Url,
    name: String,
}

impl PostgresDatabase {
    /// None, and a line on stderr, where there is no PostgreSQL; with `CI=true` that is a failure.
    pub(crate) async fn create() -> Option<Self> {
        let server = Url::parse(&server_url()?).unwrap();
        let name = format!("ashlar_test_{}", Uuid::from_u128(random()).simple());
        run(&server, &format!("CREATE DATABASE {name}")).await;
        Some(Self { server, name })
    }

    pub(crate) fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.into()
    }

    pub(crate) fn options(&self) -> SqlOptions {
        patient(SqlOptions::parse(&self.url()).unwrap())
    }

    /// Host and port of the server.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.server.host_str().unwrap(), self.server.port().unwrap_or(5432))
    }

    /// The address of the database behind another port of this machine.
    pub(crate) fn url_through(&self, port: u16) -> String {
        let mut url = Url::parse(&self.url()).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        url.into()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A connection that goes past the store.
    pub(crate) async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A destructor cannot wait for a future, a thread of its own can.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        drop(dropped.join());
    }
}

async fn run(server: &Url, sql: &str) {
    let mut connection = PgConnection::connect(server.as_str()).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the contract of the test environment")]
fn server_url() -> Option<String> {
    const VARIABLE: &str = "ASHLAR_TEST_POSTGRES_URL";
    let url = std::env::var(VARIABLE).ok();
    if url.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{VARIABLE} is not set");
        eprintln!("skipped: {VARIABLE} is not set");
    }
    url
}

/// Test processes run side by side on one server.
fn random() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    let half = || u128::from(RandomState::new().hash_one(std::process::id()));
    (half() << 64) | half()
}
