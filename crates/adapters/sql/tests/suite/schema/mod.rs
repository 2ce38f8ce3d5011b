//! The schema goes up and down, whole or not at all, and one process at a time changes it.

mod postgres;
mod sqlite;

use ashlar_migrations::{MigrationLine, Migrator};
use ashlar_sql::{SchemaConnection, SqlOptions};
use sea_orm_migration::MigratorTrait;

use crate::support::migrate;

const STEPS: [&str; 55] = [
    "m20261120_000001_tenant",
    "m20261120_000002_account",
    "m20261120_000003_session",
    "m20261120_000004_event_log",
    "m20261120_000005_bootstrap",
    "m20261121_000006_job",
    "m20261121_000007_session_end",
    "m20261121_000008_request_ledger",
    "m20261121_000009_event_trace",
    "m20261121_000010_sign_in_counter",
    "m20261121_000011_mailed_links",
    "m20261121_000012_second_factor",
    "m20261121_000014_import",
    "m20261121_000016_api_key",
    "m20261121_000017_directory",
    "m20261121_000018_tenancy",
    "m20261121_000019_signing_key",
    "m20261121_000020_device",
    "m20261121_000023_login_attempt",
    "m20261121_000024_erasure",
    "m20261121_000027_bootstrap_token",
    "m20261121_000029_device_refusal",
    "m20261121_000030_lead",
    "m20261121_000031_lead_note",
    "m20261121_000032_lead_search",
    "m20261121_000033_lead_import",
    "m20261121_000035_client",
    "m20261121_000036_contract_file",
    "m20261121_000037_newsletter",
    "m20261121_000039_contact_message",
    "m20261121_000040_audit_trail",
    "m20261121_000041_lead_tally",
    "m20261121_000042_audit_lookup",
    "m20261121_000043_audit_roles",
    "m20261121_000044_lead_merge",
    "m20261121_000045_lead_filter",
    "m20261121_000047_audit_pii",
    "m20261121_000048_audit_retention",
    "m20261121_000050_set_password_link",
    "m20261121_000051_weak_password",
    "m20261121_000052_job_failures",
    "m20261121_000053_people_tally",
    "m20261121_000054_notification",
    "m20261121_000055_system_log",
    "m20261121_000056_suppression_lift",
    "m20261121_000057_lead_export",
    "m20261121_000060_subscription_wish",
    "m20261121_000061_subscription_address",
    "m20261121_000062_notification_letter",
    "m20261121_000063_unsealed_of_tenant",
    "m20261122_000064_lead_order",
    "m20261122_000065_event_outcome",
    "m20261122_000066_lead_status_tally",
    "m20261122_000071_lead_tag_bulk",
    "m20261122_000072_event_partition",
];

/// Steps that only SQLite takes.
const OF_SQLITE: [&str; 1] = ["m20261122_000071_lead_tag_bulk"];
/// Steps that only PostgreSQL takes.
const OF_POSTGRES: [&str; 1] = ["m20261122_000072_event_partition"];

/// Takes every step up and all of them back, comparing the schema on the way: each step back undoes its step exactly, and each
/// changes something, but for those of the other database.
async fn each_step_back_undoes_its_step(options: &SqlOptions, others: &[&str], dump: impl AsyncFn() -> Vec<String>) {
    let schema = SchemaConnection::open(options).await.unwrap();
    let db = schema.connection();
    Migrator::install(db).await.unwrap();
    let mut on_the_way_up = vec![dump().await];
    for step in STEPS {
        Migrator::up(db, Some(1)).await.unwrap();
        let next = dump().await;
        let has_changed = on_the_way_up.last() != Some(&next);
        assert_eq!(has_changed, !others.contains(&step), "{step}");
        on_the_way_up.push(next);
    }
    let top = on_the_way_up.last().cloned();

    for step in STEPS.iter().rev() {
        on_the_way_up.pop();
        assert_eq!(ashlar_migrations::down(db, 1).await.unwrap(), [*step]);
        assert_eq!(on_the_way_up.last(), Some(&dump().await), "{step}");
    }

    assert_eq!(ashlar_migrations::up(db).await.unwrap(), STEPS);
    assert_eq!(top, Some(dump().await));
    assert_eq!(ashlar_migrations::up(db).await.unwrap(), [""; 0]);
    let reversed: Vec<_> = STEPS.iter().rev().copied().collect();
    assert_eq!(ashlar_migrations::down(db, 99).await.unwrap(), reversed);
    schema.close().await;
}

async fn status(options: &SqlOptions) -> Vec<MigrationLine> {
    let schema = SchemaConnection::inspect(options).await.unwrap();
    let status = ashlar_migrations::status(schema.connection()).await.unwrap();
    schema.close().await;
    status
}

fn applied(count: usize) -> Vec<MigrationLine> {
    let line = |(index, name): (usize, &&str)| MigrationLine { name: (*name).to_owned(), is_applied: index < count };
    STEPS.iter().enumerate().map(line).collect()
}
