//! What follows from a deleted account, and from who asks for it: what is kept beside the log is erased.
//!
//! Only workers do it, because on PostgreSQL only they need the role that may.

use std::sync::Arc;

use ashlar_audit::log::{AuditLog, Erasure};
use ashlar_jobs::{Failure, Handler, Idempotence, Job, NewJob, Subscriber};
use ashlar_kernel::{Clock, EventRecord};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::context_of;

/// Hears of deleted accounts, and of who asks.
pub struct Erasures;

/// The account is deleted, and thirty days later its names are forgotten: whatever was still under way then is erased too.
const DELETIONS: [&str; 2] = ["identity.user.deleted", "identity.user.identifiers_released"];
const REQUEST: &str = "audit.pii.erasure_requested";

/// Whose.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    subject: Uuid,
    /// In every tenant, or in that of the job.
    everywhere: bool,
}

impl Subscriber for Erasures {
    fn name(&self) -> &'static str {
        "erasures"
    }

    fn wants(&self, event: &str) -> bool {
        event == REQUEST || DELETIONS.contains(&event)
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let Some(errand) = errand(event) else {
            tracing::error!(event = %event.id, name = event.name, "an event names nobody whose values are to be erased");
            return Vec::new();
        };
        let job = NewJob::new(event.tenant, ErasePersonal::KIND, 1, &errand);
        job.inspect_err(|error| tracing::error!(%error, "an erasure makes no job")).ok().into_iter().collect()
    }
}

/// What follows from an event; nothing if it does not say whom it is about.
fn errand(event: &EventRecord) -> Option<Errand> {
    let everywhere = event.name != REQUEST;
    let subject = event.data.get(if everywhere { "user" } else { "subject" })?.as_str()?.parse().ok()?;
    Some(Errand { subject, everywhere })
}

/// Erases what is kept beside the log about somebody.
pub struct ErasePersonal {
    /// The log.
    pub log: AuditLog,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for ErasePersonal {
    const KIND: &'static str = "audit.erase";
    const IDEMPOTENCE: Idempotence = Idempotence::SameResult;
    type Payload = Errand;

    async fn handle(&self, Errand { subject, everywhere }: Errand, job: &Job) -> Result<(), Failure> {
        let context = context_of(job, "privacy", self.clock.now())?;
        let tenant = (!everywhere).then_some(job.tenant());
        let erased = self.log.erase(&context, Erasure { subject, tenant }).await;
        let values = erased.map_err(|error| Failure::Transient(error.to_string()))?;
        tracing::info!(values, "erased what was kept beside the log about somebody");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::{ActorRef, EventFormat, Outcome, Source, TenantId, Timestamp};
    use serde_json::{Value, json};

    use super::*;

    fn event(name: &str, data: Value) -> EventRecord {
        EventRecord {
            format: EventFormat::LATEST,
            id: Uuid::from_u128(1),
            tenant: TenantId::MAIN,
            name: name.to_owned(),
            schema_version: 1,
            occurred_at: Timestamp::UNIX_EPOCH,
            actor: ActorRef { kind: "anonymous".to_owned(), id: None, session: None },
            targets: Vec::new(),
            outcome: Outcome::Ok,
            diff: Vec::new(),
            data,
            source: Source::default(),
            request_id: "r".to_owned(),
            trace: None,
        }
    }

    #[test]
    fn deleted_accounts_are_erased_everywhere_and_others_where_somebody_asked() {
        let subject = Uuid::from_u128(7);
        for deletion in DELETIONS {
            let event = event(deletion, json!({ "user": subject }));
            assert_eq!(errand(&event), Some(Errand { subject, everywhere: true }));
            assert_eq!(Erasures.jobs_for(&event).len(), 1);
        }
        let asked = event(REQUEST, json!({ "subject": subject }));
        assert_eq!(errand(&asked), Some(Errand { subject, everywhere: false }));
        assert!(Erasures.jobs_for(&event(REQUEST, json!({}))).is_empty());
        assert!(!Erasures.wants("identity.user.registered"));
    }
}
