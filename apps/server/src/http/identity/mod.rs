//! The identity domain over HTTP.

mod api_key_dto;
mod api_keys;
mod auth;
mod dto;
mod etag;
mod keys;
mod me;
mod sessions;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the routes of this domain.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(auth::register)
        .service(auth::log_in)
        .service(auth::refresh)
        .service(auth::log_out)
        .service(me::read)
        .service(me::update)
        .service(sessions::list)
        .service(sessions::revoke)
        // Before `{id}`, which would take the word for one.
        .service(api_keys::end_presented)
        .service(api_keys::create)
        .service(api_keys::list)
        .service(api_keys::read)
        .service(api_keys::rotate)
        .service(api_keys::revoke)
        .service(keys::read);
}
