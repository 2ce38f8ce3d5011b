//! What each role of PostgreSQL may do with the trail, row by row of the table in `docs/audit.md`.

use std::sync::Arc;

use ashlar_audit::log::{AuditEvent, AuditStore, Erasure};
use ashlar_audit::port::{CheckpointStore, SignedCheckpoint, TrailStore};
use ashlar_audit::{
    Sealer, Tampering,
    retention::{Periods, Retention},
    verify::verify_trail,
};
use ashlar_kernel::{Change, Context, EventLog, LogReader, TenantId};
use ashlar_sql::{SqlOptions, SqlStore};
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

use super::emit;
use crate::support::{PostgresDatabase, connect, context, noon, store_on};

/// A store whose every connection plays a role.
async fn as_role(database: &PostgresDatabase, role: &str) -> SqlStore {
    let separator = if database.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}options[role]={role}", database.url());
    connect(SqlOptions::parse(&url).unwrap()).await
}

/// A database with a trail of four events.
async fn sealed() -> Option<(PostgresDatabase, SqlStore)> {
    let database = PostgresDatabase::create().await?;
    let store = store_on(database.options()).await;
    for _event in 0..4 {
        emit(&store, TenantId::MAIN).await;
    }
    seal(&store, 4).await;
    let signed = SignedCheckpoint { tenant: TenantId::MAIN, size: 4, note: "note".to_owned() };
    store.save_checkpoints(&[signed], noon()).await.unwrap();
    Some((database, store))
}

