//! The leaves of the log on PostgreSQL: where events go, who makes leaves, and which of them go.

use std::{collections::BTreeMap, time::Duration};

use ashlar_audit::{
    port::{RetentionStore as _, TrailStore as _},
    retention::{Applied, Class},
    verify::verify_trail,
};
use ashlar_kernel::TenantId;
use ashlar_sql::SqlStore;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use uuid::Uuid;

use super::retention::{DAY, NAMES, apply, publish, seal, settle};
use crate::support::{PostgresDatabase, migrate, store_on};

const LOG: &str = "the event log is insert-only";

/// What ids of this suite begin with is a moment in April 2025; this one is of the month after.
const IN_MAY: u128 = 0x0196_a000_0000_7000_8000_0000_0000_0000;
const IN_APRIL: u128 = 0x0196_0000_0000_7000_8000_0000_0001_0000;

struct Log {
    database: PostgresDatabase,
    store: SqlStore,
    raw: PgConnection,
}

impl Log {
    async fn open() -> Option<Self> {
        let database = PostgresDatabase::create().await?;
        let store = store_on(database.options()).await;
        let raw = database.connection().await;
        Some(Self { database, store, raw })
    }

    async fn run(&mut self, sql: &str) -> Result<u64, String> {
        let done = self.raw.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
    }

    async fn texts(&mut self, sql: &str) -> Vec<String> {
        let rows = self.raw.fetch_all(AssertSqlSafe(sql.to_owned())).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect()
    }

    async fn leaves(&mut self) -> Vec<String> {
        self.texts("SELECT relid::regclass::text FROM pg_partition_tree('event') WHERE isleaf ORDER BY 1").await
    }

    /// Makes the leaf of April 2025, as if it had been made in time.
    async fn with_april(&mut self, class: &str) {
        self.run(&format!("SELECT event_make_leaf('{class}', '2025-04-15Z')")).await.unwrap();
    }

    /// An event that happened at noon, past every unit of work.
    async fn insert(&mut self, id: u128, name: &str) {
        self.insert_at(id, name, "2030-01-01T12:00:00Z").await;
    }

    async fn insert_at(&mut self, id: u128, name: &str, at: &str) {
        let sql = event(id, name, at);
        self.run(&sql).await.unwrap();
    }

    async fn expired(&self) -> u64 {
        let mut snapshot = self.store.snapshot().await.unwrap();
        let report = verify_trail(&mut *snapshot, TenantId::MAIN, Vec::new(), &|_rows| ()).await.unwrap();
        assert_eq!(report.breach, None);
        report.expired
    }
}

