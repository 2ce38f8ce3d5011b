//! What the tables of leads refuse, by name, whoever writes.

use sqlx::Executor;

use super::plans::one_lead;
use crate::support::{PostgresDatabase, SqliteFile, store_on};

/// A message of the one lead there is, but for one value.
macro_rules! message {
    ($name:literal, $subject:literal, $message:literal, $status:literal, $rest:literal) => {
        concat!(
            "INSERT INTO contact_message (id, tenant_id, name, email, subject, message, status, user_agent, lead_id, \
             created_at, updated_at, version) SELECT id, tenant_id, ",
            $name,
            ", email, ",
            $subject,
            ", ",
            $message,
            ", ",
            $status,
            ", ",
            $rest,
            " FROM lead"
        )
    };
}

/// A statement that breaks one constraint of a database with one lead.
const BREACHES: [(&str, &str); 24] = [
    ("lead_full_name_check", "UPDATE lead SET full_name = ''"),
    ("lead_phone_e164_check", "UPDATE lead SET phone_number = '1', phone_e164 = '1'"),
    ("lead_email_key_check", "UPDATE lead SET email_key = ''"),
    ("lead_status_check", "UPDATE lead SET status = 'gone'"),
    ("lead_score_check", "UPDATE lead SET score = 101"),
    ("lead_score_check", "UPDATE lead SET score = -1"),
    ("lead_version_check", "UPDATE lead SET version = 0"),
    ("lead_email_pair_check", "UPDATE lead SET email_key = NULL"),
    ("lead_phone_pair_check", "UPDATE lead SET phone_number = '1'"),
    ("lead_contact_check", "UPDATE lead SET email = NULL, email_key = NULL"),
    ("lead_lost_reason_check", "UPDATE lead SET lost_reason = 'other'"),
    ("lead_tenant_id_fkey", "UPDATE lead SET tenant_id = id"),
    ("lead_status_change_lead_id_fkey", "UPDATE lead_status_change SET lead_id = id"),
    ("lead_status_change_tenant_id_fkey", "UPDATE lead_status_change SET tenant_id = id"),
    (
        "lead_activity_kind_check",
        "INSERT INTO lead_activity (id, tenant_id, lead_id, kind, created_at) \
         SELECT id, tenant_id, id, 'rumour', created_at FROM lead",
    ),
    (
        "lead_activity_lead_id_fkey",
        "INSERT INTO lead_activity (id, tenant_id, lead_id, kind, created_at) \
         SELECT id, tenant_id, tenant_id, 'note', created_at FROM lead",
    ),
    ("lead_tally_day_check", "UPDATE lead_tally SET day = '2030-1-1'"),
    ("lead_tally_slot_check", "UPDATE lead_tally SET slot = 16"),
    (
        "contact_message_name_check",
        message!("''", "'Hello'", "'Hello again'", "'new'", "NULL, id, created_at, updated_at, 1"),
    ),
    (
        "contact_message_subject_check",
        message!("'Ada'", "'x'", "'Hello again'", "'new'", "NULL, id, created_at, updated_at, 1"),
    ),
    (
        "contact_message_message_check",
        message!("'Ada'", "'Hello'", "'too short'", "'new'", "NULL, id, created_at, updated_at, 1"),
    ),
    (
        "contact_message_status_check",
        message!("'Ada'", "'Hello'", "'Hello again'", "'gone'", "NULL, id, created_at, updated_at, 1"),
    ),
    (
        "contact_message_lead_id_fkey",
        message!("'Ada'", "'Hello'", "'Hello again'", "'new'", "NULL, tenant_id, created_at, updated_at, 1"),
    ),
    (
        "contact_message_version_check",
        message!("'Ada'", "'Hello'", "'Hello again'", "'new'", "NULL, id, created_at, updated_at, 0"),
    ),
];

#[tokio::test]
async fn what_breaks_an_invariant_of_leads_is_refused_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    one_lead(&store_on(database.options()).await).await;
    let mut connection = database.connection().await;

    for (constraint, sql) in BREACHES {
        let refused = connection.execute(sql).await.unwrap_err();
        let named = refused.as_database_error().and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(named.as_deref(), Some(constraint), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn what_breaks_an_invariant_of_leads_is_refused_on_sqlite() {
    let file = SqliteFile::new();
    one_lead(&store_on(file.options()).await).await;
    let mut connection = file.connection().await;

    for (constraint, sql) in BREACHES {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        // SQLite does not name foreign keys.
        let name = if constraint.ends_with("_fkey") { "FOREIGN KEY" } else { constraint };
        assert!(refused.contains(name), "{sql}: {refused}");
    }
}
