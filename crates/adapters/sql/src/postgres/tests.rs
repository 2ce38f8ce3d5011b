//! What can go wrong with a connection on loan, and that the next one who gets it does not notice.

use std::{sync::Arc, sync::Mutex as StdMutex, time::Duration};

use ashlar_kernel::StoreError;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TryGetable};

use super::{CopiedRow, Postgres};
use crate::{
    SqlOptions,
    database::Database,
    errors::store_error,
    tests::support::{self, PostgresDatabase},
};

/// A pool of one connection, so that the next one who asks gets the same.
async fn pool_of_one() -> Option<(PostgresDatabase, Postgres)> {
    let database = PostgresDatabase::create().await?;
    let mut options = SqlOptions::parse(&database.url()).unwrap();
    options.connections = 1;
    options.acquire_timeout = Duration::from_secs(5);
    let pool = pool(options).await;
    pool.execute_unprepared("CREATE TABLE stone (weight int PRIMARY KEY)").await.unwrap();
    Some((database, pool))
}

async fn pool(options: SqlOptions) -> Postgres {
    match support::connect(options).await.writer() {
        Database::Postgres(pool) => pool.clone(),
        Database::Sqlite(_) => panic!("not PostgreSQL"),
    }
}

async fn value<T: TryGetable>(on: &impl ConnectionTrait, sql: &str) -> Result<T, DbErr> {
    let row = on.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.unwrap().try_get_by_index(0)
}

async fn backend(on: &impl ConnectionTrait) -> i32 {
    value(on, "SELECT pg_backend_pid()").await.unwrap()
}

/// Gives up after a moment, while the server is still at it.
async fn abandon<T>(work: impl Future<Output = T>) {
    assert!(
        tokio::time::timeout(Duration::from_millis(100), work).await.is_err(),
        "it was done before it was abandoned"
    );
}

#[tokio::test]
async fn a_connection_that_is_given_back_in_good_order_is_asked_nothing() {
    let Some((database, pool)) = pool_of_one().await else { return };
    let pid = backend(&pool).await;
    let witness = self::pool(SqlOptions::parse(&database.url()).unwrap()).await;
    let last = format!("SELECT query FROM pg_stat_activity WHERE pid = {pid}");

    for _ in 0..5 {
        assert_eq!(value::<i32>(&pool, "SELECT 41 + 1").await.unwrap(), 42);
        tokio::task::yield_now().await;
        assert_eq!(value::<String>(&witness, &last).await.unwrap(), "SELECT 41 + 1");
    }
    assert_eq!(backend(&pool).await, pid, "the connection was kept");
}

#[tokio::test]
async fn an_abandoned_statement_is_waited_for_before_the_next_has_its_connection() {
    let Some((_database, pool)) = pool_of_one().await else { return };
    let pid = backend(&pool).await;

    for number in 0..5 {
        abandon(value::<String>(&pool, "SELECT pg_sleep(0.3)::text")).await;
        assert_eq!(value::<i32>(&pool, &format!("SELECT {number}")).await.unwrap(), number, "an answer of its own");
    }
    assert_eq!(backend(&pool).await, pid, "the connection was kept");
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_and_lets_go_of_its_locks() {
    let Some((_database, pool)) = pool_of_one().await else { return };

    for _ in 0..20 {
        let tx = pool.begin().await.unwrap();
        tx.execute_unprepared("INSERT INTO stone VALUES (1)").await.unwrap();
        drop(tx);
        assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM stone").await.unwrap(), 0);
    }
    let tx = pool.begin().await.unwrap();
    tx.execute_unprepared("INSERT INTO stone VALUES (2)").await.unwrap();
    abandon(value::<String>(&tx, "SELECT pg_sleep(0.3)::text")).await;
    drop(tx);
    assert_eq!(
        value::<i64>(&pool, "SELECT count(*) FROM stone").await.unwrap(),
        0,
        "also in the middle of a statement"
    );

    let tx = pool.begin().await.unwrap();
    tx.execute_unprepared("INSERT INTO stone VALUES (3)").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM stone").await.unwrap(), 1, "what is committed stays");
}

#[tokio::test]
async fn a_begin_that_is_given_up_leaves_no_transaction_behind() {
    let Some((database, pool)) = pool_of_one().await else { return };
    let witness = self::pool(SqlOptions::parse(&database.url()).unwrap()).await;

    for number in 1..=20_i64 {
        // Sent, perhaps, but not answered.
        drop(tokio::time::timeout(Duration::ZERO, pool.begin()).await);
        pool.execute_unprepared(&format!("INSERT INTO stone VALUES ({number})")).await.unwrap();
        let count = value::<i64>(&witness, "SELECT count(*) FROM stone").await.unwrap();
        assert_eq!(count, number, "the next statement ran within a transaction");
    }
}

#[tokio::test]
async fn a_connection_whose_server_process_is_gone_is_replaced() {
    let Some((database, pool)) = pool_of_one().await else { return };
    let other = self::pool(SqlOptions::parse(&database.url()).unwrap()).await;
    let pid = backend(&pool).await;

    let dying = value::<String>(&pool, "SELECT pg_sleep(5)::text");
    let kill = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        value::<bool>(&other, &format!("SELECT pg_terminate_backend({pid})")).await
    };
    let (answer, struck) = tokio::join!(dying, kill);
    assert!(struck.unwrap());
    assert!(matches!(store_error(answer.unwrap_err()), StoreError::Unavailable(_)));
    assert_ne!(backend(&pool).await, pid);
}

