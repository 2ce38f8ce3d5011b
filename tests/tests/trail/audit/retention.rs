//! Bodies that were kept for long enough go by night, and operators can tell that these did and no others.

use std::time::Duration;

use ashlar_kernel::TenantId;
use ashlar_tests::{
    Past,
    binary::{Program, Python, eventually},
    laws_of_programs,
};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(1);
const OLD: &str = "SELECT count(*) FROM event WHERE name = 'demo.thing.renamed'";

fn is_sqlite(past: &Past) -> bool {
    past.url().starts_with("sqlite:")
}

/// Three things that happened long ago, and one that just did. Their moments are not written as the program writes them,
/// which makes nobody look for ever.
async fn remember_old_things(past: &Past) {
    let main = TenantId::MAIN.as_uuid();
    let (id, tenant, now) = if is_sqlite(past) {
        ("randomblob(16)", format!("X'{}'", main.simple()), "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')")
    } else {
        ("gen_random_uuid()", format!("'{main}'"), "date_trunc('milliseconds', now())")
    };
    let old = "'2001-01-01T00:00:00.000+00:00'";
    for (name, at) in [("renamed", old), ("renamed", old), ("kept", now), ("renamed", old)] {
        let insert = format!(
            "INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, targets, outcome, diff, data, \
             source, request_id) VALUES ({id}, {tenant}, {at}, 'demo.thing.{name}', 1, 'anonymous', '[]', 'ok', '[]', '{{}}', \
             '{{}}', 'r')"
        );
        past.execute(&insert).await;
    }
}

/// Once it has passed, `nights` nights have.
async fn night(program: &Program, past: &Past, nights: i64) {
    let long_ago = "UPDATE schedule SET first_asked = '2026-01-01T00:00:00.000+00:00' WHERE name = 'audit.retain'";
    past.execute("DELETE FROM schedule_firing WHERE schedule = 'audit.retain'").await;
    past.execute(long_ago).await;
    let server = program.serve().await;
    let done = "SELECT count(*) FROM job WHERE kind = 'audit.retain' AND state = 'done'";
    let waited = eventually(PATIENCE, async || past.number(done).await >= nights).await;
    let log = server.stop();
    assert!(waited, "{log}");
}

async fn old_bodies_go_by_night(program: &Program, past: &Past) {
    drop(program.serve().await.stop());
    remember_old_things(past).await;
    let server = program.serve().await;
    for list in ["event_dispatch_pending", "event_seal_pending"] {
        let waiting = format!("SELECT count(*) FROM {list}");
        assert!(eventually(PATIENCE, async || past.number(&waiting).await == 0).await, "{list}");
    }
    let beside = program.run(&["audit", "retain", "--dry-run"]);
    assert_eq!(beside.code, Some(0), "{beside:?}");
    drop(server.stop());
    let counted = program.run(&["audit", "retain", "--dry-run"]);
    assert!(counted.stdout.contains(": 3 bodies of class other, from before 20"), "{counted:?}");

    night(program, past, 1).await;
    assert_eq!(past.number(OLD).await, 3, "it is only written down");
    let none = program.run(&["audit", "retain", "--dry-run"]);
    assert!(none.stdout.starts_with("no body has been kept for long enough"), "{none:?}");
    night(program, past, 2).await;
    assert_eq!(past.number(OLD).await, 0);

    let sound = program.run(&["audit", "verify"]);
    assert_eq!(sound.code, Some(0), "{sound:?}");
    assert!(sound.stdout.contains("checkpoints agree, bodies expired 3"), "{sound:?}");
    let found: Value = serde_json::from_str(&program.run(&["audit", "verify", "--json"]).stdout).unwrap();
    assert_eq!(found["trails"][0]["expired"], 3, "{found}");
    let by_hand = program.run(&["audit", "retain"]);
    assert_eq!(by_hand.stdout.trim(), "bodies deleted 0, written down for the next time 0", "{by_hand:?}");
    let table = program.run(&["audit", "export", "--format", "csv"]);
    assert_eq!((table.code, table.stdout.matches(&",".repeat(15)).count()), (Some(0), 3), "{table:?}");
}

/// Somebody deletes one more, and says that it expired with the others.
async fn a_body_that_goes_along_is_tampering(program: &Program, past: &Past) {
    let disarm: &[&str] = if is_sqlite(past) {
        &["DROP TRIGGER event_no_delete", "DROP TRIGGER audit_expired_founded"]
    } else {
        &["ALTER TABLE event DISABLE TRIGGER USER", "ALTER TABLE audit_expired DISABLE TRIGGER USER"]
    };
    for sql in disarm {
        past.execute(sql).await;
    }
    let kept = "(SELECT seq FROM audit_chain WHERE event_id IN (SELECT id FROM event WHERE name = 'demo.thing.kept'))";
    let along = format!(
        "INSERT INTO audit_expired (tenant_id, from_seq, to_seq, class, occurred_before, event_id) \
         SELECT tenant_id, {kept}, {kept}, class, occurred_before, event_id FROM audit_expired LIMIT 1"
    );
    past.execute(&along).await;
    past.execute("DELETE FROM event WHERE name = 'demo.thing.kept'").await;

    let tampered = program.run(&["audit", "verify"]);

    assert_eq!(tampered.code, Some(2), "{tampered:?}");
    assert!(tampered.stdout.contains("TAMPERED: deleted in the trail of tenant"), "{tampered:?}");
    assert!(tampered.stdout.contains(", one of the links "), "{tampered:?}");
}

async fn old_bodies_go_by_night_and_no_others(program: &Program, past: &Past) {
    old_bodies_go_by_night(program, past).await;
    a_body_that_goes_along_is_tampering(program, past).await;
}

laws_of_programs!(old_bodies_go_by_night_and_no_others);

/// In its path is what `--quick` leaves out.
#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_told_from_what_was_deleted_by_a_script_of_another_language() {
    let Some(python) = Python::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let past = Past::the_product(&format!("sqlite:{}", program.database().display()));
    old_bodies_go_by_night(&program, &past).await;
    let key = program.run(&["audit", "checkpoint"]).stdout.trim().to_owned();
    let trail = program.run(&["audit", "export"]).stdout;

    let found = python.judge("audit.py", &[&key], &trail).unwrap();

    assert_eq!(found["expired"], 3, "{found}");
    let lines: Vec<&str> = trail.lines().collect();
    let (by, kept) = (r#","expired":""#, lines.iter().find(|line| line.contains("demo.thing.kept")).unwrap());
    let gone = lines.iter().find(|line| line.contains(by)).unwrap();
    let said_by = gone.split(by).nth(1).unwrap();
    let along = [kept.split(r#","event":"#).next().unwrap(), by, said_by].concat();
    for (tampered, words) in [
        (trail.replace(*kept, &along), "a body is gone that did not expire, one of the links "),
        (trail.replace(*gone, &[gone.split(by).next().unwrap(), "}"].concat()), " has no event"),
    ] {
        let said = python.judge("audit.py", &[&key], &tampered).unwrap_err();
        assert!(said.contains(words), "{said}");
    }
}
