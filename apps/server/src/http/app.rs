//! The application: every route inside the layers that every request passes.

use actix_cors::Cors;
use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{RequestHead, ServiceFactory, ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::{Compress, NormalizePath, from_fn},
    web,
};
use utoipa_actix_web::AppExt as _;

use super::{
    AppState, credentials,
    denials::note_denials,
    documented, fallback, idempotency,
    limited::tell_limits,
    middleware::{envelope, head_as_get, plain_at_worst},
    pages,
};
use crate::config::CorsOrigins;

/// The application over `state`, called by scripts from `origins`.
///
/// The layers from outside in: compression; the envelope (name, time limit, panics, problem documents, headers); CORS;
/// rate limits told; denied scopes noted; `HEAD` as `GET`; trailing slashes; then the routes.
pub fn app(
    state: AppState,
    origins: &CorsOrigins,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    app_with(state, origins, |_| {})
}

/// The same application with `more` routes inside the layers, for tests of what no route of ours does: panic, or never
/// answer.
pub fn app_with(
    state: AppState,
    origins: &CorsOrigins,
    more: fn(&mut web::ServiceConfig),
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .into_utoipa_app()
        .configure(documented)
        .into_app()
        .app_data(web::Data::new(state))
        .configure(pages)
        .configure(more)
        .default_service(web::to(fallback::fallback))
        .wrap(NormalizePath::trim())
        .wrap(from_fn(head_as_get))
        .wrap(from_fn(note_denials))
        .wrap(from_fn(tell_limits))
        .wrap(cors(origins))
        .wrap(from_fn(envelope))
        .wrap(Compress::default())
        .wrap(from_fn(plain_at_worst))
}

/// Where forms of web pages are sent. The origins of their keys are known by the key, which is in no preflight; those who
/// send none are strangers, who may do the same without a browser.
const OF_PAGES: [(Method, &str); 7] = [
    (Method::POST, "/api/v1/leads/public"),
    (Method::GET, "/api/v1/leads/public/challenge"),
    (Method::POST, "/api/v1/contacts"),
    (Method::POST, "/api/v1/newsletter/subscribe"),
    (Method::POST, "/api/v1/newsletter/resend"),
    (Method::POST, "/api/v1/newsletter/unsubscribe"),
    (Method::POST, "/api/v1/newsletter/confirm"),
];

/// Whether a request, or the one that a preflight asks about, is one of a form of a web page.
fn is_of_page(request: &RequestHead) -> bool {
    let asked =
        request.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD).filter(|_| request.method == Method::OPTIONS);
    let method = asked.map_or(request.method.as_str().as_bytes(), HeaderValue::as_bytes);
    let path = request.uri.path().trim_end_matches('/');
    OF_PAGES.iter().any(|(known, form)| known.as_str().as_bytes() == method && *form == path)
}

/// An allow-list, empty by default. Credentials are never allowed: tokens travel in a header that scripts set. Forms of web
/// pages come from anywhere, and are refused there unless their key is good for the page.
fn cors(origins: &CorsOrigins) -> Cors {
    let allowed = [header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH];
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers(allowed)
        .allowed_header("x-request-id")
        .allowed_header("x-tenant")
        .allowed_header(credentials::API_KEY)
        .allowed_header(idempotency::KEY)
        .expose_headers(["etag", "x-request-id", "retry-after", "location", idempotency::REPLAYED])
        .expose_headers(["ratelimit", "ratelimit-policy"])
        .expose_headers(["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"])
        .block_on_origin_mismatch(false)
        .max_age(600);
    match origins {
        CorsOrigins::Any => cors.send_wildcard().allow_any_origin(),
        CorsOrigins::Only(origins) => {
            // Asked besides the list, and where everything is allowed instead of it.
            let of_pages = cors.allowed_origin_fn(|_origin, request| is_of_page(request));
            origins.iter().fold(of_pages, |cors, origin| cors.allowed_origin(origin))
        }
    }
}
