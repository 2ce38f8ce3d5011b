//! Everything of this domain that clients may rely on by name.

use ashlar_kernel::{ErrorCode, EventSpec};

use crate::{
    activity::activity_event_specs,
    client::client_event_specs,
    contact::contact_event_specs,
    export::export_event_specs,
    import::import_event_specs,
    lead::lead_event_specs,
    newsletter::{self, mailing_list_event_specs, subscription_event_specs},
    port::file_codes,
    use_case::codes,
};

/// Every event of this domain, for `openapi/events.json`.
pub fn events() -> Vec<EventSpec> {
    [
        lead_event_specs(),
        activity_event_specs(),
        client_event_specs(),
        contact_event_specs(),
        import_event_specs(),
        export_event_specs(),
        mailing_list_event_specs(),
        subscription_event_specs(),
    ]
    .concat()
}

/// Every error code of this domain, for `openapi/problems.json`.
pub fn error_codes() -> Vec<ErrorCode> {
    [codes::ALL, file_codes::ALL, newsletter::codes::ALL].concat()
}
