//! The schema of Ashlar, step by step, up and down, for PostgreSQL and SQLite.
//!
//! Each step is one file of SQL with the few words filled in that the two databases spell differently. A step runs in a
//! transaction. On PostgreSQL an advisory lock lets one process at a time change the schema; on SQLite the lock file of
//! `ashlar-sql` does.

mod dialect;
mod m20261120_000001_tenant;
mod m20261120_000002_account;
mod m20261120_000003_session;
mod m20261120_000004_event_log;
mod m20261120_000005_bootstrap;
mod m20261121_000006_job;
mod m20261121_000007_session_end;
mod m20261121_000008_request_ledger;
mod m20261121_000009_event_trace;
mod m20261121_000010_sign_in_counter;
mod m20261121_000011_mailed_links;
mod m20261121_000012_second_factor;
mod m20261121_000014_import;
mod m20261121_000016_api_key;
mod m20261121_000017_directory;
mod m20261121_000018_tenancy;
mod m20261121_000019_signing_key;
mod m20261121_000020_device;
mod m20261121_000023_login_attempt;
mod m20261121_000024_erasure;
mod m20261121_000027_bootstrap_token;
mod m20261121_000029_device_refusal;
mod m20261121_000030_lead;
mod m20261121_000031_lead_note;
mod m20261121_000032_lead_search;
mod m20261121_000033_lead_import;
mod m20261121_000035_client;
mod m20261121_000036_contract_file;
mod m20261121_000037_newsletter;
mod m20261121_000039_contact_message;
mod m20261121_000040_audit_trail;
mod m20261121_000041_lead_tally;
mod m20261121_000042_audit_lookup;
mod m20261121_000043_audit_roles;
mod m20261121_000044_lead_merge;
mod m20261121_000045_lead_filter;
mod m20261121_000047_audit_pii;
mod m20261121_000048_audit_retention;
mod m20261121_000050_set_password_link;
mod m20261121_000051_weak_password;
mod m20261121_000052_job_failures;
mod m20261121_000053_people_tally;
mod m20261121_000054_notification;
mod m20261121_000055_system_log;
mod m20261121_000056_suppression_lift;
mod m20261121_000057_lead_export;
mod m20261121_000060_subscription_wish;
mod m20261121_000061_subscription_address;
mod m20261121_000062_notification_letter;
mod m20261121_000063_unsealed_of_tenant;
mod m20261122_000064_lead_order;
mod m20261122_000065_event_outcome;
mod m20261122_000066_lead_status_tally;
mod m20261122_000071_lead_tag_bulk;
mod m20261122_000072_event_partition;
mod step;

use sea_orm_migration::{
    MigrationStatus, MigrationTrait, MigratorTrait,
    sea_orm::{
        DatabaseConnection, DbBackend, DbErr, RuntimeErr,
        sqlx::{
            Postgres,
            pool::PoolConnection,
            postgres::{PgAdvisoryLock, PgAdvisoryLockGuard},
        },
    },
};

