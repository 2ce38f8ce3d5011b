//! Lists that several indexes could answer: whichever does, however many leads have what is looked for, they are the same.

use ashlar_kernel::TenantId;
use ashlar_leads::{Lead, LeadFilter, LeadPosition, LeadQuery, LeadSearch, LeadSort, Source, port::LeadStore};
use ashlar_sql::SqlStore;
use chrono::TimeDelta;
use sqlx::{Executor, PgConnection, Row};
use uuid::Uuid;

use super::{filters::explained, plans::one_lead};
use crate::{
    statements::{Log, watched},
    support::{PostgresDatabase, SqliteFile, noon},
};

/// One fewer than a prime, so that the leads can come in another order than that in which they are stored. More than are
/// ever read one by one.
const LEADS: u64 = 12_600;

/// How long after the newest lead this one came, in seconds.
const fn rank(number: u64) -> u64 {
    number * 7_919 % (LEADS + 1)
}

/// All leads, as both databases take them: they differ in how numbers, moments and ids are made.
fn many([from, moment, id]: [&str; 3]) -> String {
    // A fragment that stands nowhere in most, but of whose threes each has all.
    let company = "'everyone xabcax xbcabx' || CASE WHEN n * 7919 % 12601 > 12000 THEN ' abcab' ELSE '' END \
                   || CASE WHEN n % 3 = 0 THEN ' third xpqrpx xqrpqx' ELSE '' END \
                   || CASE WHEN n % 300 = 0 THEN ' pqrpq' ELSE '' END || CASE WHEN n % 12 = 0 THEN ' dozen' ELSE '' END";
    let tags = "CASE WHEN n % 100 = 0 THEN ' big tiny ' WHEN n % 2 = 0 THEN ' big ' ELSE '' END";
    format!(
        "{from} INSERT INTO lead (id, tenant_id, full_name, name_key, company_name, company_key, email, email_key, source, \
         status, tags, custom, score, search_key, created_at, updated_at, version) SELECT {id}, lead.tenant_id, \
         'Lead ' || n, 'lead ' || n, {company}, {company}, n || '@example.org', n || '@example.org', \
         CASE WHEN n % 5 = 0 THEN 'api' ELSE 'website' END, 'new', {tags}, '{{}}', n % 100, \
         'lead ' || n || '\n' || {company} || '\n' || n || '@example.org\n', {moment}, {moment}, 1 FROM numbers, lead"
    )
}

const ON_SQLITE: [&str; 3] = [
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 12600)",
    "strftime('%Y-%m-%dT%H:%M:%f+00:00', lead.created_at, '-' || (n * 7919 % 12601) || ' seconds')",
    "randomblob(16)",
];

/// Where no trigger enters the tags of newcomers.
const TAGS_ON_SQLITE: &str = "INSERT INTO lead_tag (tenant_id, tag, created_at, lead_id) \
    SELECT tenant_id, word.value, created_at, lead.id FROM lead, json_each('[\"' || replace(trim(tags), ' ', '\",\"') || '\"]') AS word \
    WHERE tags <> ''";

const ON_POSTGRES: [&str; 3] = [
    "WITH numbers (n) AS (SELECT generate_series(1, 12600))",
    "lead.created_at - n * 7919 % 12601 * interval '1 s'",
    "gen_random_uuid()",
];

fn search(text: &str) -> LeadFilter {
    LeadFilter { search: LeadSearch::parse(text).ok(), ..LeadFilter::default() }
}

fn company(text: &str) -> LeadFilter {
    LeadFilter { company: Some(text.to_owned()), ..LeadFilter::default() }
}

fn tagged(tag: &str, filter: LeadFilter) -> LeadFilter {
    LeadFilter { tag: vec![tag.to_owned()], ..filter }
}

fn is_late(number: u64) -> bool {
    rank(number) > 12_000
}

type Hit = fn(u64) -> bool;

