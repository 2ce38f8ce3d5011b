//! What has to be done again and again so that nothing piles up.

use std::{error::Error, sync::Arc};

use ashlar_admin::{Notifications, SystemLog};
use ashlar_audit::retention::{Applied, Retention};
use ashlar_identity::{Identity, port::SignInCounters};
use ashlar_jobs::{CatchUp, Failure, Handler, Handlers, Idempotence, Job, NewJob, Schedule};
use ashlar_kernel::{Clock, Context, RequestLedger, TenantId};
use ashlar_leads::{Leads, Transfers, newsletter::Newsletter};
use async_trait::async_trait;
use serde::Deserialize;

use super::{Storage, WorkError, context_of};

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
    /// Files of exports.
    pub transfers: Transfers,
    /// Notifications.
    pub notifications: Notifications,
    /// Warnings and errors.
    pub system_log: SystemLog,
    /// Everything, on disks and elsewhere.
    pub storage: Storage,
    /// Bodies of events.
    pub retention: Retention,
}

/// The jobs of housekeeping.
pub fn housekeeping(keepers: Keepers, clock: &Arc<dyn Clock>) -> Handlers {
    let Keepers {
        identity,
        requests,
        counters,
        newsletter,
        leads,
        transfers,
        notifications,
        system_log,
        storage,
        retention,
    } = keepers;
    let clock = || Arc::clone(clock);
    Handlers::new()
        .with(Doing(PurgeSessions(identity.clone()), clock()))
        .with(Doing(PurgeLogins(identity.clone()), clock()))
        .with(Doing(ReleaseIdentifiers(identity.clone()), clock()))
        .with(Doing(TurnSigningKeys(identity), clock()))
        .with(Doing(PurgeRequests(requests), clock()))
        .with(Doing(PurgeCounters(counters), clock()))
        .with(Doing(SweepFiles(leads), clock()))
        .with(Doing(SweepExports(transfers), clock()))
        .with(Doing(SweepSubscriptions(newsletter), clock()))
        .with(Doing(PurgeLog(notifications.clone(), system_log), clock()))
        .with(Doing(CheckStorage(notifications, storage), clock()))
        .with(Doing(LetBodiesExpire(retention), clock()))
}

/// When housekeeping is due: hourly, once for however many hours nobody was there. Signing keys are looked at more often,
/// because one that was replaced is to be gone soon, and so is storage, because it is needed all the time; files once a day,
/// because a bucket is charged for being listed.
pub fn schedules() -> Result<Vec<Schedule>, WorkError> {
    Ok(vec![
        due::<PurgeSessions>()?,
        due::<PurgeRequests>()?,
        due::<PurgeCounters>()?,
        due::<PurgeLogins>()?,
        due::<ReleaseIdentifiers>()?,
        due::<SweepSubscriptions>()?,
        due::<SweepExports>()?,
        due::<SweepFiles>()?,
        due::<LetBodiesExpire>()?,
        due::<PurgeLog>()?,
        due::<CheckStorage>()?,
        due::<TurnSigningKeys>()?,
    ])
}

fn due<C: Chore>() -> Result<Schedule, WorkError> {
    Ok(Schedule::new(C::KIND, C::CRON, "UTC", CatchUp::Once, |_due| plain(C::KIND))?)
}

/// A job that needs to know nothing.
#[expect(clippy::expect_used, reason = "kinds are constants, and a test makes every one of these jobs")]
fn plain(kind: &str) -> NewJob {
    let job = NewJob::new(TenantId::MAIN, kind, 1, &serde_json::json!({})).and_then(|job| job.once_per("schedule"));
    job.and_then(|job| job.attempts(3)).expect("a kind of housekeeping is a valid kind")
}

/// Something that is done again and again. Done twice, it comes to the same; what fails is tried again.
#[async_trait]
trait Chore: Send + Sync + 'static {
    /// The kind of its jobs, and the name of its schedule.
    const KIND: &'static str;
    /// When it is due, in UTC.
    const CRON: &'static str;
    /// Who does it, as its events say.
    const ACTOR: &'static str = "housekeeping";

    /// Does it once.
    async fn once(&self, context: &Context) -> Done;
}

/// How a chore ends.
type Done = Result<(), Box<dyn Error + Send + Sync>>;

/// A chore as a job.
struct Doing<C>(C, Arc<dyn Clock>);

/// The payload of a job that needs to know nothing.
#[derive(Deserialize)]
struct Nothing {}

#[async_trait]
impl<C: Chore> Handler for Doing<C> {
    const KIND: &'static str = C::KIND;
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Nothing;

    async fn handle(&self, _nothing: Nothing, job: &Job) -> Result<(), Failure> {
        let Self(chore, clock) = self;
        let context = context_of(job, C::ACTOR, clock.now())?;
        chore.once(&context).await.map_err(|error| Failure::Transient(error.to_string()))
    }
}

/// Rows of one statement.
const ROWS: u32 = 1_000;

/// Deletes sessions that ended long ago.
struct PurgeSessions(Identity);

#[async_trait]
impl Chore for PurgeSessions {
    const KIND: &'static str = "session.purge";
    const CRON: &'static str = "7 * * * *";

    async fn once(&self, context: &Context) -> Done {
        let Self(identity) = self;
        let sessions = identity.purge_sessions(context.now).await?;
        identity.purge_challenges(context.now).await?;
        identity.purge_registrations(context.now).await?;
        identity.purge_devices(context.now).await?;
        if sessions > 0 {
            tracing::info!(sessions, "deleted sessions that ended long ago");
        }
        Ok(())
    }
}

