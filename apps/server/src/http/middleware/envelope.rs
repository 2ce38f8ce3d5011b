//! The outermost layer: gives a request its name and its time limit, and an answer its form.

use std::{panic::AssertUnwindSafe, time::Duration};

use actix_cors::CorsError;
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use ashlar_identity::port::hasher_codes;
use ashlar_kernel::{RequestId, StoreError};
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::headers::protect;
use crate::{
    http::{AppState, caller::Arrival, catalogue::http_codes, client::client_ip, problem::Problem},
    telemetry::{metrics::RequestInProgress, traces},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: &str = "traceparent";
const UPLOAD_ROUTE: &str = "/api/v1/leads/imports";
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(15);
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Names the request, admits it or not, limits its time, survives its panics, writes problem documents, adds the
/// headers that every answer has, and logs one line.
pub(crate) async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = request.app_data::<web::Data<AppState>>().cloned();
    let state = state.ok_or_else(|| Problem::from(StoreError::internal("the application state is missing")))?;
    let mut arrival = arrival(&request, &state);
    let request_id = arrival.request_id.clone();
    let span = tracing::info_span!(
        "request",
        request_id = %request_id,
        method = %request.method(),
        route = tracing::field::Empty,
        trace_id = tracing::field::Empty,
        user = tracing::field::Empty,
        api_key = tracing::field::Empty,
        status = tracing::field::Empty,
        ms = tracing::field::Empty,
    );
    let traceparent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    arrival.trace = traces::join(&span, traceparent).map(Into::into);
    // Before the routing, so that a request that is given up has a route too.
    let counted = state.metrics.begin(request.method(), request.match_pattern());
    if let Some(route) = counted.route() {
        span.record("route", route);
    }
    async move {
        request.extensions_mut().insert(arrival);
        let outcome = answer(request, next, &state).await;
        tell(counted, &outcome);
        let dress = Dress { request_id, https: state.https, is_parting: state.health.is_draining() };
        match outcome {
            Ok(response) => Ok(finish(response, &dress)),
            Err(problem) => Err(finish_alone(&problem, &dress)),
        }
    }
    .instrument(span)
    .await
}

fn arrival(request: &ServiceRequest, state: &AppState) -> Arrival {
    let named = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let request_id = named.and_then(|text| RequestId::parse(text).ok());
    let peer = request.peer_addr().map(|address| address.ip());
    Arrival {
        request_id: request_id.unwrap_or_else(|| RequestId::new(&*state.ids)),
        client_ip: peer.map(|peer| client_ip(peer, request.headers(), |ip| state.trusts(ip))),
        at: state.clock.now(),
        trace: None,
    }
}

/// The answer of the layers below, or the problem that kept them from answering.
async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    state: &AppState,
) -> Result<ServiceResponse<BoxBody>, Problem> {
    let _place = admit(&request, state)?;
    // Large files take as long as the client's line makes them take.
    let takes_upload = request.match_pattern().is_some_and(|route| route == UPLOAD_ROUTE);
    let work = AssertUnwindSafe(next.call(request)).catch_unwind();
    let patience = if takes_upload { UPLOAD_TIMEOUT } else { state.load.request_timeout() };
    match tokio::time::timeout(patience, work).await {
        Ok(Ok(Ok(response))) => Ok(response.map_into_boxed_body()),
        Ok(Ok(Err(error))) => Err(problem_of(&error)),
        Ok(Err(_panic)) => Err(StoreError::internal("a handler panicked").into()),
        Err(_elapsed) => {
            let detail = "the request was not finished in time";
            Err(Problem::http(StatusCode::SERVICE_UNAVAILABLE, http_codes::REQUEST_TIMEOUT, detail).retry_after(1))
        }
    }
}

