//! On PostgreSQL.

use ashlar_jobs::contract::Fixture;

use super::fixture_of;
use crate::support::{PostgresDatabase, store_on};

async fn fixture() -> Option<Fixture> {
    let database = PostgresDatabase::create().await?;
    Some(fixture_of(store_on(database.options()).await, database))
}

ashlar_jobs::job_store_contract!(fixture);
