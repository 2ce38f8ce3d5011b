//! Everything of this domain that clients may rely on by name.

use ashlar_kernel::{ErrorCode, EventSpec};

use crate::{
    action_token::action_token_event_specs,
    api_key::api_key_event_specs,
    bootstrap::bootstrap_event_specs,
    device::device_event_specs,
    import::import_event_specs,
    lockout::lockout_event_specs,
    login::login_event_specs,
    membership::membership_event_specs,
    password::{password_codes, rehash_event_specs, weak_password_event_specs},
    port::hasher_codes,
    registration::registration_event_specs,
    second_factor::second_factor_event_specs,
    session::session_event_specs,
    signing_key::signing_key_event_specs,
    tenancy::tenant_event_specs,
    use_case,
    user::account_request_specs,
    user::user_event_specs,
};

/// Every event of this domain, for `openapi/events.json`.
pub fn events() -> Vec<EventSpec> {
    let all = [
        user_event_specs(),
        account_request_specs(),
        bootstrap_event_specs(),
        membership_event_specs(),
        registration_event_specs(),
        action_token_event_specs(),
        session_event_specs(),
        login_event_specs(),
        lockout_event_specs(),
        second_factor_event_specs(),
        rehash_event_specs(),
        weak_password_event_specs(),
        import_event_specs(),
        api_key_event_specs(),
        tenant_event_specs(),
        signing_key_event_specs(),
        device_event_specs(),
    ];
    all.concat()
}

/// Every error code of this domain, for `openapi/problems.json`.
pub fn error_codes() -> Vec<ErrorCode> {
    [password_codes::ALL, hasher_codes::ALL, use_case::codes::ALL, use_case::api_key_codes::ALL].concat()
}
