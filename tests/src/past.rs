//! A database read and written past the product.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::binary::eventually;

/// A database, by its URL.
#[derive(Debug, Clone)]
pub struct Past(String);

impl Past {
    /// That of `sqlite:…` or `postgres://…`.
    pub fn the_product(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.0
    }

    /// Runs statements.
    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql);
        if self.0.starts_with("sqlite:") {
            SqliteConnection::connect(&self.0).await.unwrap().execute(sql).await.unwrap();
        } else {
            PgConnection::connect(&self.0).await.unwrap().execute(sql).await.unwrap();
        }
    }

    /// Waits until nobody else does anything there. A process that was killed is gone, but what it had asked of PostgreSQL
    /// last may be done a moment later.
    pub async fn comes_to_rest(&self) {
        const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                              AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        if !self.0.starts_with("sqlite:") {
            assert!(
                eventually(Duration::from_mins(1), async || self.number(OTHERS).await == 0).await,
                "somebody is still there"
            );
        }
    }

    /// The first column of what a query finds, which has to be text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql);
        if self.0.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.0).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
        } else {
            let mut connection = PgConnection::connect(&self.0).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
        }
    }

    /// The one number a query finds.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql);
        if self.0.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.0).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = PgConnection::connect(&self.0).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        }
    }
}
