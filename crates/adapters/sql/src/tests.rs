//! What can only be seen from inside: the settings of the live connections, and a disk that is full.

#[expect(dead_code, unused_imports, reason = "the suite in tests/ uses the rest")]
#[path = "../tests/suite/support/mod.rs"]
pub(crate) mod support;

use ashlar_identity::port::InsertUserError;
use ashlar_kernel::{EventLog, LogReader, StoreError};
use sea_orm::{ConnectionTrait, TryGetable};
use sqlx::Executor;

use self::support::{PostgresDatabase, SqliteFile, register, store_on};
use crate::database::Database;

async fn setting<T: TryGetable>(connection: &impl ConnectionTrait, sql: &str) -> T {
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn a_sqlite_commit_is_on_the_disk_and_readers_cannot_write() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;

    let Database::Sqlite(writer) = store.writer() else { panic!("not SQLite") };
    assert_eq!(setting::<String>(writer, "PRAGMA journal_mode").await, "wal");
    assert_eq!(setting::<i32>(writer, "PRAGMA synchronous").await, 2, "FULL");
    assert_eq!(setting::<i32>(writer, "PRAGMA foreign_keys").await, 1);
    assert_eq!(setting::<i32>(writer, "PRAGMA busy_timeout").await, 60_000);
    assert_eq!(writer.get_sqlite_connection_pool().options().get_max_connections(), 1);

    let Database::Sqlite(reader) = store.reader() else { panic!("not SQLite") };
    assert_eq!(setting::<i32>(reader, "PRAGMA query_only").await, 1);
    assert!(reader.execute_unprepared("DELETE FROM session").await.is_err());
    assert_eq!(reader.get_sqlite_connection_pool().options().get_max_connections(), 10);
}

#[tokio::test]
async fn the_settings_of_a_postgres_connection_are_those_asked_for() {
    let Some(database) = PostgresDatabase::create().await else { return };
    support::migrate(&database.options()).await;
    let store = support::connect(crate::SqlOptions::parse(&database.url()).unwrap()).await;

    for (name, value) in [
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("application_name", "ashlar"),
    ] {
        assert_eq!(setting::<String>(store.writer(), &format!("SHOW {name}")).await, value, "{name}");
    }
}

/// Some errors make SQLite roll back by itself, which its driver does not notice.
#[tokio::test]
async fn a_transaction_that_sqlite_ended_does_not_haunt_the_next() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    let ended = store.begin_tx(&support::context()).await.unwrap();
    ended.tx.execute_unprepared("ROLLBACK").await.unwrap();
    drop(ended);

    let next = store.begin_tx(&support::context()).await.unwrap();
    let mut other = file.connection().await;
    other.execute("PRAGMA busy_timeout = 0").await.unwrap();
    assert!(other.execute("BEGIN IMMEDIATE").await.is_err(), "a unit of work holds the write lock from its beginning");
    drop(next);
    register(&store, "ada@example.org").await.unwrap();
}

#[tokio::test]
async fn a_full_sqlite_database_is_unavailable_until_there_is_room() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    let pages: i32 = setting(store.writer(), "PRAGMA page_count").await;
    store.writer().execute_unprepared(&format!("PRAGMA max_page_count = {}", pages + 2)).await.unwrap();

    let mut opened = 0;
    let refused = loop {
        match register(&store, &format!("user{opened}@example.org")).await {
            Ok(_) => opened += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, InsertUserError::Store(StoreError::Unavailable(_))), "{refused:?}");
    store.health().await.unwrap();

    // The limit was the old connection's; the one that took its place finds room.
    register(&store, "late@example.org").await.unwrap();
    assert_eq!(store.pending(LogReader::Seal, 10_000).await.unwrap().len(), opened + 1, "one event for each account");
}
