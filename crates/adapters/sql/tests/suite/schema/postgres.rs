//! On PostgreSQL.

use sqlx::{Executor, Row};
use tokio::task::JoinSet;

use super::*;
use crate::support::PostgresDatabase;

/// Everything in the schema, as PostgreSQL itself spells it.
async fn dump(database: &PostgresDatabase) -> Vec<String> {
    let sql = "
        SELECT format('column %s.%s %s %s %s %s', table_name, column_name, data_type, is_nullable, column_default,
                      identity_generation)
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT format('constraint %s %s', conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT format('%s %s', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT format('sequence %s', sequencename) FROM pg_sequences WHERE schemaname = 'public'
        ORDER BY 1";
    let rows = database.connection().await.fetch_all(sql).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn each_step_back_undoes_its_step() {
    let Some(database) = PostgresDatabase::create().await else { return };
    super::each_step_back_undoes_its_step(&database.options(), &OF_SQLITE, async || dump(&database).await).await;
}

#[tokio::test]
async fn looking_makes_no_table() {
    let Some(database) = PostgresDatabase::create().await else { return };

    assert_eq!(status(&database.options()).await, applied(0));
    assert_eq!(dump(&database).await, [""; 0]);
    migrate(&database.options()).await;
    assert_eq!(status(&database.options()).await, applied(STEPS.len()));
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing_of_itself() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let schema = SchemaConnection::open(&database.options()).await.unwrap();
    database.connection().await.execute("CREATE TABLE membership (in_the_way integer)").await.unwrap();

    assert!(ashlar_migrations::up(schema.connection()).await.is_err());

    assert_eq!(status(&database.options()).await, applied(1));
    let all = dump(&database).await;
    assert!(all.iter().any(|line| line.starts_with("column tenant.")));
    assert!(!all.iter().any(|line| line.starts_with("column user.")), "{all:?}");
    database.connection().await.execute("DROP TABLE membership").await.unwrap();
    assert_eq!(ashlar_migrations::up(schema.connection()).await.unwrap(), STEPS[1..], "the lock was given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_processes_take_each_step_once() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let mut processes = JoinSet::new();
    for _ in 0..8 {
        let options = database.options();
        processes.spawn(async move {
            let schema = SchemaConnection::open(&options).await.unwrap();
            let taken = ashlar_migrations::up(schema.connection()).await.unwrap();
            schema.close().await;
            taken
        });
    }

    let mut taken = processes.join_all().await;
    taken.sort();
    assert_eq!(taken.pop(), Some(STEPS.map(str::to_owned).to_vec()));
    assert!(taken.iter().all(Vec::is_empty));
}
