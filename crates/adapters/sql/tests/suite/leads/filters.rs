//! By which index each filter of the lists, and the pairs of leads that are alike, are answered.

use ashlar_kernel::TenantId;
use ashlar_leads::{
    Category, DuplicatePosition, DuplicateQuery, LeadFilter, LeadPosition, LeadQuery, LeadSearch, LeadSort, LeadStatus,
    Source,
    port::{DuplicateReads, LeadStore},
};
use ashlar_sql::SqlStore;
use sqlx::{Executor, PgConnection, Row};
use uuid::Uuid;

use super::plans::one_lead;
use crate::{
    statements::{Log, watched},
    support::{PostgresDatabase, SqliteFile, noon},
};

/// A page far behind the first of what one filter lets through, and by what it is found, on both databases or on one.
fn filters() -> Vec<(LeadQuery, [&'static str; 2])> {
    let filter = LeadFilter::default;
    let after = Some(LeadPosition::At(noon(), Uuid::max()));
    let sort = LeadSort::NewestFirst;
    let all =
        LeadQuery { tenant: TenantId::MAIN, seen_by: None, filter: filter(), sort, after, rows: 51, count_up_to: None };
    let only = |filter| LeadQuery { filter, ..all.clone() };
    let both = |index| [index, index];
    let (me, you) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
    let search = |text| LeadFilter { search: LeadSearch::parse(text).ok(), ..filter() };
    let company = |text: &str| LeadFilter { company: Some(text.to_owned()), ..filter() };
    let found = ["lead_search VIRTUAL TABLE INDEX", "lead_search_key_idx"];
    vec![
        (only(LeadFilter { status: vec![LeadStatus::New], ..filter() }), both("lead_status_idx")),
        (only(LeadFilter { status: vec![LeadStatus::Won, LeadStatus::New], ..filter() }), both("lead_status_idx")),
        (only(LeadFilter { source: vec![Source::Api], ..filter() }), both("lead_source_idx")),
        (only(LeadFilter { source: vec![Source::Api, Source::Phone], ..filter() }), both("lead_source_idx")),
        (only(LeadFilter { category: vec![Category::Seo], ..filter() }), both("lead_category_idx")),
        (only(LeadFilter { owner: vec![me], ..filter() }), both("lead_owner_id_idx")),
        (only(LeadFilter { owner: vec![me, you, None], ..filter() }), both("lead_owner_id_idx")),
        (LeadQuery { seen_by: me, ..all.clone() }, both("lead_owner_id_idx")),
        (only(LeadFilter { tag: vec!["a".to_owned()], ..filter() }), ["lead_tag USING PRIMARY KEY", "lead_tag_pkey"]),
        (
            only(LeadFilter { tag: vec!["a".to_owned(), "b".to_owned()], ..filter() }),
            ["lead_tag USING PRIMARY KEY", "lead_tag_pkey"],
        ),
        (only(LeadFilter { has_email: Some(false), ..filter() }), both("lead_no_email_idx")),
        (only(LeadFilter { has_email: Some(true), ..filter() }), both("lead_created_at_idx")),
        (only(LeadFilter { has_phone: Some(false), ..filter() }), both("lead_no_phone_idx")),
        (only(LeadFilter { has_phone: Some(true), ..filter() }), both("lead_phone_idx")),
        (only(LeadFilter { created_from: Some(noon()), ..filter() }), both("lead_created_at_idx")),
        (only(search("lovelace")), found),
        (only(search("lo")), found),
        (only(company("engin")), found),
    ]
}

async fn listed(store: &SqlStore, log: &Log, query: &LeadQuery) -> String {
    log.take();
    store.leads(query).await.unwrap();
    log.take().remove(0)
}

async fn paired(store: &SqlStore, log: &Log) -> String {
    log.take();
    let after = Some(DuplicatePosition { at: noon(), newer: Uuid::max(), older: Uuid::max() });
    store.duplicates(&DuplicateQuery { tenant: TenantId::MAIN, after, pairs: 51, leads: 5_000 }).await.unwrap();
    log.take().remove(0)
}

/// Whether SQLite reads all leads, under whatever name.
fn is_whole_table(plan: &[String], step: &str) -> bool {
    // What was found before has a name too, and is read whole.
    let is_table = |name: &&&str| !plan.contains(&format!("CO-ROUTINE {name}"));
    ["lead", "b", "c", "d"]
        .iter()
        .filter(is_table)
        .any(|name| step == format!("SCAN {name}") || step.starts_with(&format!("SCAN {name} ")))
}

#[tokio::test]
async fn each_filter_is_answered_by_an_index_on_sqlite() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    one_lead(&store).await;
    let plan = async |sql: String| {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        rows.into_iter().map(|row| row.get("detail")).collect::<Vec<String>>()
    };
    for (query, [index, _]) in filters() {
        let plan = plan(listed(&store, &log, &query).await).await;
        assert!(plan.iter().any(|step| step.contains(index)), "{index}, {:?}: {plan:#?}", query.filter);
        assert!(!plan.iter().any(|step| is_whole_table(&plan, step)), "{:?}: {plan:#?}", query.filter);
    }
    let plan = plan(paired(&store, &log).await).await;
    let steps = [
        "lead_created_at_idx",
        "lead_phone_e164_idx",
        "lead_email_fold_idx",
        "lead_email_key_key",
        "lead_name_key_idx",
    ];
    for index in steps {
        assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:#?}");
    }
    assert!(!plan.iter().any(|step| is_whole_table(&plan, step)), "{plan:#?}");
}