/// Every step there is, in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_tenant::STEP),
            Box::new(m20261120_000002_account::STEP),
            Box::new(m20261120_000003_session::STEP),
            Box::new(m20261120_000004_event_log::STEP),
            Box::new(m20261120_000005_bootstrap::STEP),
            Box::new(m20261121_000006_job::STEP),
            Box::new(m20261121_000007_session_end::STEP),
            Box::new(m20261121_000008_request_ledger::STEP),
            Box::new(m20261121_000009_event_trace::STEP),
            Box::new(m20261121_000010_sign_in_counter::STEP),
            Box::new(m20261121_000011_mailed_links::STEP),
            Box::new(m20261121_000012_second_factor::STEP),
            Box::new(m20261121_000014_import::STEP),
            Box::new(m20261121_000016_api_key::STEP),
            Box::new(m20261121_000017_directory::STEP),
            Box::new(m20261121_000018_tenancy::STEP),
            Box::new(m20261121_000019_signing_key::STEP),
            Box::new(m20261121_000020_device::STEP),
            Box::new(m20261121_000023_login_attempt::STEP),
            Box::new(m20261121_000024_erasure::STEP),
            Box::new(m20261121_000027_bootstrap_token::STEP),
            Box::new(m20261121_000029_device_refusal::STEP),
            Box::new(m20261121_000030_lead::STEP),
            Box::new(m20261121_000031_lead_note::STEP),
            Box::new(m20261121_000032_lead_search::STEP),
            Box::new(m20261121_000033_lead_import::STEP),
            Box::new(m20261121_000035_client::STEP),
            Box::new(m20261121_000036_contract_file::STEP),
            Box::new(m20261121_000037_newsletter::STEP),
            Box::new(m20261121_000039_contact_message::STEP),
            Box::new(m20261121_000040_audit_trail::STEP),
            Box::new(m20261121_000041_lead_tally::STEP),
            Box::new(m20261121_000042_audit_lookup::STEP),
            Box::new(m20261121_000043_audit_roles::STEP),
            Box::new(m20261121_000044_lead_merge::STEP),
            Box::new(m20261121_000045_lead_filter::STEP),
            Box::new(m20261121_000047_audit_pii::STEP),
            Box::new(m20261121_000048_audit_retention::STEP),
            Box::new(m20261121_000050_set_password_link::STEP),
            Box::new(m20261121_000051_weak_password::STEP),
            Box::new(m20261121_000052_job_failures::STEP),
            Box::new(m20261121_000053_people_tally::STEP),
            Box::new(m20261121_000054_notification::STEP),
            Box::new(m20261121_000055_system_log::STEP),
            Box::new(m20261121_000056_suppression_lift::STEP),
            Box::new(m20261121_000057_lead_export::STEP),
            Box::new(m20261121_000060_subscription_wish::STEP),
            Box::new(m20261121_000061_subscription_address::STEP),
            Box::new(m20261121_000062_notification_letter::STEP),
            Box::new(m20261121_000063_unsealed_of_tenant::STEP),
            Box::new(m20261122_000064_lead_order::STEP),
            Box::new(m20261122_000065_event_outcome::STEP),
            Box::new(m20261122_000066_lead_status_tally::STEP),
            Box::new(m20261122_000071_lead_tag_bulk::STEP),
            Box::new(m20261122_000072_event_partition::STEP),
        ]
    }
}

/// One step, and whether a database has taken it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationLine {
    /// Its name, which sorts by age.
    pub name: String,
    /// Whether it was taken.
    pub is_applied: bool,
}

/// Every step in order, and which of them the database has taken. Changes nothing, and needs no right to.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<MigrationLine>, DbErr> {
    let all = Migrator::get_migration_with_status_read_only(db).await?;
    let line = |migration: sea_orm_migration::Migration| MigrationLine {
        name: migration.name().to_owned(),
        is_applied: migration.status() == MigrationStatus::Applied,
    };
    Ok(all.into_iter().map(line).collect())
}

/// Takes every step that is missing, and names them. On PostgreSQL it needs two connections at a time, and waits for
/// another process that is at it.
pub async fn up(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let turn = Turn::wait(db).await?;
    let outcome = take_missing(db).await;
    turn.end().await?;
    outcome
}

/// Takes the last `steps` steps back, newest first, and names them. What their tables held is lost.
pub async fn down(db: &DatabaseConnection, steps: u32) -> Result<Vec<String>, DbErr> {
    let turn = Turn::wait(db).await?;
    let outcome = take_back(db, steps).await;
    turn.end().await?;
    outcome
}

async fn take_missing(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let missing = status(db).await?.into_iter().filter(|line| !line.is_applied);
    let names = missing.map(|line| line.name).collect();
    Migrator::up(db, None).await?;
    Ok(names)
}

async fn take_back(db: &DatabaseConnection, steps: u32) -> Result<Vec<String>, DbErr> {
    let mut applied: Vec<_> = status(db).await?.into_iter().filter(|line| line.is_applied).collect();
    applied.reverse();
    applied.truncate(usize::try_from(steps).unwrap_or(usize::MAX));
    Migrator::down(db, Some(steps)).await?;
    Ok(applied.into_iter().map(|line| line.name).collect())
}

/// The turn of one process to change the schema.
struct Turn(Option<PgAdvisoryLockGuard<PoolConnection<Postgres>>>);

impl Turn {
    async fn wait(db: &DatabaseConnection) -> Result<Self, DbErr> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(Self(None));
        }
        let connection = db.get_postgres_connection_pool().acquire().await.map_err(connection_error)?;
        let guard = PgAdvisoryLock::new("ashlar schema").acquire(connection).await.map_err(connection_error)?;
        Ok(Self(Some(guard)))
    }

    async fn end(self) -> Result<(), DbErr> {
        match self.0 {
            None => Ok(()),
            Some(guard) => guard.release_now().await.map(drop).map_err(connection_error),
        }
    }
}

fn connection_error(error: sea_orm_migration::sea_orm::sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}
