//! On PostgreSQL.

use std::{sync::Arc, time::Duration};

use ashlar_kernel::StoreError;
use ashlar_sql::{Backend, ConnectError, SqlOptions, SqlStore};

use crate::support::{PostgresDatabase, RisingIds, store_on};

#[tokio::test]
async fn a_server_has_many_stores_at_a_time() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let one = store_on(database.options()).await;
    let other = store_on(database.options()).await;

    assert_eq!(one.backend(), Backend::Postgres);
    one.health().await.unwrap();
    one.close().await;
    assert!(matches!(one.health().await, Err(StoreError::Unavailable(_))));
    other.health().await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_in_one_sentence_without_the_password() {
    // Nobody listens on the port of the discard protocol.
    let mut options = SqlOptions::parse("postgres://ashlar:geheim@127.0.0.1:9/ashlar").unwrap();
    options.acquire_timeout = Duration::from_millis(100);

    let refused = SqlStore::connect(options, Arc::new(RisingIds)).await.err().unwrap();
    assert!(matches!(refused, ConnectError::Unreachable(_)));
    assert!(refused.to_string().starts_with("the database cannot be reached: "));
    assert!(refused.to_string().contains("refused"), "the reason, not that time is up: {refused}");
    assert!(!format!("{refused} {refused:?}").contains("geheim"));
}

#[tokio::test]
async fn a_name_that_the_server_does_not_know_is_told() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let url = database.url().replace("ashlar@", "nobody-of-that-name@");

    let refused = SqlStore::connect(SqlOptions::parse(&url).unwrap(), Arc::new(RisingIds)).await.err().unwrap();
    assert!(refused.to_string().contains("nobody-of-that-name"), "{refused}");
}
