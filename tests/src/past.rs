//! A database read and written past the product.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

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
