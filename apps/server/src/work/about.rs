//! Jobs about one person, which follow from events.

use ashlar_jobs::{Handler, NewJob};
use ashlar_kernel::EventRecord;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whom a job is about.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub(super) person: Uuid,
    /// In every tenant, or in that of the job.
    pub(super) everywhere: bool,
}

/// The job that follows from an event, about whom its `member` names; none if it names nobody, which is a fault of ours.
pub(super) fn job<H: Handler<Payload = About>>(event: &EventRecord, member: &str, everywhere: bool) -> Option<NewJob> {
    let person = event.data.get(member).and_then(|person| person.as_str()?.parse().ok());
    let Some(person) = person else {
        tracing::error!(event = %event.id, name = event.name, job = H::KIND, "an event does not name whom it is about");
        return None;
    };
    NewJob::new(event.tenant, H::KIND, 1, &About { person, everywhere })
        .inspect_err(|error| tracing::error!(%error, job = H::KIND, "an event makes no job"))
        .ok()
}
