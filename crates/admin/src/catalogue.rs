//! Everything of this domain that clients may rely on by name.

use ashlar_kernel::EventSpec;

use crate::notification::notification_event_specs;

/// Every event of this domain, for `openapi/events.json`.
pub fn events() -> Vec<EventSpec> {
    notification_event_specs().to_vec()
}
