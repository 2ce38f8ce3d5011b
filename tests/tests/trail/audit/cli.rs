//! `ashlar audit`, as an operator calls it.

use std::{fs, path::PathBuf};

use ashlar_kernel::TenantId;
use ashlar_tests::{Past, binary::Program, laws_of_programs};
use serde_json::Value;

/// Starts a server, has something happen, verifies beside it, stops it, and tampers.
async fn an_operator_finds_what_was_changed(program: &Program, past: &Past) {
    let server = program.serve().await;
    assert_eq!(server.api().register("ada@example.org").await.status, 201);
    assert_eq!(server.api().log_in("ada@example.org").await.status, 200);
    let beside = program.run(&["audit", "verify"]);
    assert_eq!(beside.code, Some(0), "{beside:?}");
    drop(server.stop());

    let sealed = past.number("SELECT count(*) FROM audit_chain").await;
    assert!(sealed > 0);
    assert_eq!(past.number("SELECT count(*) FROM event_seal_pending").await, 0, "sealed before it stopped");
    let sound = program.run(&["audit", "verify", "--json"]);
    assert_eq!(sound.code, Some(0), "{sound:?}");
    let findings: Value = serde_json::from_str(&sound.stdout).unwrap();
    let whole: i64 =
        findings["trails"].as_array().unwrap().iter().map(|trail| trail["verified"].as_i64().unwrap()).sum();
    assert_eq!(whole, sealed);
    assert!(findings["trails"][0]["checkpoints"].as_u64().unwrap() > 0, "signed before it stopped: {findings}");
    assert_eq!(findings["signatures_checked"], true);

    let signed = program.run(&["audit", "checkpoint"]);
    assert_eq!(signed.code, Some(0), "{signed:?}");
    let by_key = program.run(&["audit", "verify", "--pubkey", signed.stdout.trim()]);
    assert_eq!(by_key.code, Some(0), "{by_key:?}");

    let newest = newest_checkpoint(program);
    let since = ["audit", "verify", "--since-checkpoint", newest.to_str().unwrap()];
    let later = program.run(&since);
    assert_eq!(later.code, Some(0), "{later:?}");
    let table = program.run(&["audit", "export", "--format", "csv"]);
    assert!(table.stdout.starts_with("#manifest,") && table.stdout.contains("\n1,"), "{table:?}");

    let disarm = if past.url().starts_with("sqlite:") {
        "DROP TRIGGER event_no_update"
    } else {
        "ALTER TABLE event DISABLE TRIGGER USER"
    };
    past.execute(disarm).await;
    past.execute("UPDATE event SET outcome = 'denied' WHERE id IN (SELECT event_id FROM audit_chain WHERE seq = 2)")
        .await;
    let tampered = program.run(&["audit", "verify"]);
    assert_eq!(tampered.code, Some(2), "{tampered:?}");
    assert!(tampered.stdout.contains("TAMPERED: modified in the trail of tenant"), "{tampered:?}");
    assert!(tampered.stdout.contains("link 2, event"), "{tampered:?}");
    assert_eq!(program.run(&since).code, Some(0), "what was signed is not read again");
}

/// The newest checkpoint of the main tenant.
fn newest_checkpoint(program: &Program) -> PathBuf {
    let folder = program.data().join("checkpoints").join(TenantId::MAIN.to_string());
    let size = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
    folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).max_by_key(size).unwrap()
}

laws_of_programs!(an_operator_finds_what_was_changed);

/// A file that was copied by half accuses nobody, is named, and is no proof either.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_checkpoint_accuses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;
    assert_eq!(server.api().register("ada@example.org").await.status, 201);
    drop(server.stop());
    let newest = newest_checkpoint(&program);
    let whole = fs::read_to_string(&newest).unwrap();

    for half in [String::new(), whole.split("\n\n").next().unwrap().to_owned()] {
        fs::write(&newest, half).unwrap();
        let verified = program.run(&["audit", "verify"]);
        assert_eq!(verified.code, Some(3), "{verified:?}");
        assert!(!verified.stdout.contains("TAMPERED"), "{verified:?}");
        let line = format!("no checkpoint, or half of one: {}", newest.display());
        assert!(verified.stdout.contains(&line), "{verified:?}");
    }

    fs::write(&newest, whole.replace("\u{2014} ", "\u{2014} another")).unwrap();
    let forged = program.run(&["audit", "verify"]);
    assert_eq!(forged.code, Some(2), "{forged:?}");
    assert!(forged.stdout.contains(&format!("not signed by the key: {}", newest.display())), "{forged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_nobody_seals_leave_it_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;
    drop(server.stop());
    let past = Past::the_product(&format!("sqlite:{}", program.database().display()));
    let raw = "INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, targets, outcome, diff, \
        data, source, request_id) VALUES (randomblob(16), randomblob(16), '2001-01-01T00:00:00.000+00:00', 'a.b', 1, \
        'anonymous', '[]', 'ok', '[]', '{}', '{}', 'r')";
    past.execute(raw).await;

    let incomplete = program.run(&["audit", "verify"]);

    assert_eq!(incomplete.code, Some(3), "{incomplete:?}");
    assert!(incomplete.stdout.contains("1 events wait to be sealed"), "{incomplete:?}");
}
