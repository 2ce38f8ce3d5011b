//! The laws of the request ledger, on both databases.

use std::sync::Arc;

use ashlar_identity::port::IdentityStore;
use ashlar_kernel::contract::request_ledger::Fixture;
use ashlar_sql::SqlStore;

use crate::support::{context, newcomer};

/// A fixture of the contract; `database` goes when it does.
fn fixture_of(store: SqlStore, database: impl Send + Sync + 'static) -> Fixture {
    let (ledger, database) = (Arc::new(store.clone()), Arc::new(database));
    let (other, kept) = (store.clone(), Arc::clone(&database));
    let forget = Arc::new(move |tenant, about: Vec<uuid::Uuid>, commit| {
        let (store, database) = (other.clone(), Arc::clone(&kept));
        Box::pin(async move {
            let mut tx = IdentityStore::begin(&store, &context()).await?;
            let forgotten = tx.forget_answers(tenant, &about).await?;
            drop(database);
            if commit { tx.commit().await.map(|()| forgotten) } else { Ok(forgotten) }
        }) as _
    });
    let work = Arc::new(move |receipt: ashlar_kernel::Receipt, commit| {
        let (store, database) = (store.clone(), Arc::clone(&database));
        Box::pin(async move {
            let email = format!("{}@example.org", receipt.claimed.token.simple());
            let mut tx = store.begin(&context()).await?;
            tx.insert_user(newcomer(&email)).await.unwrap();
            tx.remember(receipt).await?;
            drop(database);
            if commit { tx.commit().await } else { Ok(()) }
        }) as _
    });
    Fixture { ledger, work, forget }
}

mod sqlite {
    use super::{Fixture, fixture_of};
    use crate::support::{SqliteFile, store_on};

    async fn fixture() -> Option<Fixture> {
        let file = SqliteFile::new();
        Some(fixture_of(store_on(file.options()).await, file))
    }

    ashlar_kernel::request_ledger_contract!(fixture);
}

mod postgres {
    use super::{Fixture, fixture_of};
    use crate::support::{PostgresDatabase, store_on};

    async fn fixture() -> Option<Fixture> {
        let database = PostgresDatabase::create().await?;
        Some(fixture_of(store_on(database.options()).await, database))
    }

    ashlar_kernel::request_ledger_contract!(fixture);
}
