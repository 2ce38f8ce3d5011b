//! What the migrations make of leads that were there before them is what the program writes of new ones.

use ashlar_sql::{SchemaConnection, SqlOptions};
use sqlx::{Executor, Row};

use super::plans::lead_with;
use crate::support::{PostgresDatabase, SqliteFile, store_on};

/// Addresses with and without something to fold, and tags.
const LEADS: [(&str, &[&str]); 9] = [
    ("ada@example.org", &["a", "b"]),
    ("a.d.a@example.org", &[]),
    ("ada+news@example.org", &["b"]),
    ("ada+a+b@example.org", &[]),
    ("+news@example.org", &[]),
    ("ada@gmail.com", &[]),
    ("a.d.a+x@gmail.com", &[]),
    ("ada@googlemail.com", &[]),
    ("+x@gmail.com", &["x-1_2"]),
];

const FOLDS: &str = "SELECT email_key || ' ' || COALESCE(email_fold, '-') FROM lead ORDER BY email_key";
const TAGS: &str = "SELECT lead.email_key || ' ' || tag FROM lead JOIN lead_tag ON lead.id = lead_id \
                    AND lead.created_at = lead_tag.created_at ORDER BY lead.email_key, tag";

/// Takes the steps from the one of mergers on back, and again.
async fn forth_and_back(options: &SqlOptions) {
    let schema = SchemaConnection::open(options).await.unwrap();
    let steps = ashlar_migrations::status(schema.connection()).await.unwrap();
    let from = steps.iter().position(|step| step.name.ends_with("lead_merge")).unwrap();
    let count = u32::try_from(steps.len() - from).unwrap();
    ashlar_migrations::down(schema.connection(), count).await.unwrap();
    ashlar_migrations::up(schema.connection()).await.unwrap();
    schema.close().await;
}

macro_rules! lines {
    ($connection:expr) => {{
        let mut lines = Vec::new();
        for sql in [FOLDS, TAGS] {
            let rows = $connection.fetch_all(sql).await.unwrap();
            lines.extend(rows.into_iter().map(|row| row.get::<String, _>(0)));
        }
        lines
    }};
}

fn is_whole(written: &[String]) {
    assert_eq!(written.len(), LEADS.len() + 4, "{written:?}");
    assert!(written.contains(&"a.d.a+x@gmail.com ada@gmail.com".to_owned()), "{written:?}");
}

#[tokio::test]
async fn leads_of_before_are_found_as_new_ones_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let store = store_on(database.options()).await;
    for (email, tags) in LEADS {
        lead_with(&store, email, tags).await;
    }
    let mut connection = database.connection().await;
    let written = lines!(connection);
    is_whole(&written);
    drop(store);
    forth_and_back(&database.options()).await;
    connection.execute("DISCARD ALL").await.unwrap();
    assert_eq!(lines!(connection), written);
}

#[tokio::test]
async fn leads_of_before_are_found_as_new_ones_on_sqlite() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    for (email, tags) in LEADS {
        lead_with(&store, email, tags).await;
    }
    let written = lines!(file.connection().await);
    is_whole(&written);
    drop(store);
    forth_and_back(&file.options()).await;
    assert_eq!(lines!(file.connection().await), written);
}
