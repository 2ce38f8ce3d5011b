//! On SQLite.

use ashlar_jobs::contract::Fixture;

use super::fixture_of;
use crate::support::{SqliteFile, store_on};

async fn fixture() -> Option<Fixture> {
    let file = SqliteFile::new();
    Some(fixture_of(store_on(file.options()).await, file))
}

ashlar_jobs::job_store_contract!(fixture);
