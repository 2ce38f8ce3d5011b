//! On SQLite.

use super::*;
use crate::support::SqliteFile;

async fn log_of_two() -> (SqliteFile, sqlx::SqliteConnection) {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    member(&store, "ada@example.org").await;
    store.close().await;
    let connection = file.connection().await;
    (file, connection)
}

async fn number(connection: &mut sqlx::SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn rewriting_is_refused() {
    let (_file, mut connection) = log_of_two().await;
    let before = content(&mut connection).await;

    for sql in REWRITINGS {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        assert!(refused.contains("the event log is insert-only"), "{sql}: {refused}");
    }
    assert_eq!(content(&mut connection).await, before);
}

#[tokio::test]
async fn replacing_is_refused() {
    let (_file, mut connection) = log_of_two().await;
    let before = content(&mut connection).await;

    for replace in ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"] {
        let sql = format!("{replace} INTO event SELECT * FROM event");
        let refused = connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap_err().to_string();
        assert!(refused.contains("the event log is insert-only"), "{replace}: {refused}");
    }
    let upsert = "INSERT INTO event SELECT * FROM event WHERE true ON CONFLICT DO UPDATE SET outcome = 'denied'";
    let refused = connection.execute(upsert).await.unwrap_err().to_string();
    assert!(refused.contains("the event log is insert-only"), "{refused}");
    assert_eq!(content(&mut connection).await, before);
}

#[tokio::test]
async fn no_event_comes_in_unannounced() {
    let (_file, mut connection) = log_of_two().await;
    let raw = RAW_EVENT.replace("{id}", "randomblob(16)");
    connection.execute(sqlx::AssertSqlSafe(raw)).await.unwrap();

    assert_eq!(number(&mut connection, "SELECT count(*) FROM event").await, 3);
    for unannounced in [
        "SELECT count(*) FROM event e LEFT JOIN event_seal_pending p ON p.event_id = e.id \
         WHERE p.position IS NOT e.position OR p.tenant_id IS NOT e.tenant_id",
        "SELECT count(*) FROM event e LEFT JOIN event_dispatch_pending p ON p.event_id = e.id \
         WHERE p.position IS NOT e.position OR p.tenant_id IS NOT e.tenant_id",
    ] {
        assert_eq!(number(&mut connection, unannounced).await, 0);
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_announced_does_not_come_in() {
    let (_file, mut connection) = log_of_two().await;
    connection.execute("DROP TABLE event_dispatch_pending").await.unwrap();

    let raw = RAW_EVENT.replace("{id}", "randomblob(16)");
    assert!(connection.execute(sqlx::AssertSqlSafe(raw)).await.is_err());
    assert_eq!(number(&mut connection, "SELECT count(*) FROM event").await, 2);
}

async fn content(connection: &mut sqlx::SqliteConnection) -> Vec<(i64, Vec<u8>, String, String)> {
    sqlx::query_as("SELECT position, id, outcome, data FROM event ORDER BY position")
        .fetch_all(connection)
        .await
        .unwrap()
}
