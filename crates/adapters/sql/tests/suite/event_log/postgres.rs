//! On PostgreSQL.

use super::*;
use crate::support::PostgresDatabase;

async fn log_of_two() -> Option<(PostgresDatabase, sqlx::PgConnection)> {
    let database = PostgresDatabase::create().await?;
    let store = store_on(database.options()).await;
    member(&store, "ada@example.org").await;
    store.close().await;
    let connection = database.connection().await;
    Some((database, connection))
}

async fn content(connection: &mut sqlx::PgConnection) -> Vec<(i64, uuid::Uuid, String, String)> {
    sqlx::query_as("SELECT position, id, outcome, data::text FROM event ORDER BY position")
        .fetch_all(connection)
        .await
        .unwrap()
}

async fn number(connection: &mut sqlx::PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn rewriting_is_refused_also_to_a_replica() {
    let Some((_database, mut connection)) = log_of_two().await else { return };
    let before = content(&mut connection).await;

    for role in ["origin", "replica"] {
        let set = format!("SET session_replication_role = {role}");
        connection.execute(sqlx::AssertSqlSafe(set)).await.unwrap();
        // The position is the database's own and cannot be named in an UPDATE at all.
        let rewritings = REWRITINGS.into_iter().filter(|sql| !sql.contains("position"));
        for sql in rewritings.chain(["TRUNCATE event", "TRUNCATE event CASCADE"]) {
            let refused = connection.execute(sql).await.unwrap_err().to_string();
            assert!(refused.contains("the event log is insert-only"), "{role}: {sql}: {refused}");
        }
    }
    assert_eq!(content(&mut connection).await, before);
}

#[tokio::test]
async fn no_event_comes_in_unannounced() {
    let Some((_database, mut connection)) = log_of_two().await else { return };
    let raw = RAW_EVENT.replace("{id}", "gen_random_uuid()");
    connection.execute(sqlx::AssertSqlSafe(raw)).await.unwrap();

    assert_eq!(number(&mut connection, "SELECT count(*) FROM event").await, 3);
    for unannounced in [
        "SELECT count(*) FROM event e LEFT JOIN event_seal_pending p ON p.event_id = e.id \
         WHERE (p.position, p.tenant_id) IS DISTINCT FROM (e.position, e.tenant_id)",
        "SELECT count(*) FROM event e LEFT JOIN event_dispatch_pending p ON p.event_id = e.id \
         WHERE (p.position, p.tenant_id) IS DISTINCT FROM (e.position, e.tenant_id)",
    ] {
        assert_eq!(number(&mut connection, unannounced).await, 0);
    }
}

#[tokio::test]
async fn an_event_knows_its_transaction() {
    let Some((_database, mut connection)) = log_of_two().await else { return };
    let mut tx = connection.begin().await.unwrap();
    let raw = RAW_EVENT.replace("{id}", "gen_random_uuid()");
    tx.execute(sqlx::AssertSqlSafe(raw)).await.unwrap();

    let mine = "SELECT count(*) FROM event WHERE txid = pg_current_xact_id()";
    assert_eq!(number(&mut tx, mine).await, 1);
    let above = "SELECT count(*) FROM event WHERE txid = pg_current_xact_id() \
                 AND txid >= pg_snapshot_xmin(pg_current_snapshot())";
    assert_eq!(number(&mut tx, above).await, 1, "no event of a running transaction is below the horizon");
}