/// The plan for whatever values.
pub(super) async fn explained(connection: &mut PgConnection, sql: &str) -> String {
    let values = (1..100).take_while(|number| sql.contains(&format!("${number}"))).map(|_| "NULL").collect::<Vec<_>>();
    connection.execute(sqlx::AssertSqlSafe(format!("PREPARE asked AS {sql}"))).await.unwrap();
    let sql = format!("EXPLAIN EXECUTE asked ({})", values.join(", "));
    let rows = connection.fetch_all(sqlx::AssertSqlSafe(sql)).await.unwrap();
    connection.execute("DEALLOCATE asked").await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_filter_is_answered_by_an_index_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    one_lead(&store).await;
    let mut connection = database.connection().await;
    let many = "INSERT INTO lead (id, tenant_id, full_name, name_key, email, email_key, phone_number, phone_e164, source, \
                status, tags, custom, score, search_key, created_at, updated_at, version, owner_id, company_key) \
                SELECT gen_random_uuid(), tenant_id, 'N' || n, 'n' || n, n || '@example.org', n || '@example.org', \
                CASE WHEN n % 2 = 0 THEN '+49' || (100000 + n) END, CASE WHEN n % 2 = 0 THEN '+49' || (100000 + n) END, \
                (ARRAY['website', 'api', 'phone'])[1 + n % 3], (ARRAY['new', 'won', 'lost'])[1 + n % 3], \
                CASE WHEN n % 9 = 0 THEN ' a ' ELSE '' END, '{}', n % 100, md5(n::text), created_at - n * interval '1 s', \
                updated_at, 1, CASE WHEN n % 4 > 0 THEN md5((n % 4)::text)::uuid END, md5(n::text) \
                FROM lead, generate_series(1, 5000) n";
    connection.execute(many).await.unwrap();
    connection.execute("VACUUM ANALYZE lead").await.unwrap();
    connection.execute("VACUUM ANALYZE lead_tag").await.unwrap();
    // Five thousand rows are read as fast one after the other; a million are not.
    connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await.unwrap();
    // Words are planned for each time, for what they are (`plans.rs` has one).
    let for_any_value = filters().into_iter().filter(|(query, _)| {
        let LeadFilter { search, company, .. } = &query.filter;
        search.is_none() && company.is_none()
    });
    for (query, [_, index]) in for_any_value {
        let plan = explained(&mut connection, &listed(&store, &log, &query).await).await;
        assert!(plan.contains(index), "{index}, {:?}: {plan}", query.filter);
        assert!(!plan.contains("Seq Scan on lead"), "{:?}: {plan}", query.filter);
    }
    let plan = explained(&mut connection, &paired(&store, &log).await).await;
    let steps = [
        "lead_created_at_idx",
        "lead_phone_e164_idx",
        "lead_email_fold_idx",
        "lead_email_key_key",
        "lead_name_key_idx",
    ];
    for index in steps {
        assert!(plan.contains(index), "{index}: {plan}");
    }
    assert!(!plan.contains("Seq Scan on lead"), "{plan}");
}
