//! What follows from somebody's leaving, or from another role: leads they can look after no more are nobody's.

use std::sync::Arc;

use ashlar_jobs::{Failure, Handler, Idempotence, Job, NewJob, Subscriber};
use ashlar_kernel::{Clock, Context, EventRecord, RequestId};
use ashlar_leads::Leads;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Hears of people who leave a tenant, of those who get another role there, and of deleted accounts.
pub struct Departures;

/// In the tenant of the event.
const HERE: [&str; 2] = ["identity.membership.removed", "identity.membership.role_changed"];
/// In every tenant: with the account its memberships are gone, and there is no event for each.
const EVERYWHERE: &str = "identity.user.deleted";

/// Whose leads.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    owner: Uuid,
    /// In every tenant, or in that of the job.
    everywhere: bool,
}

impl Subscriber for Departures {
    fn name(&self) -> &'static str {
        "departures"
    }

    fn wants(&self, event: &str) -> bool {
        event == EVERYWHERE || HERE.contains(&event)
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let Some(errand) = errand(event) else {
            tracing::error!(event = %event.id, name = event.name, "an event does not name who left");
            return Vec::new();
        };
        let job = NewJob::new(event.tenant, ReleaseLeads::KIND, 1, &errand);
        job.inspect_err(|error| tracing::error!(%error, "a departure makes no job")).ok().into_iter().collect()
    }
}

/// What follows from an event; nothing if it does not say whom it is about.
fn errand(event: &EventRecord) -> Option<Errand> {
    let owner = event.data.get("user")?.as_str()?.parse().ok()?;
    Some(Errand { owner, everywhere: event.name == EVERYWHERE })
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
    type Payload = Errand;

    async fn handle(&self, Errand { owner, everywhere }: Errand, job: &Job) -> Result<(), Failure> {
        let request = RequestId::parse(&job.id().to_string()).map_err(|error| Failure::Permanent(error.to_string()))?;
        let transient = |error: ashlar_kernel::StoreError| Failure::Transient(error.to_string());
        let tenants =
            if everywhere { self.leads.tenants_of_owner(owner).await.map_err(transient)? } else { vec![job.tenant()] };
        for tenant in tenants {
            let context = Context::system("departures", tenant, request.clone(), self.clock.now());
            let leads = self.leads.release(&context, owner).await.map_err(transient)?;
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
    fn it_waits_for_events_that_exist() {
        for name in HERE.into_iter().chain([EVERYWHERE]) {
            assert!(catalogue::events().iter().any(|event| event.name == name), "{name}");
            assert!(Departures.wants(name));
        }
        assert!(!Departures.wants("identity.user.disabled"), "who is let in again goes on where they were");
    }

    #[test]
    fn whoever_leaves_does_so_here_and_a_deleted_account_everywhere() {
        let owner = Uuid::from_u128(7);
        for (name, everywhere) in [(HERE[0], false), (HERE[1], false), (EVERYWHERE, true)] {
            let event = event(name, json!({ "user": owner }));
            assert_eq!(errand(&event), Some(Errand { owner, everywhere }));
            assert_eq!(Departures.jobs_for(&event).len(), 1);
        }
        assert!(Departures.jobs_for(&event(HERE[0], json!({}))).is_empty());
    }
}
