//! On SQLite.

use std::fs;

use sqlx::{Connection, Executor};

use super::*;
use crate::support::{SqliteFile, connect, migrate, store_on};

#[tokio::test]
async fn a_locked_file_is_unavailable_to_writers_until_it_is_let_go() {
    let file = SqliteFile::new();
    migrate(&file.options()).await;
    let mut options = file.options();
    options.lock_timeout = SHORT;
    let store = connect(options).await;
    register(&store, "ada@example.org").await.unwrap();

    let mut other = file.connection().await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    assert!(is_unavailable(&register(&store, "bob@example.org").await));
    assert!(is_known(&store, "ada@example.org").await.unwrap(), "readers do not mind");
    assert!(!is_known(&store, "bob@example.org").await.unwrap());

    other.execute("ROLLBACK").await.unwrap();
    register(&store, "bob@example.org").await.unwrap();
    assert_eq!(event_count(&store).await, 2);
}

#[tokio::test]
async fn a_unit_of_work_has_the_file_to_itself_from_its_beginning() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    let mut other = file.connection().await;
    other.execute("PRAGMA busy_timeout = 0").await.unwrap();

    let tx = store.begin(&context()).await.unwrap();
    assert!(other.execute("BEGIN IMMEDIATE").await.is_err());
    tx.commit().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
}

#[tokio::test]
async fn a_writer_that_is_never_free_is_unavailable() {
    let file = SqliteFile::new();
    migrate(&file.options()).await;
    let mut options = file.options();
    options.acquire_timeout = SHORT;
    let store = connect(options).await;

    let mut slow = store.begin(&context()).await.unwrap();
    assert!(is_unavailable(&register(&store, "bob@example.org").await));

    slow.insert_user(newcomer("ada@example.org")).await.unwrap();
    slow.commit().await.unwrap();
    register(&store, "bob@example.org").await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_file_is_unavailable_to_writers() {
    use std::os::unix::fs::PermissionsExt;

    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    register(&store, "ada@example.org").await.unwrap();
    store.close().await;
    // SQLite gives the files beside the database the rights of the database.
    let set_mode = |mode| {
        for entry in fs::read_dir(file.path().parent().unwrap()).unwrap() {
            fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set_mode(0o400);
    if fs::OpenOptions::new().write(true).open(file.path()).is_ok() {
        return again_without_privileges("faults::sqlite::a_read_only_file_is_unavailable_to_writers");
    }

    let store = connect(file.options()).await;
    assert!(is_known(&store, "ada@example.org").await.unwrap());
    assert!(is_unavailable(&register(&store, "bob@example.org").await));
    assert!(is_unavailable(&register(&store, "bob@example.org").await), "again and again");

    // Nobody has to restart anything.
    set_mode(0o600);
    register(&store, "bob@example.org").await.unwrap();
    assert_eq!(event_count(&store).await, 2);
}

/// To root nothing is read-only: the test is run once more by nobody.
#[cfg(unix)]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn again_without_privileges(test: &str) {
    use std::{
        os::unix::{fs::PermissionsExt, process::CommandExt},
        process::Command,
    };
    const NOBODY: u32 = 65_534;

    let copy = tempfile::tempdir().unwrap();
    let program = copy.path().join("suite");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let run = Command::new(&program).args(["--exact", test]).current_dir("/").uid(NOBODY).gid(NOBODY).output();
    match run {
        Ok(run) if run.status.success() => {
            let report = String::from_utf8_lossy(&run.stdout).into_owned();
            assert!(report.contains("1 passed"), "{report}");
        }
        Ok(run) => panic!("{}", String::from_utf8_lossy(&run.stdout)),
        Err(error) => eprintln!("skipped: cannot run as another user: {error}"),
    }
}

#[tokio::test]
async fn a_process_that_dies_leaves_whole_units_of_work_only() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    register(&store, "ada@example.org").await.unwrap();
    let mut tx = store.begin(&context()).await.unwrap();
    tx.insert_user(newcomer("bob@example.org")).await.unwrap();

    // What is on the disk at this moment is what a process that starts after a crash would find.
    let after = SqliteFile::new();
    for suffix in ["", "-wal"] {
        let name = |file: &SqliteFile| format!("{}{suffix}", file.path().display());
        fs::copy(name(&file), name(&after)).unwrap();
    }

    let survivor = connect(after.options()).await;
    assert!(is_known(&survivor, "ada@example.org").await.unwrap());
    assert!(!is_known(&survivor, "bob@example.org").await.unwrap());
    assert_eq!(event_count(&survivor).await, 1);
    after.connection().await.close().await.unwrap();
}
