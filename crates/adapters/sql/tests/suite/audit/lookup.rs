//! By which index events are looked up.

use ashlar_audit::log::{Action, AuditStore, EventFilter, EventOrder, EventPosition, EventQuery};
use ashlar_kernel::{Outcome, TenantId};
use ashlar_sql::SqlStore;
use sqlx::{Executor, Row};
use uuid::Uuid;

use super::emit;
use crate::{
    statements::{Log, watched},
    support::{PostgresDatabase, SqliteFile, noon},
};

/// A page far behind the first, with many behind it.
fn page(filter: EventFilter, order: EventOrder) -> EventQuery {
    let (at, id) = match order {
        EventOrder::NewestFirst => (noon(), Uuid::max()),
        EventOrder::OldestFirst => (noon() - chrono::TimeDelta::hours(4), Uuid::nil()),
    };
    EventQuery {
        tenant: TenantId::MAIN,
        filter,
        order,
        after: Some(EventPosition { at, id }),
        rows: 51,
        with_personal: false,
    }
}

/// Filters with the indexes that answer them.
fn lookups() -> Vec<(EventFilter, &'static str)> {
    let none = EventFilter::default;
    let rare = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b";
    vec![
        (EventFilter { actor_id: Some(rare.to_owned()), ..none() }, "event_actor_id_idx"),
        (EventFilter { action: "demo.thing.lost".parse().ok(), ..none() }, "event_name_idx"),
        (EventFilter { action: "demo.thing.l*".parse().ok(), ..none() }, "event_name_idx"),
        (EventFilter { request_id: Some("rare".to_owned()), ..none() }, "event_request_id_idx"),
        (EventFilter { ip: "192.0.2.99".parse().ok(), ..none() }, "event_source_ip_idx"),
        (EventFilter { ip: "192.0.2.99".parse().ok(), ..none() }, "audit_pii_ip_idx"),
        (EventFilter { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().ok(), ..none() }, "event_trace_id_idx"),
        (EventFilter { outcome: Some(Outcome::Denied), ..none() }, "event_outcome_idx"),
        (EventFilter { outcome: Some(Outcome::Failed), ..none() }, "event_outcome_idx"),
        (EventFilter::of_target(ashlar_kernel::Target::new("user", rare)), "event_target"),
        (EventFilter { target_id: Some(rare.to_owned()), ..none() }, "event_target"),
        (EventFilter { mention: rare.parse().ok(), ..none() }, "event_target"),
    ]
}

async fn ask(store: &SqlStore, log: &Log, query: &EventQuery) -> String {
    log.take();
    AuditStore::events(store, query).await.unwrap();
    let asked = log.take();
    assert_eq!(asked.len(), 1, "{asked:?}");
    asked.into_iter().next().unwrap()
}

#[tokio::test]
async fn events_are_looked_up_by_an_index_on_sqlite() {
    let file = SqliteFile::new();
    let (store, log) = watched(file.options()).await;
    emit(&store, TenantId::MAIN).await;
    let plan = async |query: &EventQuery| {
        let sql = format!("EXPLAIN QUERY PLAN {}", ask(&store, &log, query).await);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut file.connection().await).await.unwrap();
        rows.into_iter().map(|row| row.get("detail")).collect::<Vec<String>>()
    };
    for (order, seek) in
        [(EventOrder::NewestFirst, "(occurred_at,id)<(?,?)"), (EventOrder::OldestFirst, "(occurred_at,id)>(?,?)")]
    {
        let plan = plan(&page(EventFilter::default(), order)).await;
        assert_eq!(plan.len(), 1, "one step, no sorting: {plan:?}");
        assert!(
            plan[0].contains("event USING INDEX event_tenant_id_occurred_at_idx") && plan[0].contains(seek),
            "{plan:?}"
        );
    }
    for (filter, index) in lookups() {
        if matches!(filter.action, Some(Action::Beginning(_))) {
            continue; // Without statistics, SQLite takes the order of events for cheaper.
        }
        let query = page(filter, EventOrder::NewestFirst);
        let plan = plan(&query).await;
        assert!(plan.iter().any(|step| step.contains(index)), "{:?}: {plan:?}", query.filter);
        assert!(!plan.iter().any(|step| step.starts_with("SCAN event")), "{:?}: {plan:?}", query.filter);
    }
}