/// What is asked, and of which numbers the leads are.
fn cases() -> Vec<(LeadFilter, Hit)> {
    let api = |filter| LeadFilter { source: vec![Source::Api], ..filter };
    vec![
        (search("nobody at all"), |_| false),
        (search("everyone"), |_| true),
        (search("abcab"), is_late),
        (search("third"), |number| number % 3 == 0),
        (search("pqrpq"), |number| number % 300 == 0),
        (search("dozen everyone"), |number| number % 12 == 0),
        (search("dozen abcab"), |number| number % 12 == 0 && is_late(number)),
        (search("lead 12600"), |number| number == 12_600),
        (company("abcab"), is_late),
        (company("third xpqrpx"), |number| number % 3 == 0),
        (company("lead"), |_| false),
        (api(company("third")), |number| number % 15 == 0),
        (api(search("everyone")), |number| number % 5 == 0),
        (api(search("abcab")), |number| number % 5 == 0 && is_late(number)),
        (LeadFilter { has_email: Some(true), ..search("abcab") }, is_late),
        (tagged("tiny", api(company("third"))), |number| number % 300 == 0),
        (tagged("big", search("third")), |number| number % 6 == 0),
        (tagged("big", api(search("pqrpq"))), |number| number % 300 == 0),
        (tagged("big", api(search("abcab"))), |number| number % 10 == 0 && is_late(number)),
        (tagged("tiny", api(LeadFilter::default())), |number| number % 100 == 0),
        (tagged("big", api(LeadFilter::default())), |number| number % 10 == 0),
        (LeadFilter { tag: vec!["tiny".to_owned(), "big".to_owned()], ..search("dozen") }, |number| number % 12 == 0),
    ]
}

const PAGE: usize = 100;

fn query(filter: LeadFilter, sort: LeadSort) -> LeadQuery {
    let rows = u64::try_from(PAGE).unwrap();
    LeadQuery { tenant: TenantId::MAIN, seen_by: None, filter, sort, after: None, rows, count_up_to: None }
}

/// The numbers of the leads on a page, which is read by one statement.
async fn page(store: &SqlStore, log: &Log, query: &LeadQuery) -> Vec<u64> {
    log.take();
    let page = store.leads(query).await.unwrap();
    assert_eq!(log.take().len(), 1);
    let number = |lead: &Lead| lead.details().full_name.as_str().trim_start_matches("Lead ").parse().unwrap();
    page.leads.iter().map(number).collect()
}

/// Where a lead stands in a list.
fn behind(number: u64, sort: LeadSort) -> LeadPosition {
    let at = noon() - TimeDelta::seconds(i64::try_from(rank(number)).unwrap());
    if sort == LeadSort::Name {
        LeadPosition::Name(format!("lead {number}"), Uuid::max())
    } else {
        LeadPosition::At(at, Uuid::nil())
    }
}

/// The first page, and the last ones: a whole one and a part of one.
async fn has_pages(store: &SqlStore, log: &Log, (first, hits): (&LeadQuery, &[u64])) {
    assert!(page(store, log, first).await == hits[..hits.len().min(PAGE)], "{first:?}");
    for length in [PAGE + 10, 20] {
        let Some(place) = hits.len().checked_sub(length + 1) else { continue };
        let last = LeadQuery { after: Some(behind(hits[place], first.sort)), ..first.clone() };
        let expected = &hits[place + 1..][..length.min(PAGE)];
        assert!(page(store, log, &last).await == expected, "{last:?}");
    }
}

async fn every_way_has_the_same_leads(store: &SqlStore, log: &Log) {
    for (filter, is_hit) in cases() {
        let mut hits: Vec<_> = (1..=LEADS).filter(|number| is_hit(*number)).collect();
        for sort in [LeadSort::Name, LeadSort::NewestFirst] {
            hits.sort_by_cached_key(|number| match sort {
                LeadSort::Name => number.to_string(),
                _ => format!("{:05}", rank(*number)),
            });
            has_pages(store, log, (&query(filter.clone(), sort), &hits)).await;
        }
        let counted = LeadQuery { rows: 1, count_up_to: Some(5_000), ..query(filter.clone(), LeadSort::NewestFirst) };
        let counted = store.leads(&counted).await.unwrap().counted;
        assert_eq!(counted, Some(u64::try_from(hits.len()).unwrap().min(5_000)), "{filter:?}");
        let best = query(filter.clone(), LeadSort::Relevance);
        assert_eq!(page(store, log, &best).await.len(), hits.len().min(PAGE), "{filter:?}");
    }
}

#[tokio::test]
async fn every_way_has_the_same_leads_on_sqlite() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    one_lead(&store).await;
    let mut connection = file.connection().await;
    connection.execute(sqlx::AssertSqlSafe(many(ON_SQLITE))).await.unwrap();
    connection.execute(TAGS_ON_SQLITE).await.unwrap();
    every_way_has_the_same_leads(&store, &log).await;
}

