//! The HTTP face: requests become commands, outcomes become answers. No rule of a domain and no SQL in here.

mod account_pages;
mod admin;
mod app;
mod audit;
mod body;
mod caller;
pub mod catalogue;
mod client;
mod credentials;
mod denials;
mod docs;
mod etag;
mod fallback;
mod health;
mod idempotency;
pub mod identity;
mod leads;
mod limited;
pub mod middleware;
mod newsletter;
pub mod openapi;
mod page;
pub mod problem;
mod problem_pages;
mod query;
mod range;
mod root;
mod server;
mod state;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

pub use app::{app, app_with};
pub use health::{Health, Probe, Readiness, ReadinessStatus};
pub use idempotency::Requests;
pub use server::server;
pub use state::{AppState, Manner, Services};

/// Every documented route. The description is made from the same calls that mount them, so the two cannot differ.
pub fn documented(config: &mut ServiceConfig<'_>) {
    config
        .configure(identity::routes)
        .configure(leads::routes)
        .configure(newsletter::routes)
        .configure(audit::routes)
        .configure(admin::routes)
        .configure(health::routes)
        .configure(docs::routes);
}

/// The routes that are pages for people, not part of the API.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .configure(root::routes)
        .configure(problem_pages::routes)
        .configure(account_pages::routes)
        .configure(newsletter::pages)
        .configure(docs::pages);
}
