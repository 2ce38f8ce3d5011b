//! Which bodies the database lets go, whoever asks.

use std::sync::Arc;

use ashlar_audit::{
    Sealer,
    port::{CheckpointStore as _, SignedCheckpoint, TrailStore as _},
    retention::{Applied, Class, Periods, Retention},
    verify::verify_trail,
};
use ashlar_kernel::{Context, EventLog as _, LogReader, RequestId, TenantId};
use ashlar_sql::SqlStore;
use chrono::TimeDelta;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _, SqliteConnection};
use uuid::Uuid;

use crate::support::{PostgresDatabase, SqliteFile, noon, store_on};

/// A connection that goes past the product.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    async fn run(&mut self, sql: &str) -> Result<u64, String> {
        let text = AssertSqlSafe(sql.to_owned());
        let done = match self {
            Self::Sqlite(raw) => raw.execute(text).await.map(|done| done.rows_affected()),
            Self::Postgres(raw) => raw.execute(text).await.map(|done| done.rows_affected()),
        };
        done.map_err(|error| error.to_string())
    }

    async fn refuses(&mut self, sql: &str, words: &str) {
        let refused = self.run(sql).await.unwrap_err();
        assert!(refused.contains(words), "{sql}: {refused}");
    }

    async fn number(&mut self, sql: &str) -> i64 {
        let text = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(raw) => raw.fetch_one(text).await.unwrap().get(0),
            Self::Postgres(raw) => raw.fetch_one(text).await.unwrap().get(0),
        }
    }

    fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", id.simple()),
            Self::Postgres(_) => format!("'{id}'::uuid"),
        }
    }

    /// An event that happened at noon, past every unit of work.
    async fn insert(&mut self, number: usize, name: &str) {
        let id = self.id(Uuid::from_u128(0xE000 + u128::try_from(number).unwrap()));
        let tenant = self.id(TenantId::MAIN.as_uuid());
        let insert = format!(
            "INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, targets, outcome, diff, data, \
             source, request_id) VALUES ({id}, {tenant}, '2030-01-01T12:00:00+00:00', '{name}', 1, 'anonymous', \
             '[{{\"type\":\"thing\",\"id\":\"t{number}\"}},{{\"type\":\"tenant\",\"id\":\"x\"}}]', 'ok', '[]', '{{}}', \
             '{{}}', 'r')"
        );
        self.run(&insert).await.unwrap();
    }
}

/// One name for each beginning that means a class, and some that mean none.
pub(super) const NAMES: [&str; 13] = [
    "admin.notification.resolved",
    "audit.log.read",
    "audit.retention.applies",
    "billing.invoice.issued",
    "courses.course.published",
    "identity.login.failed",
    "jobs.job.cancelled",
    "leads.client.created",
    "leads.contract.signed",
    "leads.contract_file.added",
    "leads.export.taken",
    "leads.lead.created",
    "leads",
];

pub(super) const DAY: Periods =
    Periods { security: TimeDelta::days(1), billing: TimeDelta::days(1), content: TimeDelta::days(1) };

/// Seals everything, signs it, and has the relay handle it. Transactions of other databases of the server hold the sealer
/// up as well.
pub(super) async fn settle(store: &SqlStore) {
    seal(store).await;
    publish(store).await;
}

