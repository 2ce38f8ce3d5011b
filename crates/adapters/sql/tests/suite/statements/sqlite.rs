//! On SQLite.

use ashlar_leads::port::TransferStore as _;
use sqlx::Row;

use super::*;
use crate::support::{RisingIds, SqliteFile, store_on};

#[tokio::test]
async fn every_read_is_one_statement() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    super::every_read_is_one_statement(&store, &log).await;
}

#[tokio::test]
async fn a_change_is_its_row_and_one_statement_of_events() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    super::a_change_is_its_row_and_one_statement_of_events(&store, &log).await;
}

/// SQLite would plan anew for each number that is put in: statements are kept for nothing then.
#[tokio::test]
async fn how_many_rows_there_may_be_stands_in_the_text() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    let ada = member(&store, "ada@example.org").await;
    log.take();

    store.sessions(list_of(ada)).await.unwrap();
    store.session(sign_in(ada, noon()).state().id()).await.unwrap();
    let mut tx = store.begin_transfer(&context()).await.unwrap();
    tx.import_to_change(TenantId::MAIN, ashlar_kernel::Id::new(&RisingIds)).await.unwrap();

    let asked = log.take();
    let ends: Vec<_> = asked.iter().map(|sql| sql.rsplit_once(" LIMIT ").unwrap().1).collect();
    assert_eq!(ends, ["51", "1", "1"], "{asked:#?}");
}

#[tokio::test]
async fn the_list_of_sessions_is_read_from_its_index() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    let user = crowd(&store).await;

    for page in [list_of(user), next_page(user)] {
        log.take();
        store.sessions(page).await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", log.take()[0]);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        let plan: Vec<String> = rows.into_iter().map(|row| row.get("detail")).collect();
        assert_eq!(plan.len(), 1, "one step, no sorting: {plan:?}");
        assert!(plan[0].starts_with("SEARCH session USING INDEX session_alive_idx (tenant_id=? AND user_id=?"));
        let seeks = plan[0].contains("(created_at,id)<(?,?)");
        assert_eq!(seeks, page.after.is_some(), "the next page begins where the last one ended: {plan:?}");
    }
}

#[tokio::test]
async fn people_are_read_in_the_order_of_an_index() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    member(&store, "ada@example.org").await;

    for page in pages_of_people() {
        log.take();
        store.people(&page).await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", log.take()[0]);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        let plan: Vec<String> = rows.into_iter().map(|row| row.get("detail")).collect();
        assert!(plan[0].contains("user USING INDEX user_created_at_idx"), "{plan:?}");
        assert!(plan[1].contains("membership USING"), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        assert_eq!(plan[0].contains("(created_at,id)<(?,?)"), page.after.is_some(), "{plan:?}");
    }
}

#[tokio::test]
async fn attempts_are_read_in_the_order_of_an_index() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    let ada = member(&store, "ada@example.org").await;

    for (scope, index) in [
        (LoginScope::Person(ada), "login_attempt_user_idx (user_id=?"),
        (LoginScope::Tenant(TenantId::MAIN), "login_attempt_tenant_idx (tenant_id=?"),
    ] {
        log.take();
        store.logins(&attempts(scope)).await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", log.take()[0]);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        let plan: Vec<String> = rows.into_iter().map(|row| row.get("detail")).collect();
        assert_eq!(plan.len(), 1, "one step, no sorting: {plan:?}");
        assert!(plan[0].contains(index) && plan[0].contains("(created_at,id)<(?,?)"), "{plan:?}");
    }
}

#[tokio::test]
async fn a_login_is_dated() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    let ada = member(&store, "ada@example.org").await;

    let dated = "SELECT last_login_at FROM \"user\"";
    let before: Option<String> = sqlx::query_scalar(dated).fetch_one(&mut file.connection().await).await.unwrap();
    assert_eq!(before, None);
    let mut tx = store.begin(&context()).await.unwrap();
    tx.record_login(LoginAttempt::succeeded(ada, 1, vec!["pwd".to_owned()], noon())).await.unwrap();
    tx.commit().await.unwrap();

    let after: Option<String> = sqlx::query_scalar(dated).fetch_one(&mut file.connection().await).await.unwrap();
    assert_eq!(after.as_deref(), Some("2030-01-01T12:00:00+00:00"));
}
