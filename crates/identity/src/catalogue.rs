//! Everything of this domain that clients may rely on by name.

use ashlar_kernel::{ErrorCode, EventSpec};

use crate::{
    import::import_event_specs,
    login::login_event_specs,
    membership::membership_event_specs,
    password::{password_codes, rehash_event_specs},
    port::hasher_codes,
    session::session_event_specs,
    use_case,
    user::user_event_specs,
};

/// Every event of this domain, for `openapi/events.json`.
pub fn events() -> Vec<EventSpec> {
    [
        user_event_specs(),
        membership_event_specs(),
        session_event_specs(),
        login_event_specs(),
        rehash_event_specs(),
        import_event_specs(),
    ]
    .concat()
}

/// Every error code of this domain, for `openapi/problems.json`.
pub fn error_codes() -> Vec<ErrorCode> {
    [password_codes::ALL, hasher_codes::ALL, use_case::codes::ALL].concat()
}
