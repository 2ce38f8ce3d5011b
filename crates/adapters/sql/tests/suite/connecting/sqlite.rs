//! On SQLite.

use std::{fs, sync::Arc};

use ashlar_identity::port::IdentityStore;
use ashlar_kernel::{StoreError, TenantSlug};
use ashlar_sql::{Backend, ConnectError, SchemaConnection, SqlOptions, SqlStore};

use crate::support::{RisingIds, SqliteFile, connect, register, store_on};

async fn try_connect(file: &SqliteFile) -> Result<SqlStore, ConnectError> {
    SqlStore::connect(file.options(), Arc::new(RisingIds)).await
}

#[tokio::test]
async fn a_file_has_one_store_at_a_time() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;

    let refused = try_connect(&file).await.err().unwrap();
    assert!(matches!(refused, ConnectError::InUse { .. }));
    assert_eq!(refused.to_string(), format!("another ashlar process is using {}", file.path().display()));
    let schema = SchemaConnection::open(&file.options()).await;
    assert!(matches!(schema, Err(ConnectError::InUse { .. })), "nor may the schema be changed under it");
    register(&store, "ada@example.org").await.unwrap();

    store.close().await;
    let next = try_connect(&file).await.unwrap();
    assert!(register(&next, "ada@example.org").await.is_err(), "it is the same database");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_recognised_by_another_name() {
    let file = SqliteFile::new();
    let _store = store_on(file.options()).await;
    let alias = SqliteFile::new();
    std::os::unix::fs::symlink(file.path(), alias.path()).unwrap();

    assert!(matches!(try_connect(&alias).await, Err(ConnectError::InUse { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    register(&store, "ada@example.org").await.unwrap();

    let mut names = Vec::new();
    for entry in fs::read_dir(file.path().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["ashlar.db", "ashlar.db-shm", "ashlar.db-wal", "ashlar.db.lock"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told_in_one_sentence() {
    let file = SqliteFile::new();
    let url = format!("{}/nowhere/ashlar.db", file.url());
    let path = format!("{}/nowhere/ashlar.db", file.path().display());

    let refused = SqlStore::connect(SqlOptions::parse(&url).unwrap(), Arc::new(RisingIds)).await.err().unwrap();
    assert!(matches!(refused, ConnectError::Unusable { .. }));
    assert!(refused.to_string().starts_with(&format!("the database file {path} cannot be used: ")), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let file = SqliteFile::new();
    fs::write(file.path(), "once upon a time there was a file that was no database at all".repeat(20)).unwrap();

    assert!(matches!(try_connect(&file).await, Err(ConnectError::Unreachable(_))));
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    assert_eq!(store.backend(), Backend::Sqlite);
    store.health().await.unwrap();

    store.close().await;

    assert!(matches!(store.health().await, Err(StoreError::Unavailable(_))));
    let main = TenantSlug::parse(TenantSlug::MAIN).unwrap();
    assert!(matches!(store.tenant(&main).await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_database_without_tables_is_not_healthy() {
    let file = SqliteFile::new();
    let store = connect(file.options()).await;

    assert!(matches!(store.health().await, Err(StoreError::Internal(_))));
}