pub(super) async fn seal(store: &SqlStore) {
    let sealer = Sealer::new(Arc::new(store.clone()));
    for _look in 0..1_000 {
        sealer.step(noon()).await.unwrap();
        if sealer.unsealed().await.unwrap().events == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

pub(super) async fn publish(store: &SqlStore) {
    let heads = store.uncovered(10).await.unwrap();
    let signed = |head: &ashlar_audit::Head| SignedCheckpoint {
        tenant: head.tenant(),
        size: head.size(),
        note: "note".to_owned(),
    };
    let signed: Vec<_> = heads.iter().map(signed).collect();
    store.save_checkpoints(&signed, noon()).await.unwrap();
    store.mark_published(&signed, noon()).await.unwrap();
    let waiting = store.pending(LogReader::Dispatch, 1_000).await.unwrap();
    let ids: Vec<_> = waiting.iter().map(|event| event.id).collect();
    store.handled(LogReader::Dispatch, &ids).await.unwrap();
}

fn context() -> Context {
    let later = noon() + TimeDelta::days(2);
    Context::system("retention", TenantId::MAIN, RequestId::parse("retention").unwrap(), later)
}

pub(super) async fn apply(store: &SqlStore, periods: Periods) -> Applied {
    Retention::new(Arc::new(store.clone()), periods).apply(&context()).await.unwrap()
}

async fn expired(store: &SqlStore) -> u64 {
    let mut snapshot = store.snapshot().await.unwrap();
    let report = verify_trail(&mut *snapshot, TenantId::MAIN, Vec::new(), &|_rows| ()).await.unwrap();
    assert_eq!(report.breach, None);
    report.expired
}

async fn domain_and_trigger_agree_about_classes(store: SqlStore, mut raw: Raw) {
    for (number, name) in NAMES.iter().enumerate() {
        raw.insert(number, name).await;
    }
    settle(&store).await;
    let all = u64::try_from(NAMES.len()).unwrap();

    assert_eq!(apply(&store, DAY).await, Applied { recorded: all, deleted: 0 });
    settle(&store).await;
    assert_eq!(apply(&store, DAY).await, Applied { recorded: 0, deleted: all });

    assert_eq!(raw.number("SELECT count(*) FROM event").await, i64::try_from(Class::ALL.len()).unwrap());
    assert_eq!(expired(&store).await, all);
    if matches!(raw, Raw::Sqlite(_)) {
        let others = "SELECT count(*) FROM event_target WHERE event_id NOT IN (SELECT id FROM event)";
        assert_eq!(raw.number(others).await, 0, "nothing is found by what it happened to that is not there");
        assert!(raw.number("SELECT count(*) FROM event_target").await > 0);
    }
}

async fn bodies_go_that_are_written_down_sealed_and_signed(store: SqlStore, mut raw: Raw) {
    const LOG: &str = "the event log is insert-only";
    for (number, name) in ["leads.lead.created", "identity.login.failed", "leads.lead.moved"].iter().enumerate() {
        raw.insert(number, name).await;
    }
    settle(&store).await;
    let long = Periods { security: TimeDelta::days(9), billing: TimeDelta::days(9), content: TimeDelta::days(1) };
    raw.refuses("DELETE FROM event", LOG).await;

    assert_eq!(apply(&store, long).await.recorded, 2);
    raw.refuses("DELETE FROM event WHERE name = 'leads.lead.created'", LOG).await;
    raw.insert(8, "leads.lead.created").await;
    seal(&store).await;
    raw.refuses("DELETE FROM event WHERE name = 'leads.lead.moved'", LOG).await;
    publish(&store).await;

    raw.refuses("DELETE FROM event", LOG).await;
    raw.refuses("DELETE FROM event WHERE name LIKE 'leads.%'", LOG).await;
    raw.refuses("DELETE FROM event WHERE name LIKE 'identity.%'", LOG).await;
    raw.refuses("DELETE FROM event WHERE name LIKE 'audit.%'", LOG).await;
    assert_eq!(raw.number("SELECT count(*) FROM event").await, 5);
    assert_eq!(raw.run("DELETE FROM event WHERE name = 'leads.lead.moved'").await, Ok(1));
    assert_eq!(apply(&store, long).await, Applied { recorded: 1, deleted: 1 }, "the one that was left");
    assert_eq!(expired(&store).await, 2);
}

async fn what_expires_is_founded_and_stays_written_down(store: SqlStore, mut raw: Raw) {
    const TRAIL: &str = "the audit trail is insert-only";
    for number in 0..3 {
        raw.insert(number, "leads.lead.created").await;
    }
    raw.insert(4, "identity.login.failed").await;
    settle(&store).await;
    let long = Periods { security: TimeDelta::days(9), ..DAY };
    assert_eq!(apply(&store, long).await.recorded, 3);
    let run = |(from, to): (u8, u8), class: &str, before: &str, event: &str| {
        format!(
            "INSERT INTO audit_expired (tenant_id, from_seq, to_seq, class, occurred_before, event_id) \
             SELECT tenant_id, {from}, {to}, '{class}', '{before}', id FROM event WHERE {event} LIMIT 1"
        )
    };
    let (is_said, early) = ("name = 'audit.retention.applied'", "2030-01-02T00:00:00+00:00");
    raw.refuses(&run((4, 4), "security", early, is_said), TRAIL).await;
    raw.refuses(&run((4, 4), "content", early, "name = 'identity.login.failed'"), TRAIL).await;
    raw.refuses(&run((4, 4), "content", "2031-01-01T00:00:00+00:00", is_said), TRAIL).await;
    raw.refuses(&run((3, 4), "content", early, is_said), TRAIL).await;
    for sql in ["UPDATE audit_expired SET to_seq = to_seq + 1", "DELETE FROM audit_expired"] {
        raw.refuses(sql, TRAIL).await;
    }
    let other = match raw {
        Raw::Sqlite(_) => "REPLACE INTO audit_expired SELECT * FROM audit_expired",
        Raw::Postgres(_) => "TRUNCATE audit_expired CASCADE",
    };
    raw.refuses(other, TRAIL).await;

    // Of another class than what happened: such a run is founded, and lets nothing go.
    assert_eq!(raw.run(&run((4, 4), "content", early, is_said)).await, Ok(1));
    settle(&store).await;
    raw.refuses("DELETE FROM event WHERE name = 'identity.login.failed'", "the event log is insert-only").await;
}

async fn what_goes_along_with_others_is_found(store: SqlStore, mut raw: Raw) {
    for number in 0..4 {
        raw.insert(number, "leads.lead.created").await;
    }
    raw.insert(5, "identity.login.failed").await;
    settle(&store).await;
    let long = Periods { security: TimeDelta::days(9), ..DAY };
    assert_eq!(apply(&store, long).await.recorded, 4);
    settle(&store).await;
    // Somebody with every right takes the guards away.
    let disarm = match raw {
        Raw::Sqlite(_) => "DROP TRIGGER event_no_delete; DROP TRIGGER audit_expired_no_update",
        Raw::Postgres(_) => "ALTER TABLE event DISABLE TRIGGER USER; ALTER TABLE audit_expired DISABLE TRIGGER USER",
    };
    raw.run(disarm).await.unwrap();
    raw.run("UPDATE audit_expired SET to_seq = 5").await.unwrap();
    assert_eq!(apply(&store, long).await.deleted, 5);

    let mut snapshot = store.snapshot().await.unwrap();
    let report = verify_trail(&mut *snapshot, TenantId::MAIN, Vec::new(), &|_rows| ()).await.unwrap();

    let breach = report.breach.unwrap();
    assert_eq!((breach.kind, breach.seq, breach.until), (ashlar_audit::Tampering::Deleted, Some(1), Some(5)));
}

macro_rules! on_both {
    ($($law:ident: $sqlite:ident, $postgres:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $sqlite() {
                let file = SqliteFile::new();
                let store = store_on(file.options()).await;
                let raw = Raw::Sqlite(file.connection().await);
                $law(store, raw).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn $postgres() {
                let Some(database) = PostgresDatabase::create().await else { return };
                let store = store_on(database.options()).await;
                let raw = Raw::Postgres(database.connection().await);
                $law(store, raw).await;
            }
        )+
    };
}

on_both! {
    domain_and_trigger_agree_about_classes:
        domain_and_trigger_agree_about_classes_on_sqlite, domain_and_trigger_agree_about_classes_on_postgres;
    bodies_go_that_are_written_down_sealed_and_signed:
        bodies_go_that_are_written_down_sealed_and_signed_on_sqlite,
        bodies_go_that_are_written_down_sealed_and_signed_on_postgres;
    what_expires_is_founded_and_stays_written_down:
        what_expires_is_founded_and_stays_written_down_on_sqlite,
        what_expires_is_founded_and_stays_written_down_on_postgres;
    what_goes_along_with_others_is_found:
        what_goes_along_with_others_is_found_on_sqlite, what_goes_along_with_others_is_found_on_postgres;
}
