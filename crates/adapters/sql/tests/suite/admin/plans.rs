//! The numbers are one statement, and no part of it reads a table whole: tallies and jobs are found by keys that begin with
//! the tenant, and of what waits to be sealed the first one, however much waits.

use ashlar_admin::{NumberStore, TroubleStore};
use ashlar_kernel::TenantId;
use ashlar_sql::SqlStore;
use sqlx::{Executor, Row};

use crate::{
    statements::{Log, watched},
    support::{PostgresDatabase, SqliteFile, noon},
};

/// The statements of one look at the numbers, and of one at what does not go as it should.
async fn looks(store: &SqlStore, log: &Log) -> (String, String) {
    log.take();
    store.numbers(TenantId::MAIN, noon()).await.unwrap();
    let numbers = log.take();
    assert_eq!(numbers.len(), 1, "{numbers:?}");
    store.troubles().await.unwrap();
    let stuck = log.take().into_iter().find(|sql| sql.contains("struggling")).unwrap();
    (numbers[0].clone(), stuck)
}

#[tokio::test]
async fn numbers_are_read_by_index_on_sqlite() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    let (numbers, stuck) = looks(&store, &log).await;
    let plan = async |sql: &str| {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        rows.into_iter().map(|row| row.get("detail")).collect::<Vec<String>>()
    };

    let steps = plan(&numbers).await;
    let found =
        |table: &str, by: &str| steps.iter().filter(|step| step.contains(&format!("{table} USING {by}"))).count();
    for table in
        ["user_tally", "lead_status_tally", "subscription_tally", "job", "event", "waiting", "audit_checkpoint"]
    {
        assert!(!steps.iter().any(|step| step.starts_with(&format!("SCAN {table}"))), "{table} is scanned: {steps:#?}");
    }
    assert!(!steps.iter().any(|step| step.contains(" lead_tally")), "leads are added up by day: {steps:#?}");
    let by_state = "COVERING INDEX job_tenant_open_idx (tenant_id=? AND state=?)";
    assert_eq!(found("SEARCH job", by_state), 5, "{steps:#?}");
    let first = "INDEX event_seal_pending_tenant_id_position_idx (tenant_id=?)";
    assert_eq!(found("SEARCH waiting", first), 1, "{steps:#?}");
    assert_eq!(found("SEARCH user_tally", "INDEX sqlite_autoindex_user_tally_1 (tenant_id=?"), 3, "{steps:#?}");

    let steps = plan(&stuck).await;
    assert!(steps[0].contains("INDEX job_tenant_open_idx"), "jobs that are done are looked at: {steps:?}");
}

/// A month of a busy tenant beside another one: few enough to make, enough to be better found than read.
const MANY: [&str; 4] = [
    "INSERT INTO job (id, tenant_id, queue, kind, payload_version, payload, priority, run_at, attempts, max_attempts, state, \
     token, finished_at, created_at, updated_at) SELECT gen_random_uuid(), t.id, 'default', 'demo.work', 1, '{}', 0, now(), \
     0, 1, CASE n % 100 WHEN 0 THEN 'ready' WHEN 1 THEN 'dead' ELSE 'done' END, 0, \
     CASE n % 100 WHEN 0 THEN NULL ELSE now() END, now(), now() FROM tenant t, generate_series(1, 20000) n",
    "INSERT INTO event_seal_pending (event_id, tenant_id, position) SELECT gen_random_uuid(), gen_random_uuid(), n \
     FROM generate_series(1, 20000) n",
    "INSERT INTO lead_tally (tenant_id, day, status, source, category, slot, leads) \
     SELECT t.id, to_char(date '2027-01-01' + n, 'YYYY-MM-DD'), 's' || status, 'web', '', slot, 1 \
     FROM tenant t, generate_series(1, 100) n, generate_series(0, 9) status, generate_series(0, 15) slot",
    "ANALYZE",
];

#[tokio::test]
async fn numbers_are_read_by_index_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    let (numbers, stuck) = looks(&store, &log).await;
    let mut connection = database.connection().await;
    for sql in MANY {
        connection.execute(sql).await.unwrap();
    }

    let counted = store.numbers(TenantId::MAIN, noon()).await.unwrap().leads;
    assert_eq!(counted, (0..10).map(|status| (format!("s{status}"), 1_600)).collect());
    let bounded = "SELECT COUNT(*) FROM lead_status_tally";
    let rows: i64 = connection.fetch_one(bounded).await.unwrap().get(0);
    assert!(rows <= 10 * 64, "16,000 rows of kinds are {rows} of statuses");

    let explain = format!("EXPLAIN {numbers}");
    let bound = sqlx::query(sqlx::AssertSqlSafe(explain)).bind(TenantId::MAIN.as_uuid()).bind("2029-12-26");
    let rows = bound.bind("2029-12-03").bind(10_000_i64).fetch_all(&mut connection).await.unwrap();
    let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
    for table in ["job", "event_seal_pending"] {
        assert!(!plan.contains(&format!("Seq Scan on {table}")), "{table} is scanned: {plan}");
    }
    assert!(!plan.contains(" lead_tally"), "leads are added up by day: {plan}");
    assert!(plan.contains("job_tenant_open_idx"), "{plan}");
    assert!(plan.contains("event_seal_pending_tenant_id_position_idx"), "{plan}");

    let explain = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {stuck}"))).bind(3_i32);
    let rows = explain.fetch_all(&mut connection).await.unwrap();
    let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
    assert!(!plan.contains("Seq Scan on job"), "jobs that are done are looked at: {plan}");
}
