//! The program itself: processes on one database, key folders, and the command line.

use std::{
    fs,
    time::{Duration, Instant},
};

use ashlar_tests::{
    Past,
    binary::{Api, PostgresDatabase, Program, eventually},
};
use serde_json::json;
use tempfile::TempDir;

use super::kid_of;

async fn published(api: &Api) -> Vec<String> {
    let answer = api.get("/.well-known/jwks.json").await;
    let keys = answer.body["keys"].as_array().cloned().unwrap_or_default();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The first word of each line that has `state` in it.
fn kids(table: &str, state: &str) -> Vec<String> {
    let found = table.lines().filter(|line| line.split_whitespace().any(|word| word == state));
    found.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_exchange_keys_together() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let keys = tempfile::tempdir().unwrap();
    let program = |folder: &TempDir| {
        let program = Program::in_folder(folder.path()).plain().env("ASHLAR_KEYS_DIR", keys.path().join("keys"));
        let program = program.env("ASHLAR_PUBLIC_URL", "http://127.0.0.1:8080");
        program.env("ASHLAR_DATABASE_URL", database.url())
    };
    let one = program(&folders[0]).serve().await;
    let other = program(&folders[1]).serve().await;
    let (here, there) = (one.api(), other.api());
    let first = published(&here).await;
    assert_eq!((first.len(), &published(&there).await), (1, &first), "one key came of two starts");
    let old = here.newcomer("ada@example.org").await;
    for api in [&here, &there] {
        assert_eq!(api.get_as(&old, "/api/v1/me").await.status, 200);
    }

    let done = program(&folders[0]).run(&["keys", "rotate", "--emergency"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!((kids(&done.stdout, "removed"), kids(&done.stdout, "active").len()), (first, 1));

    let began = Instant::now();
    for api in [&here, &there] {
        let refused = async || api.get_as(&old, "/api/v1/me").await.status == 401;
        assert!(eventually(Duration::from_secs(20), refused).await, "a leaked key is believed");
    }
    let learned = began.elapsed();
    assert!(learned < Duration::from_secs(15), "{learned:?}");
    let new = here.log_in("ada@example.org").await.text("/access_token");
    for api in [&there, &here] {
        assert_eq!(api.get_as(&new, "/api/v1/me").await.status, 200);
    }
    for server in [one, other] {
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_of_a_new_key_is_reason_to_look_for_it() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let keys = tempfile::tempdir().unwrap();
    let program = |folder: &TempDir| {
        let program = Program::in_folder(folder.path()).plain().env("ASHLAR_KEYS_DIR", keys.path().join("keys"));
        let program = program.env("ASHLAR_PUBLIC_URL", "http://127.0.0.1:8080");
        program.env("ASHLAR_DATABASE_URL", database.url())
    };
    let one = program(&folders[0]).serve().await;
    let there = one.api();
    there.newcomer("ada@example.org").await;
    assert_eq!(program(&folders[1]).run(&["keys", "rotate", "--emergency"]).code, Some(0));
    // This one starts with the new key; the other has five seconds to hear of it by itself.
    let other = program(&folders[1]).serve().await;
    let new = other.api().log_in("ada@example.org").await.text("/access_token");

    let answers = futures::future::join_all((0..10).map(|_| there.get_as(&new, "/api/v1/me"))).await;

    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200; 10], "whoever comes while it looks waits for it");
    for server in [one, other] {
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_from_before_there_was_a_ring_becomes_the_first() {
    let folder = tempfile::tempdir().unwrap();
    // One name for whatever port it gets: it is in every token.
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_PUBLIC_URL", "http://127.0.0.1:8080");
    let server = program.serve().await;
    let token = server.api().newcomer("ada@example.org").await;
    let kid = kid_of(&token);
    server.stop();
    let file = program.data().join("keys/signing-eddsa.pem");
    assert!(file.is_file());

    // An installation from before: the file is there, and no row.
    let url = format!("sqlite:{}", program.database().display());
    Past::the_product(&url).execute("DELETE FROM signing_key").await;
    let server = program.serve().await;
    assert_eq!(published(&server.api()).await, [kid.as_str()]);
    assert_eq!(server.api().get_as(&token, "/api/v1/me").await.status, 200, "tokens from before are believed");
    server.stop();

    // From now on the row counts, and not the file.
    fs::remove_file(&file).unwrap();
    let server = program.serve().await;
    assert_eq!(published(&server.api()).await, [kid.as_str()]);
    assert!(!file.exists());
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn leaked_key_does_not_come_back_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    // One name for whatever port it gets: it is in every token.
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_PUBLIC_URL", "http://127.0.0.1:8080");
    let server = program.serve().await;
    let token = server.api().newcomer("ada@example.org").await;
    server.stop();

    let file = program.data().join("keys/signing-eddsa.pem");
    let content = fs::read(&file).unwrap();

    let rotated = program.run(&["keys", "rotate", "--emergency"]);

    let table = rotated.stdout;
    assert!(rotated.stderr.contains("signs from now on. Keys that were ended: 1;"), "{}", rotated.stderr);
    assert!(rotated.stderr.contains("signing-eddsa.pem held a removed key and was deleted"), "{}", rotated.stderr);
    assert!(!file.exists());

    assert_eq!(kids(&table, "removed"), [kid_of(&token)]);
    assert_eq!(program.run(&["keys", "list"]).stdout, table);
    let server = program.serve().await;
    assert_eq!(published(&server.api()).await, kids(&table, "active"));
    assert_eq!(server.api().get_as(&token, "/api/v1/me").await.status, 401);
    server.stop();

    // Somebody brings it back from a backup: the next start deletes it, and an empty database begins with another key.
    let restored = tempfile::NamedTempFile::new_in(file.parent().unwrap()).unwrap();
    fs::write(restored.path(), &content).unwrap();
    restored.persist(&file).unwrap();
    let server = program.serve().await;
    assert!(!file.exists(), "a leaked key waits for an empty database");
    server.stop();
    for ending in ["", "-wal", "-shm"] {
        let _absent = fs::remove_file(format!("{}{ending}", program.database().display()));
    }
    let server = program.serve().await;
    assert!(!published(&server.api()).await.contains(&kid_of(&token)));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn exchange_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    program.serve().await.stop();

    let first = program.run(&["keys", "rotate"]);
    let again = program.run(&["keys", "rotate"]);

    assert!(first.stderr.contains("is published from now on and signs in a day"), "{first:?}");
    assert!(again.stderr.contains("is published already") && again.stderr.contains("nothing was done"), "{again:?}");
    assert_eq!(first.stdout, again.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_open_are_a_reason_not_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    program.serve().await.stop();
    let root = program.data().join("keys/root.key");
    fs::write(&root, "0".repeat(64)).unwrap();

    let refused = program.run(&["serve"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("does not open with this root key"), "{refused:?}");
    assert!(refused.stderr.contains("ashlar keys rotate --emergency"), "{refused:?}");

    assert_eq!(program.run(&["keys", "rotate", "--emergency"]).code, Some(0));
    let server = program.serve().await;
    let form = json!({ "identifier": "nobody", "password": "x" });
    assert_eq!(server.api().post("/api/v1/auth/login", &form).await.status, 401);
    server.stop();
}
