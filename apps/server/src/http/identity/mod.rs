//! The identity domain over HTTP.

mod admin;
mod auth;
mod dto;
mod etag;
mod keys;
mod me;
mod my_tenants;
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
        .service(me::read)
        .service(me::update)
        .service(sessions::list)
        .service(sessions::revoke)
        .service(keys::read)
        .service(my_tenants::list)
        .service(my_tenants::switch)
        .service(tenants::list)
        .service(tenants::open)
        .service(tenants::suspend)
        .service(tenants::resume);
    admin::routes(config);
}
