//! Administering the people of a tenant over HTTP.

mod dto;
mod memberships;
mod query;
mod sessions;
mod standing;
mod users;

use ashlar_identity::UserId;
use ashlar_kernel::NotFound;
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the routes of administrators.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(users::list)
        .service(users::create)
        .service(users::read)
        .service(users::update)
        .service(standing::suspend)
        .service(standing::activate)
        .service(standing::set_role)
        .service(sessions::list)
        .service(sessions::end_all)
        .service(sessions::end)
        .service(memberships::add)
        .service(memberships::remove);
}

/// The id of a person in a path. What is no id names nobody, like an id that does not exist.
fn user_id(text: &str) -> Result<UserId, NotFound> {
    text.parse().map_err(|_not_an_id| NotFound)
}