#[tokio::test]
async fn a_statement_that_fails_costs_no_connection() {
    let Some((_database, pool)) = pool_of_one().await else { return };
    let pid = backend(&pool).await;

    for _ in 0..5 {
        value::<i32>(&pool, "SELECT 1 / 0").await.unwrap_err();
        assert_eq!(backend(&pool).await, pid);
    }
}

#[tokio::test]
async fn who_waits_too_long_is_turned_away_and_the_wait_is_told() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let waits = Arc::new(StdMutex::new(Vec::new()));
    let mut options = SqlOptions::parse(&database.url()).unwrap();
    options.connections = 1;
    options.acquire_timeout = Duration::from_millis(200);
    let told = Arc::clone(&waits);
    options.wait_observer = Some(Arc::new(move |pool, waited| told.lock().unwrap().push((pool, waited))));
    let pool = pool(options).await;

    let held = pool.begin().await.unwrap();
    let refused = pool.begin().await.map(drop).unwrap_err();
    assert!(matches!(store_error(refused), StoreError::Unavailable(_)));
    let release = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        held.commit().await.unwrap();
    };
    let (begun, ()) = tokio::join!(pool.begin(), release);
    begun.unwrap().commit().await.unwrap();

    let waits = waits.lock().unwrap().clone();
    assert!(waits.iter().all(|(pool, _)| *pool == "shared"));
    let longest = waits.iter().map(|(_, waited)| *waited).max().unwrap();
    assert!(longest >= Duration::from_millis(50), "{waits:?}");
}

#[tokio::test]
async fn closing_waits_for_who_is_in_and_turns_away_who_comes() {
    let Some((_database, pool)) = pool_of_one().await else { return };
    let tx = pool.begin().await.unwrap();

    let close = pool.close();
    let finish = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        tx.execute_unprepared("INSERT INTO stone VALUES (1)").await.unwrap();
        tx.commit().await.unwrap();
    };
    tokio::join!(close, finish);
    assert_eq!(pool.figures().in_use, 0);
    let refused = value::<i32>(&pool, "SELECT 1").await.unwrap_err();
    assert!(matches!(store_error(refused), StoreError::Unavailable(_)));
}

#[tokio::test]
async fn rows_that_nobody_waits_for_any_more_go_to_nobody_else() {
    let Some((_database, pool)) = pool_of_one().await else { return };
    let tx = pool.begin().await.unwrap();
    let mut seen = 0_u32;
    let mut on_row = |mut row: CopiedRow<'_>| {
        seen += 1;
        assert_eq!(row.field()?, Some([0, 0, 0, 7].as_slice()));
        assert_eq!(row.field()?, None);
        Ok(())
    };
    let endless = "COPY (WITH RECURSIVE more AS (SELECT 7 AS n UNION ALL SELECT n FROM more) SELECT n, NULL::text FROM more) \
                   TO STDOUT (FORMAT binary)";
    abandon(tx.copy_out(endless, &mut on_row)).await;
    drop(tx);

    assert_eq!(value::<i32>(&pool, "SELECT 41 + 1").await.unwrap(), 42);
    assert!(seen > 0, "nothing came before it was abandoned");
}

#[tokio::test]
async fn a_copy_that_fails_half_way_fails() {
    let Some((_database, pool)) = pool_of_one().await else { return };
    let tx = pool.begin().await.unwrap();
    let failing = "COPY (SELECT 1 / (500 - n) FROM generate_series(1, 1000) n) TO STDOUT (FORMAT binary)";
    assert!(tx.copy_out(failing, &mut |_row| Ok(())).await.is_err(), "half of the rows are no rows");
    drop(tx);

    let tx = pool.begin().await.unwrap();
    let mut rows = 0;
    let empty = "COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT binary)";
    tx.copy_out(empty, &mut |_row| {
        rows += 1;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(rows, 0);
}
