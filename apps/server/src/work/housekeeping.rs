//! What has to be done again and again so that nothing piles up.

use std::sync::Arc;

use ashlar_admin::{Notifications, SystemLog};
use ashlar_audit::retention::{Applied, Retention};
use ashlar_identity::{Identity, port::SignInCounters};
use ashlar_jobs::{CatchUp, Failure, Handler, Handlers, Idempotence, Job, NewJob, Schedule};
use ashlar_kernel::{Clock, Context, RequestId, RequestLedger, TenantId};
use ashlar_leads::{Leads, newsletter::Newsletter};
use async_trait::async_trait;
use serde::Deserialize;

use super::WorkError;

/// Who keeps what piles up.
pub struct Keepers {
    /// Sessions.
    pub identity: Identity,
    /// Answers to requests with a key.
    pub requests: Arc<dyn RequestLedger>,
    /// Failed attempts.
    pub counters: Arc<dyn SignInCounters>,
    /// Subscriptions.
    pub newsletter: Newsletter,
    /// Files.
    pub leads: Leads,
    /// Notifications.
    pub notifications: Notifications,
    /// Warnings and errors.
    pub system_log: SystemLog,
    /// Bodies of events.
    pub retention: Retention,
}

/// The jobs of housekeeping.
pub fn housekeeping(keepers: Keepers, clock: &Arc<dyn Clock>) -> Handlers {
    let Keepers { identity, requests, counters, newsletter, leads, notifications, system_log, retention } = keepers;
    Handlers::new()
        .with(PurgeSessions { identity: identity.clone(), clock: Arc::clone(clock) })
        .with(PurgeLogins { identity: identity.clone(), clock: Arc::clone(clock) })
        .with(ReleaseIdentifiers { identity: identity.clone(), clock: Arc::clone(clock) })
        .with(TurnSigningKeys { identity, clock: Arc::clone(clock) })
        .with(PurgeRequests { requests, clock: Arc::clone(clock) })
        .with(PurgeCounters { counters, clock: Arc::clone(clock) })
        .with(SweepFiles { leads, clock: Arc::clone(clock) })
        .with(SweepSubscriptions { newsletter, clock: Arc::clone(clock) })
        .with(PurgeLog { notifications, system_log, clock: Arc::clone(clock) })
        .with(LetBodiesExpire { retention, clock: Arc::clone(clock) })
}

/// When housekeeping is due: hourly, once for however many hours nobody was there. Signing keys are looked at more often,
/// because one that was replaced is to be gone soon; files once a day, because a bucket is charged for being listed; and
/// bodies of events once a night, because everything that is older than a period and stays is looked through.
pub fn schedules() -> Result<Vec<Schedule>, WorkError> {
    Ok(vec![
        hourly(PurgeSessions::KIND, 7)?,
        hourly(PurgeRequests::KIND, 23)?,
        hourly(PurgeCounters::KIND, 37)?,
        hourly(PurgeLogins::KIND, 47)?,
        hourly(ReleaseIdentifiers::KIND, 53)?,
        hourly(SweepSubscriptions::KIND, 17)?,
        by(SweepFiles::KIND, "29 3 * * *")?,
        by(LetBodiesExpire::KIND, "41 2 * * *")?,
        hourly(PurgeLog::KIND, 31)?,
        by(TurnSigningKeys::KIND, "*/5 * * * *")?,
    ])
}

fn hourly(kind: &'static str, minute: u8) -> Result<Schedule, WorkError> {
    by(kind, &format!("{minute} * * * *"))
}

fn by(kind: &'static str, cron: &str) -> Result<Schedule, WorkError> {
    Ok(Schedule::new(kind, cron, "UTC", CatchUp::Once, move |_due| plain(kind))?)
}

/// A job that needs to know nothing.
#[expect(clippy::expect_used, reason = "kinds are constants, and a test makes every one of these jobs")]
fn plain(kind: &str) -> NewJob {
    let job = NewJob::new(TenantId::MAIN, kind, 1, &serde_json::json!({})).and_then(|job| job.once_per("schedule"));
    job.and_then(|job| job.attempts(3)).expect("a kind of housekeeping is a valid kind")
}

/// The payload of a job that needs to know nothing.
#[derive(Deserialize)]
struct Nothing {}

/// Deletes sessions that ended long ago.
struct PurgeSessions {
    identity: Identity,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for PurgeSessions {
    const KIND: &'static str = "session.purge";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, _job: &Job) -> Result<(), Failure> {
        let purged = self.identity.purge_sessions(self.clock.now()).await;
        let sessions = purged.map_err(|error| Failure::Transient(error.to_string()))?;
        let purged = self.identity.purge_challenges(self.clock.now()).await;
        purged.map_err(|error| Failure::Transient(error.to_string()))?;
        let purged = self.identity.purge_registrations(self.clock.now()).await;
        purged.map_err(|error| Failure::Transient(error.to_string()))?;
        let purged = self.identity.purge_devices(self.clock.now()).await;
        purged.map_err(|error| Failure::Transient(error.to_string()))?;
        if sessions > 0 {
            tracing::info!(sessions, "deleted sessions that ended long ago");
        }
        Ok(())
    }
}

/// Deletes answers that cannot be had again any more.
struct PurgeRequests {
    requests: Arc<dyn RequestLedger>,
    clock: Arc<dyn Clock>,
}

/// Rows of one statement.
const ROWS: u32 = 1_000;

