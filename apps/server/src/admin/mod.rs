//! The address for operators: metrics, and health in detail.
//!
//! It is a server of its own with one thread, so that it answers while the public one is full or draining, and it asks
//! nobody who they are: by default only this machine reaches it. Its requests are neither logged nor counted, since a
//! scrape every few seconds is no news.

mod answers;
mod listen;

use std::{io, sync::Arc};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};
use ashlar_kernel::IdSource;

pub use listen::{AdminListenError, Entrance, listen};

use crate::{
    http::{AppState, Health},
    telemetry::metrics::Metrics,
};

/// What the answers for operators are made from.
#[derive(Clone)]
pub struct AdminState {
    metrics: Metrics,
    health: Health,
    ids: Arc<dyn IdSource>,
}

impl From<&AppState> for AdminState {
    fn from(state: &AppState) -> Self {
        Self { metrics: state.metrics.clone(), health: state.health.clone(), ids: Arc::clone(&state.ids) }
    }
}

/// The server behind `entrance`.
pub fn server(entrance: Entrance, state: AdminState) -> io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(web::Data::new(state.clone()))
            .configure(answers::routes)
            .default_service(web::to(answers::nothing))
            .wrap(from_fn(answers::protected))
    };
    let server = HttpServer::new(app).workers(1).max_connections(64).disable_signals();
    Ok(server.listen(entrance.into_listener())?.run())
}

#[cfg(test)]
mod tests;
