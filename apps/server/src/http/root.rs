//! `/` leads to the documentation.

use actix_web::{HttpResponse, http::header, web};

/// Mounts the redirect.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route(
        "/",
        web::get()
            .to(|| async { HttpResponse::Found().insert_header((header::LOCATION, "/docs/index.html")).finish() }),
    );
}
