//! On PostgreSQL.

use super::*;
use crate::support::PostgresDatabase;

#[tokio::test]
async fn what_breaks_an_invariant_is_refused() {
    let Some(database) = PostgresDatabase::create().await else { return };
    one_session(&store_on(database.options()).await).await;
    let mut connection = database.connection().await;

    for (constraint, sql) in BREACHES {
        let refused = connection.execute(sql).await.unwrap_err();
        let named = refused.as_database_error().and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(named.as_deref(), Some(constraint), "{sql}: {refused}");
    }
}
