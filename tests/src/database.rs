//! Databases of each test's own.

use std::path::Path;

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use url::Url;
use uuid::Uuid;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file in the data folder.
    Sqlite,
    /// A database on the server at `ASHLAR_TEST_POSTGRES_URL`.
    Postgres,
}

impl Database {
    /// Whether there is such a database here. If not, a line on stderr says so; with `CI=true` that is a failure.
    pub fn is_here(self) -> bool {
        self == Self::Sqlite || server_url().is_some()
    }

    /// A new one.
    pub(crate) async fn create(self, folder: &Path) -> OwnDatabase {
        match self {
            Self::Sqlite => OwnDatabase::Sqlite(format!("sqlite:{}", folder.join("ashlar.db").display())),
            Self::Postgres => OwnDatabase::Postgres(PostgresDatabase::create().await),
        }
    }
}

/// A database of one test.
pub(crate) enum OwnDatabase {
    Sqlite(String),
    Postgres(PostgresDatabase),
}

impl OwnDatabase {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(url) => url.clone(),
            Self::Postgres(database) => database.url(),
        }
    }

    /// Runs statements past the product.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Sqlite(url) => {
                SqliteConnection::connect(url).await.unwrap().execute(sql).await.unwrap();
            }
            Self::Postgres(database) => {
                PgConnection::connect(&database.url()).await.unwrap().execute(sql).await.unwrap();
            }
        }
    }

    /// Every row of every table as text, for who looks for something that must not be anywhere.
    pub(crate) async fn dump(&self) -> String {
        let past = crate::Past::the_product(&self.url());
        let tables = match self {
            Self::Sqlite(_) => SQLITE_TABLES,
            Self::Postgres(_) => POSTGRES_TABLES,
        };
        let mut rows = Vec::new();
        for question in past.texts(tables).await {
            rows.extend(past.texts(&question).await);
        }
        rows.join("\n")
    }
}

/// One question for each table, which answers with its rows as text.
const SQLITE_TABLES: &str = "SELECT 'SELECT ' || (SELECT group_concat('quote(\"' || name || '\")', \
    ' || char(124) || ') FROM pragma_table_info(sqlite_master.name)) || ' FROM \"' || name || '\"' FROM sqlite_master \
    WHERE type = 'table'";
const POSTGRES_TABLES: &str =
    "SELECT format('SELECT t::text FROM %I t', tablename) FROM pg_tables WHERE schemaname = current_schema()";

/// A PostgreSQL database that is dropped with its test.
pub(crate) struct PostgresDatabase {
    server: Url,
    name: String,
}

impl PostgresDatabase {
    async fn create() -> Self {
        let server = Url::parse(&server_url().expect("a PostgreSQL server")).unwrap();
        let name = format!("ashlar_journey_{}", Uuid::from_u128(random()).simple());
        run(&server, &format!("CREATE DATABASE {name}")).await;
        Self { server, name }
    }

    fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.into()
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
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
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