fn event(id: u128, name: &str, at: &str) -> String {
    let (id, tenant) = (Uuid::from_u128(id), TenantId::MAIN);
    format!(
        "INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, targets, outcome, diff, data, \
         source, request_id) VALUES ('{id}', '{tenant}', '{at}', '{name}', 1, 'anonymous', '[]', 'ok', '[]', '{{}}', \
         '{{}}', 'r')"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_in_the_leaf_of_its_class_and_time() {
    let Some(mut log) = Log::open().await else { return };
    let now = "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')";
    let now = log.texts(now).await.remove(0);
    let (year, _) = now.split_once('_').unwrap();
    let id = "(SELECT (left(event_id_from(now())::text, 14) || '7000-8000-' || lpad(n::text, 12, '0'))::uuid)";
    for (number, name) in NAMES.iter().chain(&["audit.retention.applied"]).enumerate() {
        let insert = event(0, name, "2030-01-01T12:00:00Z");
        let insert = insert.replace(&format!("'{}'", Uuid::nil()), &id.replace("n::", &format!("{number}::")));
        log.run(&insert).await.unwrap();
    }
    log.insert(1, "leads.lead.created").await;

    let found = log.texts("SELECT name || ' ' || tableoid::regclass FROM event WHERE name LIKE '%.%'").await;

    let found: Vec<_> = found.iter().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(found.len(), NAMES.len() + 1);
    for (name, leaf) in found {
        let expected = match Class::of(name) {
            _ if name == "audit.retention.applied" => "event_retention".to_owned(),
            class @ (Class::Security | Class::Content) => format!("event_{}_{now}", class.as_str()),
            class => format!("event_{}_{year}", class.as_str()),
        };
        let rest = format!("event_{}_rest", Class::of(name).as_str());
        assert!(leaf == expected || leaf == rest && name == "leads.lead.created", "{name} {leaf}");
    }
    let rest = log.texts("SELECT name FROM event_content_rest").await;
    assert_eq!(rest, ["leads.lead.created"], "an id of no time that has a leaf");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_are_made_three_months_and_a_year_ahead_and_once() {
    let Some(mut log) = Log::open().await else { return };
    let before = log.leaves().await;

    assert_eq!(log.store.make_places().await.unwrap(), 8);
    assert_eq!(log.store.make_places().await.unwrap(), 0);

    let made = log.leaves().await.into_iter().filter(|leaf| !before.contains(leaf)).collect::<Vec<_>>();
    let expected = "SELECT leaf FROM (
        SELECT 'event_' || class || to_char(now() AT TIME ZONE 'UTC' + n * interval '1 month', '_YYYY_MM') AS leaf
        FROM unnest(ARRAY['content', 'security']) AS class, generate_series(1, 3) n UNION ALL
        SELECT 'event_' || class || to_char(now() AT TIME ZONE 'UTC' + interval '1 year', '_YYYY')
        FROM unnest(ARRAY['billing', 'other']) AS class) AS each ORDER BY 1";
    assert_eq!(made, log.texts(expected).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_among_the_rest_stays_there() {
    let Some(mut log) = Log::open().await else { return };
    log.insert(IN_APRIL, "leads.lead.created").await;

    let made = log.texts("SELECT event_make_leaf('content', '2025-04-15Z')::text").await;

    assert_eq!(made, ["false"]);
    log.with_april("security").await;
    log.run("SELECT event_make_leaf('content', '2025-05-15Z')").await.unwrap();
    let leaves = log.leaves().await;
    assert!(
        leaves.contains(&"event_content_2025_05".to_owned()) && !leaves.contains(&"event_content_2025_04".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_goes_with_everything_in_it() {
    let Some(mut log) = Log::open().await else { return };
    log.with_april("content").await;
    for number in 0..5 {
        log.insert(IN_APRIL + number, "leads.lead.created").await;
    }
    log.insert(IN_MAY, "leads.lead.created").await;
    let beside = "INSERT INTO audit_pii (event_id, path, tenant_id, salt, value) \
                  SELECT id, '/source/ip', tenant_id, decode(repeat('00', 32), 'hex'), '192.0.2.7' FROM event";
    log.run(beside).await.unwrap();
    settle(&log.store).await;
    assert_eq!(log.store.drop_places().await.unwrap(), 0, "nothing says that they expire");
    assert_eq!(apply(&log.store, DAY).await, Applied { recorded: 6, deleted: 0 });
    assert_eq!(log.store.drop_places().await.unwrap(), 0, "what says so is not sealed");
    seal(&log.store).await;
    assert_eq!(log.store.drop_places().await.unwrap(), 0, "nor elsewhere");
    publish(&log.store).await;

    assert_eq!(log.store.drop_places().await.unwrap(), 5);

    assert!(!log.leaves().await.contains(&"event_content_2025_04".to_owned()));
    assert_eq!(log.expired().await, 5, "the trail is whole");
    assert_eq!(log.texts("SELECT count(*)::text FROM audit_pii").await, ["6"], "until the expiry is done with");
    assert_eq!(apply(&log.store, DAY).await, Applied { recorded: 0, deleted: 1 }, "the one of another month, as a row");
    assert_eq!(log.texts("SELECT count(*)::text FROM audit_pii").await, ["0"]);
    assert_eq!(log.texts("SELECT count(*)::text FROM audit_expiry_pending").await, ["0"]);
    assert_eq!(log.expired().await, 6);
    log.insert(IN_APRIL + 9, "leads.lead.created").await;
    assert_eq!(
        log.texts("SELECT count(*)::text FROM event_content_rest").await,
        ["1"],
        "there is a place for everything"
    );
}

/// Each of these is one body among others of which everything is in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_stays_for_one_body_that_has_to() {
    for (what, at) in [("too young", "2030-01-03T11:59:00Z"), ("not written down", "2030-01-01T12:00:00Z")] {
        let Some(mut log) = Log::open().await else { return };
        log.with_april("content").await;
        log.insert(IN_APRIL, "leads.lead.created").await;
        if what == "too young" {
            log.insert_at(IN_APRIL + 1, "leads.lead.created", at).await;
        }
        settle(&log.store).await;
        assert_eq!(apply(&log.store, DAY).await.recorded, 1);
        settle(&log.store).await;
        if what == "not written down" {
            log.insert_at(IN_APRIL + 1, "leads.lead.created", at).await;
            settle(&log.store).await;
        }

        assert_eq!(log.store.drop_places().await.unwrap(), 0, "{what}");
        assert_eq!(apply(&log.store, DAY).await.deleted, 1, "{what}: the other one goes as a row");
        assert!(log.leaves().await.contains(&"event_content_2025_04".to_owned()), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_stays_for_a_body_that_waits_for_a_reader() {
    for list in ["event_seal_pending", "event_dispatch_pending"] {
        let Some(mut log) = Log::open().await else { return };
        log.with_april("content").await;
        for number in 0..2 {
            log.insert(IN_APRIL + number, "leads.lead.created").await;
        }
        settle(&log.store).await;
        assert_eq!(apply(&log.store, DAY).await.recorded, 2);
        settle(&log.store).await;
        if list == "event_seal_pending" {
            log.insert(IN_APRIL + 7, "leads.lead.created").await;
            log.run("DELETE FROM event_dispatch_pending").await.unwrap();
        } else {
            let again = "INSERT INTO event_dispatch_pending SELECT id, tenant_id, position FROM event \
                         WHERE name = 'leads.lead.created' LIMIT 1";
            log.run(again).await.unwrap();
        }

        assert_eq!(log.store.drop_places().await.unwrap(), 0, "{list}");

        log.run("DELETE FROM event_dispatch_pending").await.unwrap();
        if list == "event_dispatch_pending" {
            assert_eq!(log.store.drop_places().await.unwrap(), 2, "and goes when nobody waits for it");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_whose_time_is_not_over_stays() {
    let Some(mut log) = Log::open().await else { return };
    log.store.make_places().await.unwrap();
    log.with_april("security").await;
    let before = log.leaves().await;

    assert_eq!(log.store.drop_places().await.unwrap(), 0);

    let gone: Vec<_> = {
        let after = log.leaves().await;
        before.into_iter().filter(|leaf| !after.contains(leaf)).collect()
    };
    assert_eq!(gone, ["event_security_2025_04"], "the one that is over and empty");
    for leaf in
        ["event_security_rest", "event_retention", "event", "event_security", "audit_chain", "x; DROP TABLE event"]
    {
        assert_eq!(log.texts(&format!("SELECT coalesce(event_drop_leaf('{leaf}')::text, 'stays')")).await, ["stays"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_leaf_that_somebody_reads() {
    let Some(mut log) = Log::open().await else { return };
    log.with_april("content").await;
    log.insert(IN_APRIL, "leads.lead.created").await;
    settle(&log.store).await;
    assert_eq!(apply(&log.store, DAY).await.recorded, 1);
    settle(&log.store).await;
    let mut reader = log.database.connection().await;
    let mut reading = reader.begin().await.unwrap();
    reading.execute("SELECT count(*) FROM event").await.unwrap();

    let dropping = {
        let store = log.store.clone();
        tokio::spawn(async move { store.drop_places().await })
    };
    let writing = async {
        for number in 0..20 {
            log.insert(IN_MAY + number, "leads.lead.created").await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), writing).await.expect("nobody who writes waits for long");

    assert_eq!(dropping.await.unwrap().unwrap(), 0, "given up");
    assert_eq!(apply(&log.store, DAY).await.deleted, 1, "as a row instead");
    reading.rollback().await.unwrap();
    assert_eq!(log.store.drop_places().await.unwrap(), 0);
    assert!(!log.leaves().await.contains(&"event_content_2025_04".to_owned()), "an empty leaf goes when it can");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_that_was_not_dropped_to_the_end_is_there() {
    let Some(mut log) = Log::open().await else { return };
    log.with_april("content").await;
    log.insert(IN_APRIL, "leads.lead.created").await;
    settle(&log.store).await;
    assert_eq!(apply(&log.store, DAY).await.recorded, 1);
    settle(&log.store).await;

    let mut killed = log.database.connection().await;
    let mut half = killed.begin().await.unwrap();
    let dropped: Option<i64> =
        sqlx::query_scalar("SELECT event_drop_leaf('event_content_2025_04')").fetch_one(&mut *half).await.unwrap();
    assert_eq!(dropped, Some(1));
    drop(half);
    killed.close_hard().await.unwrap();

    assert_eq!(log.texts("SELECT name FROM event WHERE name LIKE 'leads.%'").await, ["leads.lead.created"]);
    assert_eq!(log.store.drop_places().await.unwrap(), 1);
}

impl Log {
    /// A role that gets nothing from a leaf.
    async fn refuses_a_role(&mut self, role: &str, leaf: &str) {
        let denied = [
            format!("SELECT * FROM {leaf}"),
            format!("INSERT INTO {leaf} SELECT * FROM {leaf}"),
            format!("UPDATE {leaf} SET outcome = 'denied'"),
            format!("DELETE FROM {leaf}"),
            format!("TRUNCATE {leaf}"),
            format!("SELECT event_make_leaf('{leaf}', now())"),
        ];
        let owners = [format!("DROP TABLE {leaf}"), format!("ALTER TABLE {leaf} DISABLE TRIGGER USER")];
        let denied = denied.into_iter().map(|sql| (sql, "permission denied"));
        self.run(&format!("SET ROLE {role}")).await.unwrap();
        for (sql, words) in denied.chain(owners.into_iter().map(|sql| (sql, "must be owner"))) {
            let refused = self.run(&sql).await.unwrap_err();
            assert!(refused.contains(words), "{role}: {sql}: {refused}");
        }
        self.run("RESET ROLE").await.unwrap();
    }

    /// The owner, who has every right, and triggers against them.
    async fn refuses_the_owner(&mut self, leaf: &str) {
        let truncated = self.run(&format!("TRUNCATE {leaf}")).await.unwrap_err();
        assert!(truncated.contains(LOG), "{leaf}: {truncated}");
        for change in [format!("UPDATE {leaf} SET outcome = 'denied'"), format!("DELETE FROM {leaf}")] {
            let refused = self.run(&change).await;
            let is_refused = refused.as_ref().is_err_and(|error| error.contains(LOG));
            assert!(refused == Ok(0) || is_refused, "{change}: {refused:?}");
        }
    }
}

/// Row by row of what is refused of the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_is_guarded_like_the_log() {
    let Some(mut log) = Log::open().await else { return };
    log.with_april("security").await;
    log.insert(IN_APRIL, "identity.login.failed").await;
    log.insert(1, "identity.login.failed").await;
    let tables = log.texts("SELECT relid::regclass::text FROM pg_partition_tree('event') WHERE level > 0").await;
    for leaf in &tables {
        for role in ["ashlar_app", "ashlar_sealer", "ashlar_privacy"] {
            log.refuses_a_role(role, leaf).await;
        }
    }

    for setting in ["origin", "replica"] {
        log.run(&format!("SET session_replication_role = {setting}")).await.unwrap();
        for leaf in &tables {
            log.refuses_the_owner(leaf).await;
        }
    }

    assert_eq!(log.texts("SELECT count(*)::text FROM event").await, ["2"]);
    // Granting again grants no leaf.
    log.run("SELECT ashlar_grant_roles()").await.unwrap();
    log.refuses_a_role("ashlar_app", "event_security_2025_04").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_are_the_programs_to_make_and_the_workers_to_drop() {
    let Some(mut log) = Log::open().await else { return };
    let (make, drop) = ("SELECT event_make_leaves()", "SELECT event_drop_leaf('event_security_rest')");
    let mut outcomes = BTreeMap::new();
    for role in ["ashlar_app", "ashlar_sealer", "ashlar_privacy"] {
        log.run(&format!("SET ROLE {role}")).await.unwrap();
        outcomes.insert(role, (log.run(make).await.is_ok(), log.run(drop).await.is_ok()));
        log.run("RESET ROLE").await.unwrap();
    }

    let expected =
        [("ashlar_app", (true, false)), ("ashlar_privacy", (false, true)), ("ashlar_sealer", (false, false))];
    assert_eq!(outcomes, BTreeMap::from(expected));
}

/// What somebody puts in the way of the owner's functions they do not see.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_cannot_make_the_owner_see_what_is_not_there() {
    let Some(mut log) = Log::open().await else { return };
    log.with_april("content").await;
    log.insert(IN_APRIL, "leads.lead.created").await;
    settle(&log.store).await;
    let forged = "SET ROLE ashlar_privacy;
        CREATE TEMP TABLE audit_chain AS SELECT id AS event_id, tenant_id, 1::bigint AS seq FROM event;
        CREATE TEMP TABLE audit_expired AS SELECT tenant_id, 1::bigint AS from_seq, 1::bigint AS to_seq, 'content' AS class,
            'infinity'::timestamptz AS occurred_before, id AS event_id FROM event;
        CREATE TEMP TABLE audit_checkpoint AS SELECT tenant_id, 9 AS size, now() AS published_at FROM event;
        CREATE TEMP TABLE event_dispatch_pending AS SELECT id AS event_id FROM event LIMIT 0;
        SET search_path = pg_temp, public";
    log.run(forged).await.unwrap();

    let dropped = log.texts("SELECT coalesce(public.event_drop_leaf('event_content_2025_04')::text, 'stays')").await;

    assert_eq!(dropped, ["stays"]);
}

/// What was in the log before it had leaves is there afterwards, and the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_before_are_carried_over_and_back() {
    let Some(database) = PostgresDatabase::create().await else { return };
    migrate(&database.options()).await;
    let schema = ashlar_sql::SchemaConnection::open(&database.options()).await.unwrap();
    let store = crate::support::connect(database.options()).await;
    let mut log = Log { raw: database.connection().await, database, store };
    for (number, id) in [IN_MAY, 1, IN_APRIL, IN_APRIL + 1].into_iter().enumerate() {
        log.insert(id, NAMES[number]).await;
    }
    seal(&log.store).await;
    log.insert(IN_MAY + 1, "leads.lead.created").await;
    let content = "SELECT event::text FROM event ORDER BY position";
    let lists = "SELECT event_id::text FROM event_seal_pending UNION ALL SELECT event_id::text FROM event_dispatch_pending \
                 ORDER BY 1";
    let (before, waiting) = (log.texts(content).await, log.texts(lists).await);

    for _there_and_back in 0..2 {
        assert_eq!(ashlar_migrations::down(schema.connection(), 1).await.unwrap().len(), 1);
        assert_eq!(log.texts(content).await, before);
        ashlar_migrations::up(schema.connection()).await.unwrap();
        assert_eq!(log.texts(content).await, before);
        assert_eq!(log.texts(lists).await, waiting, "nothing is announced twice");
    }

    let leaves = log.texts("SELECT tableoid::regclass::text FROM event ORDER BY position").await;
    assert_eq!(leaves[0], "event_security_2025_05");
    assert_eq!(leaves[1..4], ["event_security_rest", "event_security_2025_04", "event_billing_2025"]);
    assert_eq!(leaves[4], "event_content_2025_05");
    log.insert(2, "leads.lead.created").await;
    let numbers = log.texts("SELECT position::text FROM event ORDER BY position").await;
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"], "no number is given twice");
    schema.close().await;
}
