//! Who hears that there is work.

use std::time::Duration;

use ashlar_identity::port::IdentityStore;
use ashlar_jobs::{
    NewJob,
    port::{Bell, JobStore, News},
};
use ashlar_kernel::TenantId;
use ashlar_sql::SqlStore;
use sqlx::Executor as _;
use tokio::time::timeout;

use crate::support::{PostgresDatabase, SqliteFile, context, newcomer, noon, store_on};

const PATIENCE: Duration = Duration::from_secs(10);

async fn enqueue(store: &SqlStore) {
    let job = NewJob::new(TenantId::MAIN, "law.note", 1, &0).unwrap();
    store.enqueue(vec![job], noon()).await.unwrap();
}

async fn events_ring_once_they_are_committed(store: &SqlStore) {
    let mut tx = store.begin(&context()).await.unwrap();
    tx.insert_user(newcomer("ada@example.org")).await.unwrap();
    let unheard = timeout(Duration::from_millis(20), store.rung(News::Events, 0)).await;
    assert!(unheard.is_err(), "it rang before the commit");
    tx.commit().await.unwrap();

    let heard = timeout(PATIENCE, store.rung(News::Events, 0)).await.unwrap();

    store.begin(&context()).await.unwrap().commit().await.unwrap();
    let unheard = timeout(Duration::from_millis(20), store.rung(News::Events, heard)).await;
    assert!(unheard.is_err(), "nothing was committed and it rang");
}

#[tokio::test]
async fn events_ring_once_they_are_committed_on_sqlite() {
    let file = SqliteFile::new();
    events_ring_once_they_are_committed(&store_on(file.options()).await).await;
}

#[tokio::test]
async fn events_ring_once_they_are_committed_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    events_ring_once_they_are_committed(&store_on(database.options()).await).await;
}

/// A store that carries rings, and how often it has rung by the time it listens.
async fn listener(database: &PostgresDatabase) -> (SqlStore, u64) {
    let store = store_on(database.options()).await;
    let carrier = store.clone();
    drop(tokio::spawn(async move { carrier.carry_rings().await }));
    // Listening begins with a ring, since something may have been missed.
    let heard = timeout(PATIENCE, store.rung(News::Jobs, 0)).await.unwrap();
    (store, heard)
}

#[tokio::test]
async fn processes_on_one_postgres_hear_each_other() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let ((one, one_heard), (other, other_heard)) = (listener(&database).await, listener(&database).await);

    enqueue(&one).await;
    timeout(PATIENCE, other.rung(News::Jobs, other_heard)).await.expect("the other did not hear");
    let one_heard = timeout(PATIENCE, one.rung(News::Jobs, one_heard)).await.expect("it did not hear itself");

    let echo = timeout(Duration::from_millis(100), one.rung(News::Jobs, one_heard)).await;
    assert!(echo.is_err(), "its own ring came back");
}

#[tokio::test]
async fn who_lost_the_connection_looks_and_listens_again() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, heard) = listener(&database).await;
    let other = store_on(database.options()).await;

    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let ended = database.connection().await.execute(end).await.unwrap();
    assert_eq!(ended.rows_affected(), 1);

    let heard = timeout(PATIENCE, store.rung(News::Jobs, heard)).await.expect("it did not notice");
    let carrier = other.clone();
    drop(tokio::spawn(async move { carrier.carry_rings().await }));
    enqueue(&other).await;
    timeout(PATIENCE, store.rung(News::Jobs, heard)).await.expect("it does not listen any more");
}