#[async_trait]
impl Handler for PurgeRequests {
    const KIND: &'static str = "idempotency.purge";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, _job: &Job) -> Result<(), Failure> {
        let now = self.clock.now();
        loop {
            let purged = self.requests.purge_requests(now, ROWS).await;
            if purged.map_err(|error| Failure::Transient(error.to_string()))? < u64::from(ROWS) {
                return Ok(());
            }
        }
    }
}

/// Deletes counts of failed attempts that nobody needs any more.
struct PurgeCounters {
    counters: Arc<dyn SignInCounters>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for PurgeCounters {
    const KIND: &'static str = "sign_in_counter.purge";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, _job: &Job) -> Result<(), Failure> {
        let now = self.clock.now();
        loop {
            let purged = self.counters.purge_counters(now, ROWS).await;
            if purged.map_err(|error| Failure::Transient(error.to_string()))? < u64::from(ROWS) {
                return Ok(());
            }
        }
    }
}

/// Lets subscriptions expire that nobody confirmed, and forgets those that expired long ago.
struct SweepSubscriptions {
    newsletter: Newsletter,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for SweepSubscriptions {
    const KIND: &'static str = "subscription.sweep";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, job: &Job) -> Result<(), Failure> {
        let request = RequestId::parse(&job.id().to_string()).map_err(|error| Failure::Permanent(error.to_string()))?;
        let context = Context::system("housekeeping", job.tenant(), request, self.clock.now());
        let swept = self.newsletter.sweep(&context).await;
        let (expired, deleted) = swept.map_err(|error| Failure::Transient(error.to_string()))?;
        if expired + deleted > 0 {
            tracing::info!(expired, deleted, "subscriptions that nobody confirmed");
        }
        Ok(())
    }
}

/// Forgets files that nobody needs.
struct SweepFiles {
    leads: Leads,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for SweepFiles {
    const KIND: &'static str = "file.sweep";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, _job: &Job) -> Result<(), Failure> {
        let swept = self.leads.sweep_files(self.clock.now()).await;
        let files = swept.map_err(|error| Failure::Transient(error.to_string()))?;
        if files > 0 {
            tracing::info!(files, "deleted files that nobody needed");
        }
        Ok(())
    }
}

/// Deletes warnings, errors and notifications of long ago.
struct PurgeLog {
    notifications: Notifications,
    system_log: SystemLog,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for PurgeLog {
    const KIND: &'static str = "system_log.purge";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, _job: &Job) -> Result<(), Failure> {
        let now = self.clock.now();
        let purged = self.system_log.purge(now).await;
        purged.map_err(|error| Failure::Transient(error.to_string()))?;
        let purged = self.notifications.purge(now).await;
        purged.map(drop).map_err(|error| Failure::Transient(error.to_string()))
    }
}

/// Lets bodies of events go that were kept for long enough.
struct LetBodiesExpire {
    retention: Retention,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for LetBodiesExpire {
    const KIND: &'static str = "audit.retain";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, job: &Job) -> Result<(), Failure> {
        let request = RequestId::parse(&job.id().to_string()).map_err(|error| Failure::Permanent(error.to_string()))?;
        let context = Context::system("retention", job.tenant(), request, self.clock.now());
        let applied = self.retention.apply(&context).await;
        let Applied { recorded, deleted } = applied.map_err(|error| Failure::Transient(error.to_string()))?;
        if recorded + deleted > 0 {
            tracing::info!(recorded, deleted, "bodies of events that were kept for long enough");
        }
        Ok(())
    }
}

/// Deletes attempts to sign in that nobody looks up any more.
struct PurgeLogins {
    identity: Identity,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for PurgeLogins {
    const KIND: &'static str = "login_attempt.purge";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, _job: &Job) -> Result<(), Failure> {
        let purged = self.identity.purge_logins(self.clock.now()).await;
        purged.map(drop).map_err(|error| Failure::Transient(error.to_string()))
    }
}

/// Forgets the addresses and handles of accounts that were deleted long ago.
struct ReleaseIdentifiers {
    identity: Identity,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for ReleaseIdentifiers {
    const KIND: &'static str = "user.release";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, job: &Job) -> Result<(), Failure> {
        let request = RequestId::parse(&job.id().to_string()).map_err(|error| Failure::Permanent(error.to_string()))?;
        let context = Context::system("housekeeping", job.tenant(), request, self.clock.now());
        let released = self.identity.release_identifiers(&context).await;
        released.map(drop).map_err(|error| Failure::Transient(error.to_string()))
    }
}

/// Stages, promotes and removes signing keys.
struct TurnSigningKeys {
    identity: Identity,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for TurnSigningKeys {
    const KIND: &'static str = "signing_key.turn";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, job: &Job) -> Result<(), Failure> {
        let request = RequestId::parse(&job.id().to_string()).map_err(|error| Failure::Permanent(error.to_string()))?;
        let context = Context::system("scheduler", TenantId::MAIN, request, self.clock.now());
        let turned = self.identity.turn_signing_keys(&context).await;
        if turned.map_err(|error| Failure::Transient(error.to_string()))? {
            tracing::info!("the signing keys have moved on");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_is_valid_and_its_job_has_the_name() {
        for schedule in schedules().unwrap() {
            assert_eq!(plain(schedule.name()).dedupe(), Some((schedule.name(), "schedule")));
        }
    }
}
