//! A database that cannot work says so, nothing is saved by halves, and the store works again when the database does.

mod postgres;
mod sqlite;

use std::time::Duration;

use ashlar_identity::{
    Identifier,
    port::{IdentityStore, InsertUserError},
};
use ashlar_kernel::{EventLog, LogReader, StoreError, TenantId};
use ashlar_sql::SqlStore;

use crate::support::{context, newcomer, register};

/// Long enough to be noticed, short enough to wait for.
const SHORT: Duration = Duration::from_millis(500);

async fn is_known(store: &SqlStore, email: &str) -> Result<bool, StoreError> {
    let identifier = Identifier::parse(email).unwrap();
    Ok(store.credential(TenantId::MAIN, &identifier).await?.is_some())
}

async fn event_count(store: &SqlStore) -> usize {
    store.pending(LogReader::Seal, 1_000).await.unwrap().len()
}

fn is_unavailable<T>(outcome: &Result<T, InsertUserError>) -> bool {
    matches!(outcome, Err(InsertUserError::Store(StoreError::Unavailable(_))))
}
