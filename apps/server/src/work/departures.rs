//! What follows from somebody's leaving, or from another role: leads they can look after no more are nobody's.

use std::sync::Arc;

use ashlar_jobs::{Failure, Handler, Idempotence, Job, NewJob, Subscriber};
use ashlar_kernel::{Clock, Context, EventRecord, StoreError};
use ashlar_leads::Leads;
use async_trait::async_trait;

use super::{
    about::{self, About},
    context_of,
};

/// Hears of people who leave a tenant, of those who get another role there, and of deleted accounts.
pub struct Departures;

/// In the tenant of the event.
const HERE: [&str; 2] = ["identity.membership.removed", "identity.membership.role_changed"];
/// In every tenant: with the account its memberships are gone, and there is no event for each.
const EVERYWHERE: &str = "identity.user.deleted";

impl Subscriber for Departures {
    fn name(&self) -> &'static str {
        "departures"
    }

    fn wants(&self, event: &str) -> bool {
        event == EVERYWHERE || HERE.contains(&event)
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        about::job::<ReleaseLeads>(event, "user", event.name == EVERYWHERE).into_iter().collect()
    }
}

/// Makes leads nobody's whose owner can look after them no more.
pub struct ReleaseLeads {
    /// The leads.
    pub leads: Leads,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Handler for ReleaseLeads {
    const KIND: &'static str = "lead.release";
    const IDEMPOTENCE: Idempotence =
        Idempotence::CompareAndSet("lead.owner_id is theirs, and they do not look after leads");
    type Payload = About;

    async fn handle(&self, About { person, everywhere }: About, job: &Job) -> Result<(), Failure> {
        let transient = |error: StoreError| Failure::Transient(error.to_string());
        let tenants =
            if everywhere { self.leads.tenants_of_owner(person).await.map_err(transient)? } else { vec![job.tenant()] };
        for tenant in tenants {
            let context = Context { tenant, ..context_of(job, "departures", self.clock.now())? };
            let leads = self.leads.release(&context, person).await.map_err(transient)?;
            if leads > 0 {
                tracing::info!(%tenant, leads, "leads of somebody who left are nobody's");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ashlar_identity::catalogue;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::testing::event;

    #[test]
    fn it_waits_for_events_that_exist() {
        for name in HERE.into_iter().chain([EVERYWHERE]) {
            assert!(catalogue::events().iter().any(|event| event.name == name), "{name}");
            assert!(Departures.wants(name));
        }
        assert!(!Departures.wants("identity.user.disabled"), "who is let in again goes on where they were");
    }

    #[test]
    fn whoever_leaves_does_so_here_and_a_deleted_account_everywhere() {
        let person = Uuid::from_u128(7);
        for (name, everywhere) in [(HERE[0], false), (HERE[1], false), (EVERYWHERE, true)] {
            let event = event(name, json!({ "user": person }));
            let job = NewJob::new(event.tenant, ReleaseLeads::KIND, 1, &About { person, everywhere }).unwrap();
            assert_eq!(Departures.jobs_for(&event), [job], "{name}");
        }
        assert!(Departures.jobs_for(&event(HERE[0], json!({}))).is_empty());
    }
}
