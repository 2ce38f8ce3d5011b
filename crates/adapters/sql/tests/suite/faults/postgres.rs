//! On PostgreSQL.

use sqlx::Executor;

use super::*;
use crate::support::{PostgresDatabase, Proxy, connect, migrate};

#[tokio::test]
async fn a_stopped_server_is_unavailable_until_it_is_back() {
    let Some(database) = PostgresDatabase::create().await else { return };
    migrate(&database.options()).await;
    let mut proxy = Proxy::to(database.address()).await;
    let mut options = ashlar_sql::SqlOptions::parse(&database.url_through(proxy.port())).unwrap();
    options.acquire_timeout = 2 * SHORT;
    let store = connect(options).await;
    register(&store, "ada@example.org").await.unwrap();
    let mut half_done = store.begin(&context()).await.unwrap();
    half_done.insert_user(newcomer("bob@example.org")).await.unwrap();

    proxy.shut().await;
    assert!(matches!(half_done.commit().await, Err(StoreError::Unavailable(_))));
    assert!(is_unavailable(&register(&store, "carl@example.org").await));
    assert!(matches!(is_known(&store, "ada@example.org").await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.health().await, Err(StoreError::Unavailable(_))));

    proxy.open().await;
    store.health().await.unwrap();
    assert!(is_known(&store, "ada@example.org").await.unwrap());
    assert!(!is_known(&store, "bob@example.org").await.unwrap());
    register(&store, "carl@example.org").await.unwrap();
    assert_eq!(event_count(&store).await, 2);
}

#[tokio::test]
async fn a_session_that_the_administrator_ended_is_unavailable_once() {
    let Some(database) = PostgresDatabase::create().await else { return };
    migrate(&database.options()).await;
    let mut options = database.options();
    options.connections = 1;
    let store = connect(options).await;
    let mut tx = store.begin(&context()).await.unwrap();
    tx.insert_user(newcomer("ada@example.org")).await.unwrap();

    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'ashlar'";
    database.connection().await.execute(end).await.unwrap();

    assert!(matches!(tx.commit().await, Err(StoreError::Unavailable(_))));
    register(&store, "ada@example.org").await.unwrap();
    assert_eq!(event_count(&store).await, 1);
}

#[tokio::test]
async fn a_locked_table_is_contended_until_it_is_let_go() {
    let Some(database) = PostgresDatabase::create().await else { return };
    migrate(&database.options()).await;
    let mut options = database.options();
    options.lock_timeout = SHORT;
    let store = connect(options).await;

    let mut other = database.connection().await;
    other.execute("BEGIN; LOCK TABLE \"user\" IN EXCLUSIVE MODE").await.unwrap();
    let refused = register(&store, "ada@example.org").await;
    assert!(matches!(refused, Err(InsertUserError::Store(StoreError::Contended(_)))), "{refused:?}");

    other.execute("ROLLBACK").await.unwrap();
    register(&store, "ada@example.org").await.unwrap();
    assert_eq!(event_count(&store).await, 1);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_unavailable() {
    let Some(database) = PostgresDatabase::create().await else { return };
    migrate(&database.options()).await;
    let mut options = database.options();
    options.statement_timeout = 2 * SHORT;
    let store = connect(options).await;

    let mut other = database.connection().await;
    other.execute("BEGIN; LOCK TABLE \"user\" IN ACCESS EXCLUSIVE MODE").await.unwrap();
    assert!(is_unavailable(&register(&store, "ada@example.org").await));
    assert!(matches!(is_known(&store, "ada@example.org").await, Err(StoreError::Unavailable(_))));

    other.execute("ROLLBACK").await.unwrap();
    register(&store, "ada@example.org").await.unwrap();
}

#[tokio::test]
async fn a_read_only_server_is_unavailable_to_writers() {
    let Some(database) = PostgresDatabase::create().await else { return };
    migrate(&database.options()).await;
    let set = |value: &str| format!("ALTER DATABASE {} SET default_transaction_read_only = {value}", database.name());
    let mut administrator = database.connection().await;
    administrator.execute(sqlx::AssertSqlSafe(set("on"))).await.unwrap();
    let store = connect(database.options()).await;

    assert!(is_unavailable(&register(&store, "ada@example.org").await));
    assert!(!is_known(&store, "ada@example.org").await.unwrap());

    administrator.execute(sqlx::AssertSqlSafe(set("off"))).await.unwrap();
    let store = connect(database.options()).await;
    register(&store, "ada@example.org").await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_lies_idle_is_ended_by_the_server() {
    let Some(database) = PostgresDatabase::create().await else { return };
    migrate(&database.options()).await;
    let mut options = database.options();
    options.idle_in_transaction_timeout = Duration::from_millis(1);
    let store = connect(options).await;
    let mut tx = store.begin(&context()).await.unwrap();
    let inserted = tx.insert_user(newcomer("ada@example.org")).await;

    let gone = "SELECT count(*) FROM pg_stat_activity \
                WHERE datname = current_database() AND application_name = 'ashlar' AND state LIKE 'idle in%'";
    let mut observer = database.connection().await;
    while sqlx::query_scalar::<_, i64>(gone).fetch_one(&mut observer).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }

    assert!(is_unavailable(&inserted) || matches!(tx.commit().await, Err(StoreError::Unavailable(_))));
    assert!(!is_known(&store, "ada@example.org").await.unwrap());
}
