//! A database, whichever it is, as SeaORM sees it.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    Value,
};

use crate::postgres::{Postgres, PostgresTransaction};

/// Where statements go that belong to no transaction. Clones share the connections.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(DatabaseConnection),
    Postgres(Postgres),
}

impl Database {
    /// Waits for what is under way and lets nobody in any more.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite(connection) => {
                let closed = connection.close_by_ref().await;
                closed.unwrap_or_else(|error| tracing::warn!(%error, "a database connection did not close"));
            }
        }
    }
}

/// One transaction. Dropped, it is rolled back.
pub(crate) enum Transaction {
    Sqlite(DatabaseTransaction),
    Postgres(PostgresTransaction),
}

impl Transaction {
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// The number of rows as a number in the text, for SQLite, and not behind a placeholder. It plans by that number, and so
/// anew each time one is put in: a statement that is kept would be kept in vain.
fn with_plain_limit(mut statement: Statement) -> Statement {
    const PLACE: &str = " LIMIT ?";
    let limit = match statement.values.as_ref().and_then(|values| values.0.last()) {
        Some(Value::BigUnsigned(Some(limit))) => *limit,
        _ => return statement,
    };
    // Where rows are locked elsewhere, SQLite's text ends with a space.
    if let (Some(start), Some(values)) = (statement.sql.trim_end().strip_suffix(PLACE), &mut statement.values) {
        statement.sql = format!("{start} LIMIT {limit}");
        values.0.pop();
    }
    statement
}

/// Hands every question on to whichever database it is.
macro_rules! hand_on {
    ($name:ident) => {
        #[async_trait]
        impl ConnectionTrait for $name {
            fn get_database_backend(&self) -> DbBackend {
                match self {
                    Self::Sqlite(it) => it.get_database_backend(),
                    Self::Postgres(it) => it.get_database_backend(),
                }
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(it) => it.execute_raw(statement).await,
                    Self::Postgres(it) => it.execute_raw(statement).await,
                }
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(it) => it.execute_unprepared(sql).await,
                    Self::Postgres(it) => it.execute_unprepared(sql).await,
                }
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(it) => it.query_one_raw(with_plain_limit(statement)).await,
                    Self::Postgres(it) => it.query_one_raw(statement).await,
                }
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(it) => it.query_all_raw(with_plain_limit(statement)).await,
                    Self::Postgres(it) => it.query_all_raw(statement).await,
                }
            }
        }
    };
}

hand_on!(Database);
hand_on!(Transaction);

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(sql: &str, values: impl IntoIterator<Item = Value>) -> (String, usize) {
        let limited = with_plain_limit(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values));
        (limited.sql, limited.values.map_or(0, |values| values.0.len()))
    }

    #[test]
    fn a_number_of_rows_stands_in_the_text() {
        for end in ["", " "] {
            let sql = format!("SELECT x FROM y WHERE z = ? LIMIT ?{end}");
            let one = limited(&sql, [7_i32.into(), 1_u64.into()]);
            assert_eq!(one, ("SELECT x FROM y WHERE z = ? LIMIT 1".to_owned(), 1));
        }
    }

    #[test]
    fn what_is_no_number_of_rows_stays_behind_its_placeholder() {
        for (sql, last) in
            [("SELECT x FROM y WHERE z = ?", Value::from(1_u64)), ("SELECT x FROM y LIMIT ?", Value::from("1"))]
        {
            assert_eq!(limited(sql, [last]), (sql.to_owned(), 1));
        }
    }
}