#[tokio::test]
async fn events_are_looked_up_by_an_index_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let (store, log) = watched(database.options()).await;
    emit(&store, TenantId::MAIN).await;
    let mut connection = database.connection().await;
    let many = "INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, actor_id, targets, outcome, \
                diff, data, source, request_id, traceparent) SELECT gen_random_uuid(), tenant_id, \
                occurred_at - n * interval '1 s', 'demo.thing.' || n % 50, 1, 'user', gen_random_uuid()::text, \
                jsonb_build_array(jsonb_build_object('type', 'user', 'id', gen_random_uuid())), outcome, diff, data, \
                jsonb_build_object('ip', '10.0.' || n % 200 || '.' || n % 50), 'r' || n, \
                '00-' || md5(n::text) || '-00f067aa0ba902b7-01' FROM event, generate_series(1, 20000) n";
    connection.execute(many).await.unwrap();
    let beside = "INSERT INTO audit_pii (event_id, path, tenant_id, salt, value) \
                  SELECT id, '/source/ip', tenant_id, decode(repeat('00', 32), 'hex'), '10.1.' || position FROM event \
                  WHERE name <> 'identity.session.refresh_repeated'";
    connection.execute(beside).await.unwrap();
    for table in ["VACUUM ANALYZE event", "VACUUM ANALYZE audit_pii"] {
        connection.execute(table).await.unwrap();
    }
    // Each leaf has indexes of its own; what they are part of is what was asked for.
    let of_leaves = "SELECT relname::text, pg_partition_root(oid)::text FROM pg_class WHERE relispartition \
                     AND relkind IN ('i', 'I') ORDER BY length(relname) DESC";
    let of_leaves: Vec<(String, String)> = sqlx::query_as(of_leaves).fetch_all(&mut connection).await.unwrap();
    let mut plan = async |sql: String, bound: Vec<String>| {
        // What is asked with parameters is planned with what they stand for.
        let filled = bound.iter().enumerate().rev().fold(sql, |sql, (index, value)| {
            sql.replace(&format!("${}", index + 1), &format!("'{}'", value.replace('\'', "''")))
        });
        let explain = format!("EXPLAIN {filled}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        of_leaves.iter().fold(plan, |plan, (leaf, whole)| plan.replace(leaf, whole))
    };
    let at = |query: &EventQuery| {
        let after = query.after.unwrap();
        [after.at.to_rfc3339(), after.id.to_string()]
    };
    for order in [EventOrder::NewestFirst, EventOrder::OldestFirst] {
        let query = page(EventFilter::default(), order);
        let sql = ask(&store, &log, &query).await;
        let plan = plan(sql, [vec![TenantId::MAIN.to_string()], at(&query).to_vec()].concat()).await;
        let is_sorted = plan.lines().any(|line| line.trim_start_matches(['-', '>', ' ']).starts_with("Sort  ("));
        assert!(plan.contains("using event_tenant_id_occurred_at_idx on event") && !is_sorted, "{plan}");
        let condition = plan.lines().find(|line| line.contains("Index Cond")).unwrap();
        assert!(condition.contains("ROW(occurred_at, id)"), "the page begins where the last one ended: {plan}");
    }
    for (filter, index) in lookups() {
        let query = page(filter, EventOrder::NewestFirst);
        let sql = ask(&store, &log, &query).await;
        let plan =
            plan(sql, [vec![TenantId::MAIN.to_string()], values(&query.filter), at(&query).to_vec()].concat()).await;
        assert!(plan.contains(index), "{:?}: {plan}", query.filter);
    }
}

/// What a filter binds, in the order in which it does.
fn values(filter: &EventFilter) -> Vec<String> {
    if let Some(Action::Beginning(name)) = &filter.action {
        return vec![name.clone(), format!("{}m", name.trim_end_matches('l'))];
    }
    if let Some(mention) = &filter.mention {
        let (tenant, id) = (TenantId::MAIN.to_string(), mention.as_str().to_owned());
        let target = serde_json::json!([{ "id": id }]).to_string();
        return vec![tenant.clone(), id.clone(), tenant, id.clone(), target, id];
    }
    if let Some(id) = &filter.target_id {
        let target = match &filter.target_type {
            Some(kind) => serde_json::json!([{ "type": kind, "id": id }]),
            None => serde_json::json!([{ "id": id }]),
        };
        return vec![target.to_string()];
    }
    if let Some(ip) = filter.ip {
        let (tenant, ip) = (TenantId::MAIN.to_string(), ip.to_string());
        return vec![tenant.clone(), ip.clone(), tenant, ip];
    }
    let action = filter.action.as_ref().map(|_| "demo.thing.lost".to_owned());
    let texts = [filter.actor_id.clone(), action, filter.request_id.clone()];
    let trace = filter.trace_id.as_ref().map(|trace| trace.as_str().to_owned());
    texts.into_iter().chain([trace]).flatten().collect()
}
