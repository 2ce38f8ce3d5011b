//! What everybody may do: ask to be on a list, confirm it, and stop the letters.

use actix_web::{HttpRequest, HttpResponse, post, web};
use ashlar_kernel::{Email, FieldError, StoreError, field_codes};
use ashlar_leads::newsletter::{NewsletterError, Subscribe, SubscribeInput};

use super::{
    dto::{NewsletterReceived, ResendConfirmationRequest, SubscribeRequest, SubscriptionState, UnsubscribeRequest},
    pages::{self, wants_page},
    query::ConfirmQuery,
};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body},
    caller::{Anyone, Guest, LinkHolder},
    limited::count,
    problem::Problem,
    query::Query,
};

/// Ask to be on a mailing list
///
/// The answer is the same whether the address is on the list, is to be confirmed, is not to be written to or was never seen.
/// A letter with a button goes to the address; without it nothing happens. An address gets one letter in ten minutes and
/// three a day, whoever asks and however often. One network may send ten in an hour, unless configured otherwise. With a key
/// that has the scope `newsletter:subscribe` it is about the tenant of the key; a publishable key is good for its origins only.
#[utoipa::path(
    operation_id = "subscribeToNewsletter",
    tag = "leads",
    path = "/api/v1/newsletter/subscribe",
    request_body(content = SubscribeRequest, description = "Who wants letters.", example = json!({
        "email": "ada@example.org", "name": "Ada Lovelace", "consent_text_version": "2026-01"
    })),
    responses((status = 202, description = "It was received.", body = NewsletterReceived)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!([
            "not_found", "rate_limited", "ambiguous_credentials", "api_key_invalid", "ip_not_allowed", "origin_not_allowed",
            "token_invalid", "token_expired", "session_revoked", "tenant_mismatch", "tenant_suspended",
            "insufficient_scope"
        ])),
    ),
    security((), ("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/newsletter/subscribe")]
pub(super) async fn subscribe(
    guest: Guest,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<SubscribeRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let input = SubscribeInput {
        email: &body.email,
        name: body.name.as_deref(),
        list: body.list.as_deref(),
        consent_text_version: &body.consent_text_version,
        trap: body.website_url.as_deref(),
    };
    let command = Subscribe::try_from(input)?;
    count_wish(&request, &state, &guest, command.email().key()).await?;
    if let Some(trap) = state.newsletter.subscribe(&guest.context, &command).await? {
        state.metrics.form_trapped(trap.as_str());
    }
    Ok(received())
}

/// Forms of one network, and its attempts with one address.
async fn count_wish(request: &HttpRequest, state: &AppState, guest: &Guest, key: &str) -> Result<(), Problem> {
    let context = &guest.context;
    count(request, state, state.limits.form("newsletter", context.client_ip), context.now).await?;
    count(request, state, state.limits.attempt("newsletter", context.client_ip, key), context.now).await
}

fn received() -> HttpResponse {
    HttpResponse::Accepted().json(NewsletterReceived { received: true })
}

/// Confirm a subscription
///
/// By the link in a letter, which is good for 72 hours, once. `GET` shows a page with the button and changes nothing: programs
/// that look at links before people do may follow it. Who sends `Accept: text/html` is answered with a page.
#[utoipa::path(
    operation_id = "confirmNewsletterSubscription",
    tag = "leads",
    path = "/api/v1/newsletter/confirm",
    params(ConfirmQuery),
    responses((status = 200, description = "They are on the list.", body = SubscriptionState)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["invalid_parameter", "confirm_token_gone", "rate_limited"])),
    ),
    security(())
)]
#[post("/api/v1/newsletter/confirm")]
pub(super) async fn confirm(
    anyone: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    query: Result<Query<ConfirmQuery>, Problem>,
) -> Result<HttpResponse, Problem> {
    let query = match query {
        Ok(query) => query,
        Err(problem) => return pages::incomplete(&request, problem),
    };
    match state.newsletter.confirm(&anyone.context, &query.token).await {
        Ok(()) if wants_page(&request) => pages::confirmed(),
        Ok(()) => Ok(HttpResponse::Ok().json(SubscriptionState { status: "confirmed" })),
        Err(NewsletterError::TokenGone) if wants_page(&request) => pages::gone(&query.token),
        Err(error) => Err(error.into()),
    }
}

/// Have the letter to confirm sent again
///
/// The answer is the same for every address. An address gets one letter in ten minutes and three a day.
#[utoipa::path(
    operation_id = "resendNewsletterConfirmation",
    tag = "leads",
    path = "/api/v1/newsletter/resend",
    request_body(content = ResendConfirmationRequest, description = "Who wants it once more.", example = json!({
        "email": "ada@example.org"
    })),
    responses((status = 202, description = "It was received.", body = NewsletterReceived)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!([
            "not_found", "rate_limited", "ambiguous_credentials", "api_key_invalid", "ip_not_allowed", "origin_not_allowed",
            "token_invalid", "token_expired", "session_revoked", "tenant_mismatch", "tenant_suspended",
            "insufficient_scope"
        ])),
    ),
    security((), ("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/newsletter/resend")]
