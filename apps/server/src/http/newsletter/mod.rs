//! The newsletter over HTTP.

mod dto;
mod pages;
mod public;
mod query;
mod staff;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) use pages::routes as pages;

/// Mounts the routes of the newsletter.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(public::subscribe)
        .service(public::confirm)
        .service(public::resend)
        .service(public::one_click)
        .service(public::unsubscribe)
        .service(staff::subscribers)
        .service(staff::add)
        .service(staff::remove)
        .service(staff::allow_lift)
        .service(staff::lists)
        .service(staff::create_list);
}
