//! `/problems/<code>`: the page that a problem's `type` refers to.

use actix_web::{HttpResponse, Responder, http::header, web};
use ashlar_kernel::NotFound;
use askama::Template;

use super::{
    catalogue::{ProblemEntry, problems},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "problem.html")]
struct Page<'e> {
    entry: &'e ProblemEntry,
    /// The meaning, cut at its backticks: text, code, text …
    meaning: Vec<&'e str>,
}

/// The page has one style sheet, inline, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Mounts the pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/problems/{code}", web::get().to(page));
}

async fn page(code: web::Path<String>) -> Result<impl Responder, Problem> {
    let entry = problems().into_iter().find(|entry| entry.code == code.as_str()).ok_or(NotFound)?;
    let html = Page { entry: &entry, meaning: entry.meaning.split('`').collect() }
        .render()
        .map_err(ashlar_kernel::StoreError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(html))
}
