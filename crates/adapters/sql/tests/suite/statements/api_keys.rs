//! What API keys cost.

use ashlar_identity::{
    ApiKeyPosition, ApiKeyQuery,
    api_key::{KeyId, SourceNetwork},
    port::ApiKeyStore,
};
use ashlar_kernel::TenantId;
use ashlar_sql::SqlOptions;
use sqlx::Row;

use super::{Log, watched};
use crate::support::{PostgresDatabase, SqliteFile, context, key_of, member, noon};

/// Every question is one statement, however often the key is used.
async fn every_question_is_one_statement(options: SqlOptions) -> Log {
    let (store, log) = watched(options).await;
    let ada = member(&store, "ada@example.org").await;
    let change = key_of(ada, 1, noon());
    let key = change.state().clone();
    log.take();
    let mut tx = store.begin(&context()).await.unwrap();
    tx.insert_api_key(change).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(log.take().len(), 2, "the row and its event");

    let source = Some(SourceNetwork::of([203, 0, 113, 7].into()));
    assert!(store.api_key(TenantId::MAIN, ada, key.id()).await.unwrap().is_some());
    assert_eq!(log.take().len(), 1, "api_key");
    let after = Some(ApiKeyPosition { created_at: noon(), id: uuid::Uuid::max() });
    store.api_keys(ApiKeyQuery { tenant: TenantId::MAIN, owner: ada, after, rows: 51 }).await.unwrap();
    assert_eq!(log.take().len(), 1, "api_keys");
    store.touch_api_key(key.id(), noon()).await.unwrap();
    assert_eq!(log.take().len(), 1, "touch");
    let key_id = KeyId::parse(key.key_id().as_str()).unwrap();
    assert!(store.presented_api_key(&key_id, source).await.unwrap().is_some());
    log
}

#[tokio::test]
async fn a_presented_key_is_one_indexed_read_on_sqlite() {
    let file = SqliteFile::new();
    let statements = every_question_is_one_statement(file.options()).await.take();
    assert_eq!(statements.len(), 1);

    let sql = format!("EXPLAIN QUERY PLAN {}", statements[0]);
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
    let plan: Vec<String> = rows.into_iter().map(|row| row.get("detail")).collect();
    assert!(plan[0].starts_with("SEARCH api_key USING INDEX sqlite_autoindex_api_key_"), "{plan:?}");
    // The subquery asks whether the tenant is suspended.
    let is_search = |step: &String| step.starts_with("SEARCH") || step.starts_with("CORRELATED SCALAR SUBQUERY");
    assert!(plan.iter().all(is_search), "nothing is scanned: {plan:?}");
}

#[tokio::test]
async fn a_presented_key_is_one_statement_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    assert_eq!(every_question_is_one_statement(database.options()).await.take().len(), 1);
}