/// A database with all leads, of which it knows how many there are, a connection to it, and none where there is no server.
async fn crowded_postgres() -> Option<(PostgresDatabase, SqlStore, Log, PgConnection)> {
    let database = PostgresDatabase::create().await?;
    let (store, log) = watched(database.options()).await;
    one_lead(&store).await;
    let mut connection = database.connection().await;
    connection.execute(sqlx::AssertSqlSafe(many(ON_POSTGRES))).await.unwrap();
    connection.execute("VACUUM ANALYZE lead").await.unwrap();
    connection.execute("VACUUM ANALYZE lead_tag").await.unwrap();
    Some((database, store, log, connection))
}

#[tokio::test]
async fn every_way_has_the_same_leads_on_postgres() {
    let Some((_database, store, log, _connection)) = crowded_postgres().await else { return };
    every_way_has_the_same_leads(&store, &log).await;
}

async fn plan(store: &SqlStore, log: &Log, (file, filter): (&SqliteFile, LeadFilter)) -> Vec<String> {
    log.take();
    store.leads(&query(filter, LeadSort::NewestFirst)).await.unwrap();
    let sql = format!("EXPLAIN QUERY PLAN {}", log.take()[0]);
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
    rows.into_iter().map(|row| row.get("detail")).collect()
}

/// The steps of a plan from the one that is called so until the next that reads its outcome.
fn part<'a>(plan: &'a [String], name: &str) -> &'a [String] {
    let begins = plan.iter().position(|step| *step == format!("MATERIALIZE {name}")).unwrap();
    let length = plan[begins..].iter().position(|step| *step == format!("SCAN {name}")).unwrap();
    &plan[begins..begins + length]
}

#[tokio::test]
async fn whoever_was_found_is_read_by_number_or_in_the_order_of_the_list_on_sqlite() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    one_lead(&store).await;
    for filter in [search("lovelace"), company("engines")] {
        let plan = plan(&store, &log, (&file, filter)).await;
        let beginning = part(&plan, "beginning");
        let reads = |step: &&String| step.contains(" lead USING");
        let reads: Vec<_> = beginning.iter().filter(reads).collect();
        assert!(reads[0].contains("lead_created_at_idx") && reads[1].contains("INTEGER PRIMARY KEY"), "{plan:#?}");
        assert_eq!(reads.len(), 2, "{plan:#?}");
        let is_sorted = beginning.iter().skip_while(|step| *step != "SCAN first").any(|step| step.contains("ORDER BY"));
        assert!(!is_sorted, "{plan:#?}");
        let few = plan.iter().skip_while(|step| *step != "CO-ROUTINE page").nth(1).unwrap();
        assert_eq!(few, "SEARCH lead USING INTEGER PRIMARY KEY (rowid=?)", "{plan:#?}");
    }
    let three = tagged("tiny", LeadFilter { source: vec![Source::Api], ..company("engines") });
    let plan = plan(&store, &log, (&file, three)).await;
    let tagged = plan.iter().position(|step| step.contains("lead_tag USING PRIMARY KEY")).unwrap();
    let by_id = plan[..tagged].iter().filter(|step| step.contains("lead USING INDEX sqlite_autoindex_lead_1 (id=?)"));
    assert_eq!(by_id.count(), 2, "the page, and those with the tag: {plan:#?}");
}

#[tokio::test]
async fn whoever_has_a_rare_tag_is_read_by_id_on_postgres() {
    let Some((_database, store, log, mut connection)) = crowded_postgres().await else { return };
    // As it is planned for any tag, of more leads: thousands of tags are read as fast one after the other.
    connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await.unwrap();
    log.take();
    store
        .leads(&query(
            tagged("tiny", LeadFilter { source: vec![Source::Api], ..company("third") }),
            LeadSort::NewestFirst,
        ))
        .await
        .unwrap();
    let sql = log.take().remove(0);
    let plan = explained(&mut connection, &sql).await;
    let is_by_id = |line: &str| line.contains("Index Cond: (id = ANY (");
    assert!(plan.lines().any(is_by_id) && plan.contains("lead_tag_pkey"), "{plan}");
    assert!(plan.contains("One-Time Filter"), "the list is not read when there is a page: {plan}");
}
