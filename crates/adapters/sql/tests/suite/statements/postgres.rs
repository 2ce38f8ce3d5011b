//! On PostgreSQL.

use ashlar_kernel::Timestamp;
use sqlx::{Executor, Row};

use super::*;
use crate::support::{PostgresDatabase, store_on};

#[tokio::test]
async fn every_read_is_one_statement() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    super::every_read_is_one_statement(&store, &log).await;
}

#[tokio::test]
async fn a_change_is_its_row_and_one_statement_of_events() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    super::a_change_is_its_row_and_one_statement_of_events(&store, &log).await;
}

#[tokio::test]
async fn the_list_of_sessions_is_read_from_its_index() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    let user = crowd(&store).await;
    let mut connection = database.connection().await;
    connection.execute("ANALYZE session").await.unwrap();

    for page in [list_of(user), next_page(user)] {
        log.take();
        store.sessions(page).await.unwrap();
        let sql = format!("EXPLAIN {}", log.take()[0]);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(page.tenant.as_uuid()).bind(page.user.as_uuid());
        let query = query.bind(page.now).bind(page.now);
        let query = match page.after {
            Some(after) => query.bind(after.created_at).bind(after.id),
            None => query,
        };
        let rows = query.bind(51_i64).fetch_all(&mut connection).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("Index Scan using session_alive_idx on session"), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
        let condition = plan.lines().find(|line| line.contains("Index Cond")).unwrap();
        let seeks = condition.contains("ROW(created_at, id) <");
        assert_eq!(seeks, page.after.is_some(), "the next page begins where the last one ended: {plan}");
    }
}

#[tokio::test]
async fn people_are_read_in_the_order_of_an_index() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    member(&store, "ada@example.org").await;
    let mut connection = database.connection().await;
    // A tenant that is nearly the whole installation, which is what most are.
    for table in [
        "INSERT INTO \"user\" (id, tenant_id, email, email_key, password_hash, status, created_at, updated_at, version) \
         SELECT gen_random_uuid(), tenant_id, n || '@example.org', n || '@example.org', '', 'active', created_at + n * interval '1 s', \
         updated_at, 1 FROM \"user\", generate_series(1, 5000) n",
        "INSERT INTO membership (id, tenant_id, user_id, role, created_at, updated_at, version) SELECT \
         gen_random_uuid(), tenant_id, id, 'member', created_at, updated_at, 1 FROM \"user\" WHERE password_hash = ''",
        "ANALYZE \"user\", membership, tenant",
    ] {
        connection.execute(table).await.unwrap();
    }

    for page in pages_of_people() {
        log.take();
        store.people(&page).await.unwrap();
        let sql = format!("EXPLAIN {}", log.take()[0]);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(page.tenant.as_uuid());
        let query = match page.after {
            Some(DirectoryPosition::Created { at, id }) => query.bind(at).bind(id),
            _ => query,
        };
        let rows = query.bind(51_i64).fetch_all(&mut connection).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("using user_created_at_idx on \"user\""), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
    }
}

#[tokio::test]
async fn a_login_is_dated() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let store = store_on(database.options()).await;
    let ada = member(&store, "ada@example.org").await;
    let mut tx = store.begin(&context()).await.unwrap();
    tx.record_login(LoginAttempt::succeeded(ada, 1, vec!["pwd".to_owned()], noon())).await.unwrap();
    tx.commit().await.unwrap();

    let mut connection = database.connection().await;
    let after: Option<Timestamp> =
        sqlx::query_scalar("SELECT last_login_at FROM \"user\"").fetch_one(&mut connection).await.unwrap();
    assert_eq!(after, Some(noon()));
}
