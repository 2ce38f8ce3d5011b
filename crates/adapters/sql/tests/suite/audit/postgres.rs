//! On PostgreSQL.

use std::{sync::Arc, time::Duration};

use ashlar_audit::{
    Sealer,
    contract::Fixture,
    port::{SealStore, TrailStore},
};
use ashlar_kernel::TenantId;
use ashlar_sql::SqlStore;
use sqlx::{Executor, Row};

use super::{REWRITINGS, emit, fixture_of};
use crate::{
    statements::watched,
    support::{PostgresDatabase, noon, store_on},
};

async fn fixture() -> Option<Fixture> {
    let database = PostgresDatabase::create().await?;
    Some(fixture_of(store_on(database.options()).await, database))
}

ashlar_audit::audit_store_contract!(fixture);

/// Seals until so many events are sealed. Transactions of other databases of the server hold the sealer up as well.
async fn seal(store: &SqlStore, events: u32) {
    let sealer = Sealer::new(Arc::new(store.clone()));
    let mut done = 0;
    for _look in 0..1_000 {
        done += sealer.step(noon()).await.unwrap();
        if done >= events {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(done, events);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_cannot_be_rewritten() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let store = store_on(database.options()).await;
    for _event in 0..4 {
        emit(&store, TenantId::MAIN).await;
    }
    seal(&store, 4).await;
    let mut connection = database.connection().await;
    connection.execute("SET session_replication_role = replica").await.unwrap();
    for sql in REWRITINGS.into_iter().chain(["TRUNCATE audit_chain", "TRUNCATE audit_tree CASCADE"]) {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        assert!(refused.contains("the audit trail is insert-only"), "{sql}: {refused}");
    }
    connection.execute("RESET session_replication_role").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_younger_than_a_transaction_under_way_waits_for_it() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let store = store_on(database.options()).await;
    emit(&store, TenantId::MAIN).await;
    let mut under_way = database.connection().await;
    under_way.execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
    emit(&store, TenantId::MAIN).await;

    seal(&store, 1).await;
    assert_eq!(Sealer::new(Arc::new(store.clone())).step(noon()).await.unwrap(), 0);

    under_way.execute("COMMIT").await.unwrap();
    seal(&store, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_has_the_turn_and_the_others_do_not_wait() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let store = store_on(database.options()).await;
    emit(&store, TenantId::MAIN).await;

    let first = store.begin_seal().await.unwrap();
    assert!(first.is_some());
    assert!(store.begin_seal().await.unwrap().is_none());
    drop(first);

    seal(&store, 1).await;
}

#[tokio::test]
async fn links_are_read_in_their_order_before_there_are_statistics() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    let mut connection = database.connection().await;
    let many = "INSERT INTO audit_chain (tenant_id, seq, event_id, leaf, prev, hash, sealed_at) \
                SELECT tenant.id, n, gen_random_uuid(), nought, nought, nought, now() \
                FROM tenant, generate_series(1, 20000) n, decode(repeat('00', 32), 'hex') AS nought";
    connection.execute("ALTER TABLE audit_chain SET (autovacuum_enabled = false)").await.unwrap();
    connection.execute(many).await.unwrap();

    log.take();
    let page = store.snapshot().await.unwrap().page(TenantId::MAIN, 5, 100).await.unwrap();
    assert_eq!(page.read().count(), 100);

    connection.execute("BEGIN").await.unwrap();
    let mut plan = String::new();
    for sql in log.take() {
        match sql.strip_prefix("COPY (").and_then(|rest| rest.split_once(") TO STDOUT")) {
            Some((select, _)) => {
                let explain = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {select}")));
                let rows = explain.fetch_all(&mut connection).await.unwrap();
                plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
            }
            None if sql.starts_with("SET LOCAL ") => {
                connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
            }
            None => {}
        }
    }
    let sorted: Vec<_> = plan.lines().filter(|line| line.contains("Sort Key")).map(str::trim).collect();
    assert_eq!(sorted, ["Sort Key: link.seq"], "the page and nothing else: {plan}");
    assert!(plan.contains("Index Scan using audit_chain_pkey"), "{plan}");
    assert!(!plan.contains("Nested Loop") && !plan.contains("Seq Scan on event"), "{plan}");
}
