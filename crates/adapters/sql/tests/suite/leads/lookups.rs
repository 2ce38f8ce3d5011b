//! How an import looks for the leads that its rows mean: key by key, however many leads there are.

use ashlar_kernel::TenantId;
use ashlar_leads::{import::LeadKeys, port::TransferStore};
use ashlar_sql::SqlStore;
use sqlx::{Executor, Row};
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

#[tokio::test]
async fn an_import_looks_its_keys_up_in_their_index_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    one_lead(&store).await;
    let mut connection = database.connection().await;
    let many = "INSERT INTO lead (id, tenant_id, full_name, name_key, email, email_key, phone_number, phone_e164, source, \
                status, tags, custom, score, search_key, created_at, updated_at, version) \
                SELECT gen_random_uuid(), tenant_id, 'N' || n, 'n' || n, n || '@example.org', n || '@example.org', \
                '+49' || (100000 + n), '+49' || (100000 + n), source, status, '', '{}', 50, md5(n::text), created_at, \
                updated_at, 1 FROM lead, generate_series(1, 20000) n";
    connection.execute(many).await.unwrap();
    connection.execute("VACUUM ANALYZE lead").await.unwrap();

    let LeadKeys { emails: addresses, .. } = emails();
    let LeadKeys { phones: numbers, .. } = phones();
    for (keys, texts, index) in
        [(emails(), addresses, "lead_email_key_key"), (phones(), numbers, "lead_phone_e164_idx")]
    {
        let sql = format!("EXPLAIN {}", question(&store, &log, &keys).await);
        let asked = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(TenantId::MAIN.as_uuid()).bind(texts).persistent(false);
        let rows = asked.fetch_all(&mut connection).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(&format!("Index Scan using {index} on lead")), "{plan}");
    }
}
