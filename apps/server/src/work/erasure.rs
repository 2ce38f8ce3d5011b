//! What follows from a deleted account, and from who asks for it: what is kept beside the log is erased.
//!
//! Only workers do it, because on PostgreSQL only they need the role that may.

use std::sync::Arc;

use ashlar_audit::log::{AuditLog, Erasure};
use ashlar_jobs::{Failure, Handler, Idempotence, Job, NewJob, Subscriber};
use ashlar_kernel::{Clock, EventRecord};
use async_trait::async_trait;

use super::{
    about::{self, About},
    context_of,
};

/// Hears of deleted accounts, and of who asks.
pub struct Erasures;

/// The account is deleted, and thirty days later its names are forgotten: whatever was still under way then is erased too.
const DELETIONS: [&str; 2] = ["identity.user.deleted", "identity.user.identifiers_released"];
const REQUEST: &str = "audit.pii.erasure_requested";

impl Subscriber for Erasures {
    fn name(&self) -> &'static str {
        "erasures"
    }

    fn wants(&self, event: &str) -> bool {
        event == REQUEST || DELETIONS.contains(&event)
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let everywhere = event.name != REQUEST;
        let member = if everywhere { "user" } else { "subject" };
        about::job::<ErasePersonal>(event, member, everywhere).into_iter().collect()
    }
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
    type Payload = About;

    async fn handle(&self, About { person, everywhere }: About, job: &Job) -> Result<(), Failure> {
        let context = context_of(job, "privacy", self.clock.now())?;
        let tenant = (!everywhere).then_some(job.tenant());
        let erased = self.log.erase(&context, Erasure { subject: person, tenant }).await;
        let values = erased.map_err(|error| Failure::Transient(error.to_string()))?;
        tracing::info!(values, "erased what was kept beside the log about somebody");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::testing::event;

    #[test]
    fn deleted_accounts_are_erased_everywhere_and_others_where_somebody_asked() {
        let person = Uuid::from_u128(7);
        let asked = DELETIONS.map(|name| (name, "user", true)).into_iter().chain([(REQUEST, "subject", false)]);
        for (name, member, everywhere) in asked {
            let event = event(name, json!({ member: person }));
            let job = NewJob::new(event.tenant, ErasePersonal::KIND, 1, &About { person, everywhere }).unwrap();
            assert_eq!(Erasures.jobs_for(&event), [job], "{name}");
        }
        assert!(Erasures.jobs_for(&event(REQUEST, json!({}))).is_empty());
        assert!(!Erasures.wants("identity.user.registered"));
    }
}