async fn seal(store: &SqlStore, events: u32) {
    let sealer = Sealer::new(Arc::new(store.clone()));
    let mut done = 0;
    for _look in 0..1_000 {
        done += sealer.step(noon()).await.unwrap();
        if done >= events {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    unreachable!("{done} of {events} events were sealed");
}

/// Whether a turn at sealing fails. Transactions elsewhere on the server may put it off.
async fn is_kept_from_sealing(store: &SqlStore) -> bool {
    let sealer = Sealer::new(Arc::new(store.clone()));
    for _look in 0..1_000 {
        match sealer.step(noon()).await {
            Ok(0) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            Ok(_sealed) => return false,
            Err(_) => return true,
        }
    }
    unreachable!("there was never anything to seal");
}

/// Every statement is refused to the role in these words.
async fn refuses(database: &PostgresDatabase, role: &str, statements: &[&str], words: &str) {
    let mut connection = database.connection().await;
    connection.execute(AssertSqlSafe(format!("SET ROLE {role}"))).await.unwrap();
    for sql in statements {
        let outcome = connection.execute(AssertSqlSafe((*sql).to_owned())).await;
        let refused = outcome.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains(words), "{role}: {sql}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn program_may_neither_rewrite_the_log_nor_touch_the_trail() {
    let Some((database, _)) = sealed().await else { return };
    let denied = [
        "UPDATE event SET outcome = 'denied'",
        "DELETE FROM event",
        "TRUNCATE event",
        "DELETE FROM event_seal_pending",
        "UPDATE event_seal_pending SET position = 0",
        "INSERT INTO audit_chain SELECT * FROM audit_chain",
        "UPDATE audit_chain SET seq = seq + 1",
        "DELETE FROM audit_chain",
        "DELETE FROM audit_tree",
        "UPDATE audit_head SET size = 1",
        "DELETE FROM audit_head",
        "UPDATE audit_checkpoint SET note = 'x'",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_pii SET value = 'x'",
        "DELETE FROM audit_pii",
        "TRUNCATE audit_pii",
        "DELETE FROM seaql_migrations",
        "SELECT ashlar_grant_roles()",
    ];
    refuses(&database, "ashlar_app", &denied, "permission denied").await;
    let ddl = ["ALTER TABLE event DISABLE TRIGGER USER", "DROP TABLE event", "DROP TRIGGER event_insert_only ON event"];
    refuses(&database, "ashlar_app", &ddl, "must be owner").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealer_adds_to_the_trail_and_takes_nothing_back() {
    let Some((database, _)) = sealed().await else { return };
    let denied = [
        "INSERT INTO event (id) VALUES (gen_random_uuid())",
        "UPDATE event SET outcome = 'denied'",
        "DELETE FROM event",
        "UPDATE audit_chain SET seq = seq + 1",
        "DELETE FROM audit_chain",
        "UPDATE audit_tree SET level = level + 1",
        "DELETE FROM audit_tree",
        "DELETE FROM audit_head",
        "DELETE FROM audit_checkpoint",
        "SELECT * FROM \"user\"",
        "UPDATE membership SET role = 'admin'",
    ];
    refuses(&database, "ashlar_sealer", &denied, "permission denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn privacy_deletes_beside_the_log_and_touches_nothing_else() {
    let Some((database, _)) = sealed().await else { return };
    refuses(&database, "ashlar_privacy", &["DELETE FROM event"], "the event log is insert-only").await;
    let denied = [
        "INSERT INTO event (id) VALUES (gen_random_uuid())",
        "UPDATE event SET outcome = 'denied'",
        "TRUNCATE event",
        "UPDATE audit_expired SET to_seq = 9",
        "DELETE FROM audit_expired",
        "INSERT INTO audit_chain SELECT * FROM audit_chain",
        "UPDATE audit_checkpoint SET published_at = now()",
        "INSERT INTO audit_pii SELECT * FROM audit_pii",
        "UPDATE audit_pii SET value = 'x'",
        "TRUNCATE audit_pii",
        "DELETE FROM audit_chain",
        "DELETE FROM audit_checkpoint",
        "SELECT * FROM login_attempt",
        "SELECT * FROM \"user\"",
    ];
    refuses(&database, "ashlar_privacy", &denied, "permission denied").await;
    let mut owner = database.connection().await;
    let beside = "INSERT INTO audit_pii (event_id, path, tenant_id, salt, value) \
                  SELECT id, '/source/ip', tenant_id, decode(repeat('00', 32), 'hex'), '192.0.2.7' FROM event";
    owner.execute(beside).await.unwrap();
    for setting in ["SELECT 1", "SET session_replication_role = replica"] {
        owner.execute(setting).await.unwrap();
        let refused = owner.execute("UPDATE audit_pii SET value = 'x'").await.unwrap_err().to_string();
        assert!(refused.contains("the audit trail is insert-only"), "{refused}");
    }
    let mut privacy = database.connection().await;
    privacy.execute("SET ROLE ashlar_privacy").await.unwrap();
    assert_eq!(privacy.execute("DELETE FROM audit_pii").await.unwrap().rows_affected(), 4);
}

/// What is written down, sealed and signed is the worker's to delete, and still not the program's.
#[tokio::test(flavor = "multi_thread")]
async fn worker_lets_bodies_expire_and_a_program_without_the_role_does_not() {
    let Some((database, store)) = sealed().await else { return };
    let waiting = store.pending(LogReader::Dispatch, 100).await.unwrap();
    let ids: Vec<_> = waiting.iter().map(|event| event.id).collect();
    store.handled(LogReader::Dispatch, &ids).await.unwrap();
    let signed = |size| SignedCheckpoint { tenant: TenantId::MAIN, size, note: "note".to_owned() };
    store.mark_published(&[signed(4)], noon()).await.unwrap();
    let worker = format!("{}_worker", database.name());
    let mut owner = database.connection().await;
    let made = format!("CREATE ROLE {worker} NOLOGIN IN ROLE ashlar_app, ashlar_privacy");
    owner.execute(AssertSqlSafe(made)).await.unwrap();
    let later = Context { now: noon() + chrono::TimeDelta::days(500), ..context() };
    let apply = async |role: &str| {
        let store = as_role(&database, role).await;
        let applied = Retention::new(Arc::new(store.clone()), Periods::default()).apply(&later).await;
        store.close().await;
        applied.ok().map(|applied| (applied.recorded, applied.deleted))
    };

    assert_eq!(apply("ashlar_app").await, None);
    assert_eq!(apply(&worker).await, Some((4, 0)));
    seal(&store, 1).await;
    store.save_checkpoints(&[signed(5)], noon()).await.unwrap();
    store.mark_published(&[signed(5)], noon()).await.unwrap();
    let denied = [
        "DELETE FROM event WHERE name <> 'audit.retention.applied'",
        "INSERT INTO audit_expired SELECT * FROM audit_expired",
        "DELETE FROM audit_expired",
        "DELETE FROM audit_expiry_pending",
    ];
    refuses(&database, "ashlar_app", &denied, "permission denied").await;
    assert_eq!(apply("ashlar_app").await, None);
    assert_eq!(apply(&worker).await, Some((0, 4)));

    owner.execute(AssertSqlSafe(format!("DROP OWNED BY {worker} CASCADE; DROP ROLE {worker}"))).await.unwrap();
}

/// A worker is in several roles at once.
#[tokio::test(flavor = "multi_thread")]
async fn worker_erases_and_a_program_without_the_role_does_not() {
    let Some((database, store)) = sealed().await else { return };
    let subject = Uuid::from_u128(7);
    let context = Context { client_ip: "192.0.2.7".parse().ok(), ..context() };
    let read = |store: SqlStore, context: Context| async move {
        let mut tx = AuditStore::begin(&store, &context).await.unwrap();
        tx.note_request(Change::new((), AuditEvent::ErasureRequested { subject })).await.unwrap();
        tx.commit().await.unwrap();
    };
    read(store, context.clone()).await;
    let worker = format!("{}_worker", database.name());
    let mut owner = database.connection().await;
    let made = format!("CREATE ROLE {worker} NOLOGIN IN ROLE ashlar_app, ashlar_privacy");
    owner.execute(AssertSqlSafe(made)).await.unwrap();

    let mut values = Vec::new();
    for role in ["ashlar_app", &worker] {
        let store = as_role(&database, role).await;
        let mut tx = AuditStore::begin(&store, &context).await.unwrap();
        let explained = |values| AuditEvent::Erased { subject: "somebody".to_owned(), values };
        let erased = tx.erase_personal(Erasure { subject, tenant: None }, &explained).await;
        values.push(erased.as_ref().ok().copied());
        drop(tx);
        store.close().await;
    }

    assert_eq!(values, [None, Some(1)]);
    owner.execute(AssertSqlSafe(format!("DROP OWNED BY {worker} CASCADE; DROP ROLE {worker}"))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_is_refused_by_triggers_and_found_out_behind_them() {
    let Some((database, store)) = sealed().await else { return };
    let rewritings = ["UPDATE event SET outcome = 'denied'", "DELETE FROM event", "TRUNCATE event CASCADE"];
    let mut owner = database.connection().await;
    for setting in ["SELECT 1", "SET session_replication_role = replica"] {
        owner.execute(setting).await.unwrap();
        for sql in rewritings {
            let refused = owner.execute(sql).await.unwrap_err().to_string();
            assert!(refused.contains("the event log is insert-only"), "{sql}: {refused}");
        }
    }

    owner.execute("ALTER TABLE event DISABLE TRIGGER USER").await.unwrap();
    owner
        .execute("UPDATE event SET outcome = 'denied' WHERE id IN (SELECT event_id FROM audit_chain WHERE seq = 2)")
        .await
        .unwrap();

    let mut snapshot = store.snapshot().await.unwrap();
    let report = verify_trail(&mut *snapshot, TenantId::MAIN, Vec::new(), &|_rows| ()).await.unwrap();
    let breach = report.breach.unwrap();
    assert_eq!((breach.kind, breach.seq), (Tampering::Modified, Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_does_its_own_work() {
    let Some((database, _)) = sealed().await else { return };
    let program = as_role(&database, "ashlar_app").await;
    emit(&program, TenantId::MAIN).await;
    let waiting = program.pending(LogReader::Dispatch, 100).await.unwrap();
    let ids: Vec<_> = waiting.iter().map(|event| event.id).collect();
    program.handled(LogReader::Dispatch, &ids).await.unwrap();
    crate::support::member(&program, "ada@example.org").await;
    assert!(is_kept_from_sealing(&program).await);
    program.close().await;

    let sealer = as_role(&database, "ashlar_sealer").await;
    seal(&sealer, 1).await;
    let heads = sealer.uncovered(10).await.unwrap();
    assert!(!heads.is_empty());
    let signed = SignedCheckpoint { tenant: heads[0].tenant(), size: heads[0].size(), note: "new".to_owned() };
    sealer.save_checkpoints(std::slice::from_ref(&signed), noon()).await.unwrap();
    sealer.mark_published(&[signed], noon()).await.unwrap();
    sealer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_later_steps_are_the_programs_too() {
    let Some((database, _)) = sealed().await else { return };
    let mut owner = database.connection().await;
    owner.execute("CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, name text)").await.unwrap();
    owner
        .execute("SET ROLE ashlar_app; INSERT INTO later (name) VALUES ('x'); DELETE FROM later; RESET ROLE")
        .await
        .unwrap();
    // Granting again changes nothing.
    owner.execute("SELECT ashlar_grant_roles(); DROP TABLE later").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_is_made_without_the_right_to_make_roles() {
    let Some(database) = PostgresDatabase::create().await else { return };
    // On a server where nobody has made the roles this says so and goes on. Here they are there, made for another database,
    // and the grants are the owner's to give.
    let Some((_other, _)) = sealed().await else { return };
    let mut administrator = database.connection().await;
    let name = format!("{}_deploy", database.name());
    let made = format!("CREATE ROLE {name} NOLOGIN; GRANT ALL ON SCHEMA public TO {name}");
    administrator.execute(AssertSqlSafe(made)).await.unwrap();
    administrator.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm").await.unwrap();
    let separator = if database.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}options[role]={name}", database.url());

    crate::support::migrate(&SqlOptions::parse(&url).unwrap()).await;

    let program = as_role(&database, "ashlar_app").await;
    emit(&program, TenantId::MAIN).await;
    program.close().await;
    refuses(&database, "ashlar_app", &["DELETE FROM event"], "permission denied").await;
    refuses(&database, &name, &["DELETE FROM event"], "the event log is insert-only").await;
    let gone = format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}");
    administrator.execute(AssertSqlSafe(gone)).await.unwrap();
}