pub(super) async fn resend(
    guest: Guest,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<ResendConfirmationRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    count_address(&guest, &request, &state, &body.email).await?;
    state.newsletter.resend(&guest.context, &body.email, body.list.as_deref()).await?;
    Ok(received())
}

/// Counts a wish about an address, if it is one.
pub(super) async fn count_address(
    guest: &Guest,
    request: &HttpRequest,
    state: &AppState,
    email: &str,
) -> Result<(), Problem> {
    match Email::parse(email) {
        Ok(email) => count_wish(request, state, guest, email.key()).await,
        // What is wrong with it is told, and tells nothing.
        Err(_fault) => Ok(()),
    }
}

/// Stop the letters, by one request
///
/// What `List-Unsubscribe` in every letter names (RFC 8058). Mail programs send it by themselves, with
/// `List-Unsubscribe=One-Click` as a form or without any body: the body is not looked at. It needs no sign-in, no cookie and
/// no page of ours, it does not redirect, the link never gets old, and sending it again changes nothing. `GET` shows a page
/// with the button and changes nothing. Who sends `Accept: text/html` is answered with a page.
#[utoipa::path(
    operation_id = "unsubscribeByOneClick",
    tag = "leads",
    path = "/api/v1/newsletter/u/{token}",
    params(("token" = String, Path, description = "What the link in the letter carries.",
        example = "u1.AbCdEf01.0190b5a47c1e7f6a8d2b3c4d5e6f7a8b.AbCdEf0123456789AbCdEf")),
    responses((status = 200, description = "There are no more letters.", body = SubscriptionState)),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!(["not_found"]))),
    security(())
)]
#[post("/api/v1/newsletter/u/{token}")]
pub(super) async fn one_click(
    holder: LinkHolder,
    request: HttpRequest,
    state: web::Data<AppState>,
    token: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    match state.newsletter.unsubscribe(&holder.context, &token).await {
        Ok(ended) if wants_page(&request) => pages::unsubscribed(&ended.list),
        Ok(_) => Ok(HttpResponse::Ok().json(SubscriptionState { status: "unsubscribed" })),
        Err(error) => pages::unknown(&request, knock(&request, &state, &holder, error).await?),
    }
}

/// Whoever has no link of ours is a stranger like any other, and counted.
pub(super) async fn knock(
    request: &HttpRequest,
    state: &AppState,
    holder: &LinkHolder,
    error: NewsletterError,
) -> Result<Problem, Problem> {
    let context = &holder.context;
    if matches!(error, NewsletterError::NotFound(_)) {
        count(request, state, state.limits.anonymous(context.client_ip), context.now).await?;
    }
    Ok(error.into())
}

/// Stop the letters
///
/// With the `token` of a link, at once. With an `email`, the link is sent to it: whoever types an address in is not believed
/// to own it, and the answer is the same for every address.
#[utoipa::path(
    operation_id = "unsubscribeFromNewsletter",
    tag = "leads",
    path = "/api/v1/newsletter/unsubscribe",
    request_body(content = UnsubscribeRequest, description = "By a link, or by an address to send it to.", example = json!({
        "email": "ada@example.org"
    })),
    responses(
        (status = 200, description = "There are no more letters.", body = SubscriptionState),
        (status = 202, description = "It was received.", body = NewsletterReceived),
    ),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!([
            "not_found", "rate_limited", "ambiguous_credentials", "api_key_invalid", "ip_not_allowed", "origin_not_allowed",
            "token_invalid", "token_expired", "session_revoked", "tenant_mismatch", "tenant_suspended",
            "insufficient_scope"
        ])),
    ),
    security((), ("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/newsletter/unsubscribe")]
pub(super) async fn unsubscribe(
    guest: Guest,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<UnsubscribeRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    match (&body.email, &body.token) {
        (None, Some(token)) => {
            state.newsletter.unsubscribe(&guest.context, token).await?;
            Ok(HttpResponse::Ok().json(SubscriptionState { status: "unsubscribed" }))
        }
        (Some(email), None) => {
            count_address(&guest, &request, &state, email).await?;
            state.newsletter.request_link(&guest.context, email, body.list.as_deref()).await?;
            Ok(received())
        }
        _ => Err(either()),
    }
}

fn either() -> Problem {
    let status = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    let field = |pointer| FieldError::new(pointer, "required", "either email or token");
    Problem::http(status, field_codes::VALIDATION, "some fields are not acceptable")
        .with_fields(vec![field("/email"), field("/token")])
}

/// A page that cannot be rendered is our fault.
pub(super) fn unwritable(error: askama::Error) -> Problem {
    StoreError::internal(error).into()
}
