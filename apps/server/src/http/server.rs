//! The HTTP server: the application on a socket, within its limits.

use std::{io, net::TcpListener};

use actix_web::{HttpServer, dev::Server};

use super::{AppState, app, middleware::count_connection};
use crate::config::Config;

/// The server on `listener`, with the limits of `config`.
pub fn server(listener: TcpListener, state: AppState, config: &Config) -> io::Result<Server> {
    let limits = &config.limits;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let origins = config.http.cors_origins.clone();
    let counted = state.clone();
    let server = HttpServer::new(move || app(state.clone(), &origins))
        .workers(workers)
        .on_connect(move |connection, data| count_connection(&counted, connection, data))
        .client_request_timeout(limits.header_read_timeout)
        .keep_alive(limits.keep_alive)
        .max_connections(limits.max_connections.div_ceil(workers))
        .shutdown_timeout(limits.shutdown_timeout.as_secs())
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
