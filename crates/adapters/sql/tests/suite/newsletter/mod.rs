//! The laws of the store of the newsletter, on both databases.

use std::sync::Arc;

use ashlar_leads::contract::newsletter::NewsletterFixture;
use ashlar_sql::SqlStore;

use crate::support;

/// A fixture of the contract; `database` goes when it does.
fn fixture_of(store: SqlStore, database: impl Send + Sync + 'static) -> NewsletterFixture {
    let log = support::fixture_of(store.clone(), database).log;
    NewsletterFixture { store: Arc::new(store), log }
}

mod sqlite {
    use super::{NewsletterFixture, fixture_of};
    use crate::support::{SqliteFile, store_on};

    async fn fixture() -> Option<NewsletterFixture> {
        let file = SqliteFile::new();
        Some(fixture_of(store_on(file.options()).await, file))
    }

    ashlar_leads::newsletter_store_contract!(fixture);
}

mod postgres {
    use super::{NewsletterFixture, fixture_of};
    use crate::support::{PostgresDatabase, store_on};

    async fn fixture() -> Option<NewsletterFixture> {
        let database = PostgresDatabase::create().await?;
        Some(fixture_of(store_on(database.options()).await, database))
    }

    ashlar_leads::newsletter_store_contract!(fixture);
}
