//! The leads domain over HTTP.

mod batch;
mod client_dto;
mod client_query;
mod clients;
mod contact;
mod contract_files;
mod contracts;
mod dto;
mod export;
mod export_dto;
mod exports;
mod form;
mod import_dto;
mod import_progress;
mod imports;
mod lead;
mod list;
mod merge;
mod notes;
mod public;
mod query;
mod sending;
mod upload;

use actix_web::HttpResponse;
use ashlar_kernel::{Id, StoredAnswer};
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::etag;

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
        .service(contact::erase)
        .service(list::list)
        .service(imports::create)
        .service(imports::list)
        .service(imports::read)
        .service(imports::errors)
        .service(imports::cancel)
        .service(import_progress::events)
        .service(export::export)
        .service(exports::list)
        .service(exports::download)
        .service(exports::read)
        .service(exports::cancel)
        .service(batch::create)
        .service(batch::stats)
        .service(merge::duplicates)
        .service(merge::merge)
        .service(lead::read)
        .service(lead::update)
        .service(lead::delete)
        .service(notes::transition)
        .service(notes::history)
        .service(notes::activities)
        .service(notes::add)
        .service(clients::convert)
        .service(clients::create)
        .service(clients::list)
        .service(clients::read)
        .service(clients::update)
        .service(contracts::create)
        .service(contracts::list)
        .service(contract_files::link)
        .service(contract_files::download)
        .service(contract_files::delete)
        .service(contract_files::add)
        .service(contracts::read)
        .service(contracts::update);
}

/// The answer that something was made, or is there: where it is found, at which version.
fn placed(answer: StoredAnswer, path: String, version: u32) -> StoredAnswer {
    let headers = [("location", path), ("etag", format!("\"{version}\""))];
    StoredAnswer { headers: headers.map(|(name, value)| (name.to_owned(), value)).into(), ..answer }
}

/// The answer that shows something at a version.
fn at_version(version: u32, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag::tag(version)).json(body)
}

/// An id in a path. What is no id names nothing, like an id that does not exist; and who may not is told so first.
pub(super) fn id_of<T>(text: &str) -> Id<T> {
    text.parse().unwrap_or(Id::from_uuid(Uuid::nil()))
}
