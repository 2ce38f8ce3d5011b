//! The identity domain over HTTP.

mod admin;
mod api_key_dto;
mod api_keys;
mod auth;
mod devices;
mod dto;
mod email;
mod enrollment;
mod export_dto;
mod keys;
mod leaving;
mod login_attempts;
mod login_dto;
mod me;
mod my_tenants;
mod password;
mod reauthenticate;
mod refresh_cookie;
mod second_factor;
mod sessions;
mod tenants;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the routes of this domain.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(auth::register)
        .service(auth::log_in)
        .service(auth::refresh)
        .service(auth::log_out)
        .service(password::forgot)
        .service(password::reset)
        .service(password::change)
        .service(email::verify)
        .service(email::resend)
        .service(email::change)
        .service(email::undo)
        .service(reauthenticate::reauthenticate)
        .service(reauthenticate::log_out_everywhere)
        .service(second_factor::second_step)
        .service(enrollment::enrol)
        .service(enrollment::confirm)
        .service(second_factor::read)
        .service(second_factor::enrol)
        .service(second_factor::confirm)
        .service(second_factor::disable)
        .service(second_factor::count_codes)
        .service(second_factor::regenerate)
        .service(me::read)
        .service(me::update)
        .service(leaving::export)
        .service(leaving::delete)
        .service(sessions::list)
        .service(sessions::revoke)
        .service(login_attempts::list)
        .service(devices::list)
        .service(devices::update)
        .service(devices::remove)
        // Before `{id}`, which would take the word for one.
        .service(api_keys::end_presented)
        .service(api_keys::create)
        .service(api_keys::list)
        .service(api_keys::read)
        .service(api_keys::rotate)
        .service(api_keys::revoke)
        .service(keys::read)
        .service(my_tenants::list)
        .service(my_tenants::switch)
        .service(tenants::list)
        .service(tenants::open)
        .service(tenants::suspend)
        .service(tenants::resume);
    admin::routes(config);
}