fn admit(request: &ServiceRequest, state: &AppState) -> Result<Option<super::load::InFlight>, Problem> {
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if header_bytes > MAX_HEADER_BYTES {
        let detail = format!("the headers have more than {MAX_HEADER_BYTES} bytes");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(Problem::http(status, http_codes::HEADERS_TOO_LARGE, detail));
    }
    // All clients behind a trusted proxy share its connections.
    let stranger = request.peer_addr().map(|peer| peer.ip().to_canonical()).filter(|peer| !state.trusts(*peer));
    if stranger.is_some_and(|peer| state.load.is_crowded(peer)) {
        let detail = "this address keeps too many connections open";
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Err(Problem::http(status, http_codes::TOO_MANY_CONNECTIONS, detail).retry_after(1));
    }
    // A process that is busy is alive: an orchestrator must not restart it for that.
    if request.path().starts_with("/health/") {
        return Ok(None);
    }
    let place = state.load.admit().ok_or_else(|| {
        let detail = "too many requests are in progress";
        Problem::http(StatusCode::SERVICE_UNAVAILABLE, hasher_codes::OVERLOADED, detail).retry_after(1)
    })?;
    Ok(Some(place))
}

/// An error of actix itself or of a handler, as a problem.
fn problem_of(error: &Error) -> Problem {
    if let Some(problem) = error.as_error::<Problem>() {
        return problem.clone();
    }
    let refused = |detail: String| Problem::http(StatusCode::BAD_REQUEST, http_codes::MALFORMED_REQUEST, detail);
    if let Some(preflight) = error.as_error::<CorsError>() {
        return refused(format!("the preflight is refused: {preflight}"));
    }
    if error.as_response_error().status_code().is_client_error() {
        return refused("the request is malformed".to_owned());
    }
    StoreError::internal(error.to_string()).into()
}

/// Writes the body of a problem, now that its request is known, and adds the headers every answer has.
fn finish(mut response: ServiceResponse<BoxBody>, dress: &Dress) -> ServiceResponse<BoxBody> {
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    // An error that actix or a layer of it has made an answer of already, such as a refused preflight.
    let problem = problem.or_else(|| response.response().error().map(problem_of));
    if let Some(problem) = problem {
        *response.response_mut().status_mut() = problem.status();
        let body = write(response.response_mut(), &problem, &dress.request_id);
        response = response.map_body(|_, _| body);
    }
    dress.put_on(response.response_mut());
    response
}

/// The answer when no layer below gave one.
fn finish_alone(problem: &Problem, dress: &Dress) -> Error {
    let mut response = problem.head().finish();
    let body = write(&mut response, problem, &dress.request_id);
    dress.put_on(&mut response);
    InternalError::from_response("problem", response.set_body(body)).into()
}

fn write(response: &mut HttpResponse, problem: &Problem, request_id: &RequestId) -> BoxBody {
    let json = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    BoxBody::new(serde_json::to_vec(&problem.document(request_id)).unwrap_or_default())
}

/// What every answer has on.
struct Dress {
    request_id: RequestId,
    https: bool,
    is_parting: bool,
}

impl Dress {
    fn put_on(&self, response: &mut HttpResponse) {
        if let Ok(value) = HeaderValue::from_str(self.request_id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        protect(response.headers_mut(), self.https);
        if self.is_parting {
            // The client's next request goes to another process, and does not meet a closing connection here.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
    }
}

/// One line of the log, and one more request in the metrics.
fn tell(mut counted: RequestInProgress, outcome: &Result<ServiceResponse<BoxBody>, Problem>) {
    let (status, code) = match outcome {
        Ok(response) => (response.status(), response.response().extensions().get::<Problem>().map(Problem::code)),
        Err(problem) => (problem.status(), Some(problem.code())),
    };
    let span = tracing::Span::current();
    if counted.route().is_none() {
        counted.matched(outcome.as_ref().ok().and_then(|response| response.request().match_pattern()));
        span.record("route", counted.route().unwrap_or("-"));
    }
    span.record("status", status.as_u16());
    span.record("ms", u64::try_from(counted.began().elapsed().as_millis()).unwrap_or(u64::MAX));
    counted.answered(status, code);
    if status.is_server_error() {
        tracing::warn!("request failed");
    } else {
        tracing::info!("request");
    }
}