/// Deletes answers that cannot be had again any more.
struct PurgeRequests(Arc<dyn RequestLedger>);

#[async_trait]
impl Chore for PurgeRequests {
    const KIND: &'static str = "idempotency.purge";
    const CRON: &'static str = "23 * * * *";

    async fn once(&self, context: &Context) -> Done {
        while self.0.purge_requests(context.now, ROWS).await? >= u64::from(ROWS) {}
        Ok(())
    }
}

/// Deletes counts of failed attempts that nobody needs any more.
struct PurgeCounters(Arc<dyn SignInCounters>);

#[async_trait]
impl Chore for PurgeCounters {
    const KIND: &'static str = "sign_in_counter.purge";
    const CRON: &'static str = "37 * * * *";

    async fn once(&self, context: &Context) -> Done {
        while self.0.purge_counters(context.now, ROWS).await? >= u64::from(ROWS) {}
        Ok(())
    }
}

/// Lets subscriptions expire that nobody confirmed, and forgets those that expired long ago.
struct SweepSubscriptions(Newsletter);

#[async_trait]
impl Chore for SweepSubscriptions {
    const KIND: &'static str = "subscription.sweep";
    const CRON: &'static str = "17 * * * *";

    async fn once(&self, context: &Context) -> Done {
        let (expired, deleted) = self.0.sweep(context).await?;
        if expired + deleted > 0 {
            tracing::info!(expired, deleted, "subscriptions that nobody confirmed");
        }
        Ok(())
    }
}

/// Forgets files that nobody needs.
struct SweepFiles(Leads);

#[async_trait]
impl Chore for SweepFiles {
    const KIND: &'static str = "file.sweep";
    const CRON: &'static str = "29 3 * * *";

    async fn once(&self, context: &Context) -> Done {
        let files = self.0.sweep_files(context.now).await?;
        if files > 0 {
            tracing::info!(files, "deleted files that nobody needed");
        }
        Ok(())
    }
}

/// Deletes the files of exports whose time is over.
struct SweepExports(Transfers);

#[async_trait]
impl Chore for SweepExports {
    const KIND: &'static str = "export.sweep";
    const CRON: &'static str = "41 * * * *";

    async fn once(&self, _context: &Context) -> Done {
        let files = self.0.sweep_exports().await?;
        if files > 0 {
            tracing::info!(files, "deleted files of exports whose time was over");
        }
        Ok(())
    }
}

/// Deletes warnings, errors and notifications of long ago.
struct PurgeLog(Notifications, SystemLog);

#[async_trait]
impl Chore for PurgeLog {
    const KIND: &'static str = "system_log.purge";
    const CRON: &'static str = "31 * * * *";

    async fn once(&self, context: &Context) -> Done {
        let Self(notifications, system_log) = self;
        system_log.purge(context.now).await?;
        notifications.purge(context.now).await?;
        Ok(())
    }
}

/// Looks whether things can be kept, and tells administrators if not.
struct CheckStorage(Notifications, Storage);

#[async_trait]
impl Chore for CheckStorage {
    const KIND: &'static str = "storage.check";
    const CRON: &'static str = "2-59/5 * * * *";
    const ACTOR: &'static str = "watch";

    async fn once(&self, context: &Context) -> Done {
        let Self(notifications, storage) = self;
        let (raised, resolved) = notifications.survey(&storage.places().await, context).await?;
        if raised + resolved > 0 {
            tracing::info!(raised, resolved, "notifications about storage");
        }
        Ok(())
    }
}

/// Lets bodies of events go that were kept for long enough.
struct LetBodiesExpire(Retention);

#[async_trait]
impl Chore for LetBodiesExpire {
    const KIND: &'static str = "audit.retain";
    const CRON: &'static str = "41 2 * * *";
    const ACTOR: &'static str = "retention";

    async fn once(&self, context: &Context) -> Done {
        let Applied { recorded, deleted } = self.0.apply(context).await?;
        if recorded + deleted > 0 {
            tracing::info!(recorded, deleted, "bodies of events that were kept for long enough");
        }
        Ok(())
    }
}

/// Deletes attempts to sign in that nobody looks up any more.
struct PurgeLogins(Identity);

#[async_trait]
impl Chore for PurgeLogins {
    const KIND: &'static str = "login_attempt.purge";
    const CRON: &'static str = "47 * * * *";

    async fn once(&self, context: &Context) -> Done {
        self.0.purge_logins(context.now).await?;
        Ok(())
    }
}

/// Forgets the addresses and handles of accounts that were deleted long ago.
struct ReleaseIdentifiers(Identity);

#[async_trait]
impl Chore for ReleaseIdentifiers {
    const KIND: &'static str = "user.release";
    const CRON: &'static str = "53 * * * *";

    async fn once(&self, context: &Context) -> Done {
        self.0.release_identifiers(context).await?;
        Ok(())
    }
}

/// Stages, promotes and removes signing keys.
struct TurnSigningKeys(Identity);

#[async_trait]
impl Chore for TurnSigningKeys {
    const KIND: &'static str = "signing_key.turn";
    const CRON: &'static str = "*/5 * * * *";
    const ACTOR: &'static str = "scheduler";

    async fn once(&self, context: &Context) -> Done {
        if self.0.turn_signing_keys(context).await? {
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
