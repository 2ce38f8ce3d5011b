//! On SQLite.

use super::*;
use crate::support::SqliteFile;

#[tokio::test]
async fn what_breaks_an_invariant_is_refused() {
    let file = SqliteFile::new();
    one_session(&store_on(file.options()).await).await;
    let mut connection = file.connection().await;

    for (constraint, sql) in BREACHES {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        // SQLite does not name foreign keys.
        let name = if constraint.ends_with("_fkey") { "FOREIGN KEY" } else { constraint };
        assert!(refused.contains(name), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_refused() {
    let file = SqliteFile::new();
    one_session(&store_on(file.options()).await).await;
    let mut connection = file.connection().await;

    for sql in [
        "UPDATE session SET id = 'ada'",
        "UPDATE session SET salt = '01234567890123456789012345678901'",
        "UPDATE session SET generation = 'first'",
        "UPDATE session SET created_at = X'00'",
    ] {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        assert!(refused.contains("cannot store"), "{sql}: {refused}");
    }
}
