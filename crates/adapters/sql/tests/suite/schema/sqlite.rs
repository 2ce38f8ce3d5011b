//! On SQLite.

use ashlar_sql::ConnectError;
use sqlx::{Executor, Row};

use super::*;
use crate::support::{SqliteFile, store_on};

async fn dump(file: &SqliteFile) -> Vec<String> {
    let sql = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_master \
               WHERE name NOT LIKE 'sqlite_%' ORDER BY 1";
    let rows = file.connection().await.fetch_all(sql).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn each_step_back_undoes_its_step() {
    let file = SqliteFile::new();
    super::each_step_back_undoes_its_step(&file.options(), &OF_POSTGRES, async || dump(&file).await).await;
}

#[tokio::test]
async fn looking_makes_no_file_and_no_table() {
    let file = SqliteFile::new();
    let missing = SchemaConnection::inspect(&file.options()).await.err().unwrap();
    assert!(matches!(missing, ConnectError::Missing { .. }));
    assert!(!file.path().exists());

    SchemaConnection::open(&file.options()).await.unwrap().close().await;
    assert_eq!(status(&file.options()).await, applied(0));
    assert_eq!(dump(&file).await, [""; 0]);
}

#[tokio::test]
async fn looking_does_not_disturb_a_running_server() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;

    assert_eq!(status(&file.options()).await, applied(STEPS.len()));
    store.health().await.unwrap();
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing_of_itself() {
    let file = SqliteFile::new();
    let schema = SchemaConnection::open(&file.options()).await.unwrap();
    file.connection().await.execute("CREATE TABLE membership (in_the_way INTEGER)").await.unwrap();

    assert!(ashlar_migrations::up(schema.connection()).await.is_err());

    assert_eq!(ashlar_migrations::status(schema.connection()).await.unwrap(), applied(1));
    let tables = dump(&file).await;
    assert!(tables.iter().any(|table| table.starts_with("table tenant")));
    assert!(!tables.iter().any(|table| table.starts_with("table user")), "{tables:?}");
    file.connection().await.execute("DROP TABLE membership").await.unwrap();
    assert_eq!(ashlar_migrations::up(schema.connection()).await.unwrap(), STEPS[1..]);
}
