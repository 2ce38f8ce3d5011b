//! Administering the people of a tenant over HTTP.

mod devices;
mod dto;
mod keys;
mod login_attempt_query;
mod login_attempts;
mod memberships;
mod query;
mod sessions;
mod standing;
mod users;

use ashlar_kernel::Id;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

/// Mounts the routes of administrators.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(users::list)
        .service(users::create)
        .service(users::read)
        .service(users::update)
        .service(standing::delete)
        .service(standing::suspend)
        .service(standing::activate)
        .service(standing::unlock)
        .service(standing::reset_second_factor)
        .service(standing::set_role)
        .service(login_attempts::list)
        .service(sessions::list)
        .service(sessions::end_all)
        .service(sessions::end)
        .service(devices::list)
        .service(devices::remove)
        .service(memberships::add)
        .service(memberships::remove)
        .service(keys::list)
        .service(keys::rotate);
}

/// An id in a path. What is no id names nothing, like an id that does not exist; and who may not is told so first.
pub(super) fn id_of<T>(text: &str) -> Id<T> {
    text.parse().unwrap_or(Id::from_uuid(Uuid::nil()))
}
