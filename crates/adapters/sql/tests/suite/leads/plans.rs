//! By which index lists of leads are answered.

use ashlar_kernel::{Change, Email, Id, TenantId};
use ashlar_leads::{
    Details, Lead, LeadEvent, LeadFilter, LeadPosition, LeadQuery, LeadSearch, LeadSort, LeadStatus, Source,
    StatusChange,
    lead::{Custom, FullName, Tags, Utm},
    port::LeadStore,
};
use ashlar_sql::SqlStore;
use sqlx::{Executor, Row};
use uuid::Uuid;

use crate::{
    statements::watched,
    support::{PostgresDatabase, RisingIds, SqliteFile, context, noon},
};

pub(super) fn newcomer(email: &str, tags: &[&str]) -> (Change<Lead, LeadEvent>, StatusChange) {
    let details = Details {
        full_name: FullName::parse("Ada Lovelace").unwrap(),
        position: None,
        company_name: None,
        phone: None,
        email: Email::parse(email).ok(),
        source: Source::Website,
        category: None,
        notes: None,
        owner: None,
        tags: Tags::parse(tags.iter().copied()).unwrap(),
        custom: Custom::default(),
        consent: None,
        utm: Utm::default(),
    };
    let change = Lead::create(Id::new(&RisingIds), TenantId::MAIN, details, noon());
    let came = StatusChange {
        id: Id::new(&RisingIds),
        tenant: TenantId::MAIN,
        lead: change.state().id(),
        from: None,
        to: LeadStatus::New,
        reason: None,
        actor: None,
        at: noon(),
    };
    (change, came)
}

pub(super) async fn one_lead(store: &SqlStore) {
    lead_with(store, "ada@example.org", &[]).await;
}

pub(super) async fn lead_with(store: &SqlStore, email: &str, tags: &[&str]) {
    let (change, came) = newcomer(email, tags);
    let mut tx = LeadStore::begin(store, &context()).await.unwrap();
    tx.insert_lead(change, came).await.unwrap();
    tx.commit().await.unwrap();
}

fn query(sort: LeadSort, after: Option<LeadPosition>) -> LeadQuery {
    let filter = LeadFilter::default();
    LeadQuery { tenant: TenantId::MAIN, seen_by: None, filter, sort, after, rows: 51, count_up_to: None }
}

/// Pages far behind the first, with the index that answers them and the columns it is entered by.
fn pages() -> [(LeadQuery, &'static str, &'static str); 5] {
    let at = || Some(LeadPosition::At(noon(), Uuid::max()));
    let status = LeadFilter { status: vec![LeadStatus::New], ..LeadFilter::default() };
    [
        (query(LeadSort::NewestFirst, at()), "lead_created_at_idx", "created_at"),
        (query(LeadSort::LatestEdit, at()), "lead_updated_at_idx", "updated_at"),
        (
            query(LeadSort::Name, Some(LeadPosition::Name("ada".to_owned(), Uuid::nil()))),
            "lead_name_key_idx",
            "name_key",
        ),
        (query(LeadSort::Score, Some(LeadPosition::Score(50, Uuid::max()))), "lead_score_idx", "score"),
        (LeadQuery { filter: status, ..query(LeadSort::NewestFirst, at()) }, "lead_status_idx", "created_at"),
    ]
}

fn search(text: &str) -> LeadQuery {
    let filter = LeadFilter { search: LeadSearch::parse(text).ok(), ..LeadFilter::default() };
    LeadQuery { filter, ..query(LeadSort::NewestFirst, None) }
}

#[tokio::test]
async fn leads_are_read_in_the_order_of_an_index_on_sqlite() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    one_lead(&store).await;
    let plan = async |query: &LeadQuery| {
        log.take();
        store.leads(query).await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", log.take()[0]);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        rows.into_iter().map(|row| row.get("detail")).collect::<Vec<String>>()
    };
    for (query, index, column) in pages() {
        let plan = plan(&query).await;
        assert_eq!(plan.len(), 1, "one step, no sorting: {plan:?}");
        assert!(plan[0].contains(&format!("lead USING INDEX {index} (tenant_id=?")), "{plan:?}");
        let seeks = [format!("({column},id)<(?,?)"), format!("({column},id)>(?,?)")];
        assert!(seeks.iter().any(|seek| plan[0].contains(seek)), "the page begins where the last one ended: {plan:?}");
    }
    let plan = plan(&search("lovel")).await;
    assert!(plan.iter().any(|step| step.contains("lead_search VIRTUAL TABLE INDEX")), "{plan:?}");
}

#[tokio::test]
async fn leads_are_read_in_the_order_of_an_index_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    one_lead(&store).await;
    let mut connection = database.connection().await;
    let many = "INSERT INTO lead (id, tenant_id, full_name, name_key, email, email_key, source, status, tags, custom, score, \
                search_key, created_at, updated_at, version) SELECT gen_random_uuid(), tenant_id, 'N' || n, 'n' || n, \
                n || '@example.org', n || '@example.org', source, (ARRAY['new', 'won', 'lost'])[1 + n % 3], '', '{}', \
                n % 100, md5(n::text), created_at - n * interval '1 s', updated_at - n * interval '1 s', 1 FROM lead, \
                generate_series(1, 5000) n";
    connection.execute(many).await.unwrap();
    connection.execute("VACUUM ANALYZE lead").await.unwrap();

    for (query, index, column) in pages() {
        log.take();
        store.leads(&query).await.unwrap();
        let sql = format!("EXPLAIN {}", log.take()[0]);
        let mut explained = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(query.tenant.as_uuid());
        if let Some(status) = query.filter.status.first() {
            explained = explained.bind(status.as_str());
        }
        let explained = match query.after.clone().unwrap() {
            LeadPosition::At(at, id) | LeadPosition::Relevance(_, at, id) => explained.bind(at).bind(id),
            LeadPosition::Name(key, id) => explained.bind(key).bind(id),
            LeadPosition::Score(points, id) => explained.bind(i32::from(points)).bind(id),
        };
        let rows = explained.bind(51_i64).fetch_all(&mut connection).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        let is_in_order =
            ["", " Backward"].iter().any(|way| plan.contains(&format!("Index Scan{way} using {index} on lead")));
        assert!(is_in_order && !plan.contains("Sort"), "{plan}");
        let condition = plan.lines().find(|line| line.contains("Index Cond")).unwrap();
        assert!(condition.contains(&format!("ROW({column}, id)")), "the page begins where the last one ended: {plan}");
    }
    // What waits to be entered into the index is looked through row by row, which is part of its price.
    connection.execute("SELECT gin_clean_pending_list('lead_search_key_idx')").await.unwrap();
    // Five thousand rows are read as fast one after the other.
    connection.execute("SET enable_seqscan = off").await.unwrap();
    log.take();
    store.leads(&search("0123abc")).await.unwrap();
    let sql = format!("EXPLAIN {}", log.take()[0]);
    let explained = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(TenantId::MAIN.as_uuid()).bind("%0123abc%").bind(51_i64);
    let rows = explained.fetch_all(&mut connection).await.unwrap();
    let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
    assert!(plan.contains("lead_search_key_idx"), "{plan}");
}
