//! The leads domain over HTTP.

mod batch;
mod contact;
mod dto;
mod form;
mod lead;
mod list;
mod notes;
mod public;
mod query;

use ashlar_kernel::Id;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

/// Mounts the routes of this domain.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(lead::create)
        .service(public::submit)
        .service(public::challenge)
        .service(contact::send)
        .service(contact::list)
        .service(contact::read)
        .service(contact::update)
        .service(contact::to_lead)
        .service(list::list)
        .service(batch::create)
        .service(batch::stats)
        .service(lead::read)
        .service(lead::update)
        .service(lead::delete)
        .service(notes::transition)
        .service(notes::history)
        .service(notes::activities)
        .service(notes::add);
}

/// An id in a path. What is no id names nothing, like an id that does not exist; and who may not is told so first.
fn id_of<T>(text: &str) -> Id<T> {
    text.parse().unwrap_or(Id::from_uuid(Uuid::nil()))
}
