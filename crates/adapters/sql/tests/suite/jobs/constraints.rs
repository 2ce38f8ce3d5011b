//! What the tables refuse, by name, whoever writes.

use ashlar_jobs::{NewJob, port::JobStore};
use ashlar_kernel::TenantId;
use ashlar_sql::SqlStore;
use sqlx::Executor;

use crate::support::{PostgresDatabase, SqliteFile, noon, store_on};

/// A statement that breaks one constraint of a database with two waiting jobs.
const BREACHES: [(&str, &str); 16] = [
    ("job_queue_check", "UPDATE job SET queue = ''"),
    ("job_kind_check", "UPDATE job SET kind = ''"),
    ("job_payload_version_check", "UPDATE job SET payload_version = 0"),
    ("job_payload_check", "UPDATE job SET payload = ''"),
    ("job_max_attempts_check", "UPDATE job SET max_attempts = 0, attempts = 0, state = 'parked'"),
    ("job_state_check", "UPDATE job SET state = 'lost'"),
    ("job_token_check", "UPDATE job SET token = -1"),
    ("job_dedupe_key_check", "UPDATE job SET dedupe_key = ''"),
    ("job_serial_key_check", "UPDATE job SET serial_key = ''"),
    ("job_attempts_check", "UPDATE job SET attempts = -1"),
    ("job_spent_check", "UPDATE job SET attempts = max_attempts"),
    ("job_lease_check", "UPDATE job SET state = 'running'"),
    ("job_lease_check", "UPDATE job SET worker = 'w'"),
    ("job_finished_check", "UPDATE job SET state = 'done'"),
    ("job_dedupe_key_key", "UPDATE job SET dedupe_key = 'same'"),
    (
        "job_serial_running_key",
        "UPDATE job SET serial_key = 'same', state = 'running', worker = 'w', lease_until = run_at",
    ),
];

/// SQLite says of a unique index only which columns it is on.
const COLUMNS: [(&str, &str); 2] = [
    ("job_dedupe_key_key", "job.tenant_id, job.kind, job.dedupe_key"),
    ("job_serial_running_key", "job.tenant_id, job.serial_key"),
];

async fn two_jobs(store: &SqlStore) {
    let job = NewJob::new(TenantId::MAIN, "law.note", 1, &0).unwrap();
    store.enqueue(vec![job.clone(), job], noon()).await.unwrap();
}

#[tokio::test]
async fn what_breaks_an_invariant_is_refused_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    two_jobs(&store_on(database.options()).await).await;
    let mut connection = database.connection().await;

    for (constraint, sql) in BREACHES {
        let refused = connection.execute(sql).await.unwrap_err();
        let named = refused.as_database_error().and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(named.as_deref(), Some(constraint), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn what_breaks_an_invariant_is_refused_on_sqlite() {
    let file = SqliteFile::new();
    two_jobs(&store_on(file.options()).await).await;
    let mut connection = file.connection().await;

    for (constraint, sql) in BREACHES {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        let columns = COLUMNS.iter().find(|(name, _)| *name == constraint).map(|(_, columns)| *columns);
        assert!(refused.contains(columns.unwrap_or(constraint)), "{sql}: {refused}");
    }
}
