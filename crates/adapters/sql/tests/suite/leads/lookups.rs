//! How an import looks for the leads that its rows mean: key by key, however many leads there are.

use std::ops::RangeInclusive;

use ashlar_kernel::TenantId;
use ashlar_leads::{import::LeadKeys, port::TransferStore};
use ashlar_sql::SqlStore;
use sqlx::{Connection, Executor, PgConnection, Row};
use uuid::Uuid;

use super::plans::one_lead;
use crate::{
    statements::{Log, watched},
    support::{PostgresDatabase, SqliteFile, context},
};

const KEYS: u32 = 100;

fn emails() -> LeadKeys {
    LeadKeys { emails: (1..=KEYS).map(|number| format!("{number}@example.org")).collect(), ..LeadKeys::default() }
}

fn phones() -> LeadKeys {
    LeadKeys { phones: (1..=KEYS).map(|number| format!("+49{}", 100_000 + number)).collect(), ..LeadKeys::default() }
}

fn ids() -> LeadKeys {
    LeadKeys { ids: (1..=KEYS).map(|number| Uuid::from_u128(number.into())).collect(), ..LeadKeys::default() }
}

/// What is asked of the database for these keys.
async fn question(store: &SqlStore, log: &Log, keys: &LeadKeys) -> String {
    let mut tx = store.begin_transfer(&context()).await.unwrap();
    log.take();
    tx.leads_found_by(TenantId::MAIN, keys).await.unwrap();
    let asked = log.take();
    assert_eq!(asked.len(), 1, "{asked:?}");
    asked.into_iter().next().unwrap()
}

#[tokio::test]
async fn an_import_looks_its_keys_up_in_their_index_on_sqlite() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    let seeks = [
        (emails(), "lead_email_key_key (tenant_id=? AND email_key=?)"),
        (phones(), "lead_phone_e164_idx (tenant_id=? AND phone_e164=?)"),
        (ids(), " (id=?)"),
    ];
    for (keys, seek) in seeks {
        let sql = format!("EXPLAIN QUERY PLAN {}", question(&store, &log, &keys).await);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        let plan = rows.into_iter().map(|row| row.get("detail")).collect::<Vec<String>>();
        assert!(plan.len() == 1 && plan[0].ends_with(seek), "{plan:?}");
    }
}

/// So many leads more, with the keys of whoever is looked for among them.
async fn add_leads(connection: &mut PgConnection, numbers: RangeInclusive<u32>) {
    let many = "INSERT INTO lead (id, tenant_id, full_name, name_key, email, email_key, phone_number, phone_e164, source, \
                status, tags, custom, score, search_key, created_at, updated_at, version) \
                SELECT lpad(to_hex(n), 32, '0')::uuid, tenant_id, 'N' || n, 'n' || n, n || '@example.org', \
                n || '@example.org', '+49' || (100000 + n), '+49' || (100000 + n), source, status, '', '{}', 50, \
                md5(n::text), created_at, updated_at, 1 FROM (SELECT * FROM lead LIMIT 1) one, generate_series($1, $2) n";
    let [first, last] = [numbers.start(), numbers.end()].map(|number| i32::try_from(*number).unwrap());
    sqlx::query(many).bind(first).bind(last).execute(connection).await.unwrap();
}

/// How many leads anybody has read so far, one by one or by an index. Whoever has read some says so at the end.
async fn leads_read(database: &PostgresDatabase) -> i64 {
    let mut connection = database.connection().await;
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                  AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut connection).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'lead'";
    sqlx::query_scalar(read).fetch_one(&mut connection).await.unwrap()
}

/// What `EXPLAIN` says here is always well: it is planned on the spot, when the database knows how many leads there are. What
/// an import suffers from is a plan that is kept, of the time when there was next to no lead: it reads all there are for every
/// batch, until the server looks at the table again. So this counts what was read.
#[tokio::test]
async fn an_import_reads_the_leads_of_its_keys_only_however_the_table_has_grown_on_postgres() {
    for keys in [emails(), phones(), ids()] {
        let Some(database) = PostgresDatabase::create().await else { return };
        let mut options = database.options();
        options.connections = 1;
        let (store, log) = watched(options).await;
        one_lead(&store).await;
        let mut connection = database.connection().await;
        connection.execute("ALTER TABLE lead SET (autovacuum_enabled = off)").await.unwrap();
        add_leads(&mut connection, KEYS + 1..=2 * KEYS).await;
        connection.execute("ANALYZE lead").await.unwrap();
        // More often than PostgreSQL looks before it keeps a plan.
        for _batch in 0..10 {
            question(&store, &log, &keys).await;
        }
        add_leads(&mut connection, 1..=KEYS).await;
        add_leads(&mut connection, 2 * KEYS + 1..=20_000).await;
        connection.close().await.unwrap();

        question(&store, &log, &keys).await;

        store.close().await;
        let read = leads_read(&database).await;
        assert!((100..10_000).contains(&read), "{read} leads were read");
    }
}
