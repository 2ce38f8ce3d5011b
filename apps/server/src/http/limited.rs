//! Counting requests: where a request is charged, and what the client is told.

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use ashlar_kernel::{Charge, Context, Standing, Timestamp};
use serde_json::json;

use super::{AppState, catalogue::http_codes, problem::Problem};

/// How the caller stands, kept with the request until it is answered.
#[derive(Clone, Copy)]
struct Told {
    standing: Standing,
    at: Timestamp,
}

/// Counts a request against `charge`, if there is anything to count.
pub(crate) async fn count(
    request: &HttpRequest,
    state: &AppState,
    charge: Option<Charge>,
    now: Timestamp,
) -> Result<(), Problem> {
    count_all(request, state, charge.as_slice(), now).await
}

/// Counts an attempt to do `what` with `account`: in any case, and once more if its address is slowed down.
pub(crate) async fn count_attempt(
    request: &HttpRequest,
    state: &AppState,
    context: &Context,
    (what, account): (&str, &str),
) -> Result<(), Problem> {
    let attempt = state.limits.attempt(what, context.client_ip, account);
    let slowed = state.limits.slowed(what, context).await?;
    let charges: Vec<Charge> = attempt.into_iter().chain(slowed).collect();
    count_all(request, state, &charges, context.now).await
}

/// Notes that a sign-in to `account` has failed. The answer stands, whether or not it could be noted.
pub(crate) async fn note_failed_sign_in(state: &AppState, context: &Context, account: &str) {
    let noted = match state.limits.note_failure(context, account).await {
        Ok(None) => return,
        Ok(Some(network)) => {
            tracing::warn!(network, "an address has failed to sign in to many accounts and is slowed down");
            state.identity.note_stuffing(context, network).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "a failed sign-in was not noted");
    }
}

async fn count_all(request: &HttpRequest, state: &AppState, charges: &[Charge], now: Timestamp) -> Result<(), Problem> {
    if charges.is_empty() {
        return Ok(());
    }
    let verdict = state.limits.count(charges, now).await?;
    if let Some(standing) = verdict.tightest() {
        tell(request, Told { standing: *standing, at: now });
    }
    if verdict.is_allowed() {
        return Ok(());
    }
    let names: Vec<&str> = verdict.violated.iter().map(|standing| standing.policy.name()).collect();
    for standing in &verdict.violated {
        state.metrics.rate_limited(standing.policy.name());
    }
    let wait = verdict.tightest().map_or(1, seconds);
    let detail = format!("more requests than {} allows; try again in {wait} s", names.join(" and "));
    Err(Problem::http(StatusCode::TOO_MANY_REQUESTS, http_codes::RATE_LIMITED, detail)
        .retry_after(wait)
        .with("violated_policies", json!(names)))
}

/// Counts in secret: whether it is allowed is for us to know, not for the client.
pub(crate) async fn is_allowed(state: &AppState, charge: Option<Charge>, now: Timestamp) -> Result<bool, Problem> {
    let Some(charge) = charge else { return Ok(true) };
    Ok(state.limits.count(&[charge], now).await?.is_allowed())
}

/// Keeps the tightest standing of a request that is counted more than once.
fn tell(request: &HttpRequest, told: Told) {
    let mut extensions = request.extensions_mut();
    let known = extensions.get::<Told>().map(|known| known.standing.remaining);
    if known.is_none_or(|remaining| told.standing.remaining <= remaining) {
        extensions.insert(told);
    }
}

/// At least one second: no client should try again at once.
fn seconds(standing: &Standing) -> u32 {
    let seconds = standing.reset_after.as_millis().div_ceil(1_000);
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

/// Tells the client how it stands, whatever the answer is.
pub(crate) async fn tell_limits(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let told = response.request().extensions().get::<Told>().copied();
    if let Some(told) = told {
        write(response.headers_mut(), told);
    }
    Ok(response)
}

/// The fields of draft-ietf-httpapi-ratelimit-headers-10, and the older ones of which everybody has their own idea:
/// here the reset is a Unix time in seconds.
fn write(headers: &mut HeaderMap, Told { standing, at }: Told) {
    let (policy, wait) = (standing.policy, seconds(&standing));
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("ratelimit-policy", format!("\"{}\";q={};w={}", policy.name(), policy.limit(), policy.window_seconds()));
    set("ratelimit", format!("\"{}\";r={};t={wait}", policy.name(), standing.remaining));
    set("x-ratelimit-limit", policy.limit().to_string());
    set("x-ratelimit-remaining", standing.remaining.to_string());
    set("x-ratelimit-reset", (at.timestamp() + i64::from(wait)).to_string());
}
