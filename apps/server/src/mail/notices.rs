//! Which events people are told about.

use ashlar_jobs::{NewJob, Subscriber};
use ashlar_kernel::EventRecord;

use super::send::{Errand, SendMail};

/// Writes to people whose account something happened to.
pub struct Notices;

const REUSE_DETECTED: &str = "identity.session.refresh_reuse_detected";

impl Subscriber for Notices {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn wants(&self, event: &str) -> bool {
        event == REUSE_DETECTED
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let user = event.targets.iter().find(|target| target.kind == "user").and_then(|user| user.id.parse().ok());
        let job = user
            .and_then(|user| SendMail::job(event.tenant, &Errand::SessionReuse { user, at: event.occurred_at }).ok());
        if job.is_none() {
            tracing::error!(event = %event.id, name = event.name, "an event names nobody to write to");
        }
        job.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use ashlar_identity::catalogue;

    use super::*;

    #[test]
    fn it_waits_for_events_that_exist() {
        assert!(catalogue::events().iter().any(|event| event.name == REUSE_DETECTED));
        assert!(!Notices.wants("identity.session.created"));
    }
}
