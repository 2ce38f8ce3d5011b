//! What tests of several modules are about.

use ashlar_kernel::{ActorRef, EventFormat, EventRecord, Outcome, Source, TenantId, Timestamp};
use serde_json::Value;
use uuid::Uuid;

/// Something that happened, for tests of what follows from it.
pub(crate) fn event(name: &str, data: Value) -> EventRecord {
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
