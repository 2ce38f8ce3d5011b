//! The pages that links in letters of a list lead to. They work without scripts.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
    web,
};
use ashlar_leads::newsletter::NewsletterError;
use askama::Template;
use serde::Deserialize;

use super::{
    public::{count_address, knock, unwritable},
    query::ConfirmQuery,
};
use crate::http::{
    AppState,
    caller::{Anyone, Guest, LinkHolder},
    problem::Problem,
    query::Query,
};

/// What a page asks for.
enum Form<'p> {
    /// One press of a button.
    Button {
        /// Where it is sent.
        action: &'p str,
        /// What it says.
        label: &'static str,
    },
    /// An address, for another letter.
    Address {
        /// What is wrong with the one that was typed in.
        fault: Option<&'static str>,
        /// The link that is not good any more: of its list, and in its tenant, another letter is asked for.
        token: &'p str,
    },
    /// Nothing.
    None,
}

#[derive(Template)]
#[template(path = "newsletter.html")]
struct Page<'p> {
    title: &'p str,
    text: &'p str,
    form: Form<'p>,
}

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
                      form-action 'self'";

/// Mounts the pages.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/api/v1/newsletter/confirm", web::get().to(confirm))
        .route("/api/v1/newsletter/u/{token}", web::get().to(unsubscribe))
        .route("/newsletter/resend", web::post().to(resend));
}

/// Whether the client is somebody's browser, which shows pages, and not a program.
pub(super) fn wants_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn show(status: StatusCode, page: &Page<'_>) -> Result<HttpResponse, Problem> {
    let html = page.render().map_err(unwritable)?;
    Ok(HttpResponseBuilder::new(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        // The address of the page is the link, which is nobody else's business.
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html))
}

async fn confirm(
    anyone: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    query: Result<Query<ConfirmQuery>, Problem>,
) -> Result<HttpResponse, Problem> {
    let query = match query {
        Ok(query) => query,
        Err(problem) => return incomplete(&request, problem),
    };
    match state.newsletter.can_confirm(&anyone.context, &query.token).await {
        Ok(list) => {
            let token = url::form_urlencoded::byte_serialize(query.token.as_bytes()).collect::<String>();
            let action = format!("/api/v1/newsletter/confirm?token={token}");
            let form = Form::Button { action: &action, label: "Yes, send me letters" };
            let text = format!(
                "Press the button, and letters of \u{201c}{list}\u{201d} come to your address. If it was not you who asked for \
                 them, close this page: nothing happens without the button."
            );
            show(StatusCode::OK, &Page { title: "Confirm your subscription", text: &text, form })
        }
        Err(NewsletterError::TokenGone) => gone(&query.token),
        Err(error) => Err(error.into()),
    }
}

/// They are on the list.
pub(super) fn confirmed() -> Result<HttpResponse, Problem> {
    let text =
        "Your subscription is confirmed. Every letter has a link by which you stop them. You can close this page.";
    show(StatusCode::OK, &Page { title: "Thank you", text, form: Form::None })
}

/// The link is used, or too old.
pub(super) fn gone(token: &str) -> Result<HttpResponse, Problem> {
    let text = "The link was used already, or it is older than 72 hours. If your subscription is not confirmed yet, have \
                another letter sent to you.";
    let form = Form::Address { fault: None, token };
    show(StatusCode::GONE, &Page { title: "This link is no longer good", text, form })
}

/// A link to confirm without what it has to carry: people are told what to do, programs what is wrong.
pub(super) fn incomplete(request: &HttpRequest, problem: Problem) -> Result<HttpResponse, Problem> {
    if !wants_page(request) {
        return Err(problem);
    }
    broken(problem.status())
}

fn broken(status: StatusCode) -> Result<HttpResponse, Problem> {
    let text = "Part of it may be missing. Use the link in the letter itself, or copy all of it.";
    show(status, &Page { title: "This link does not work", text, form: Form::None })
}

async fn unsubscribe(
    holder: LinkHolder,
    request: HttpRequest,
    state: web::Data<AppState>,
    token: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    match state.newsletter.link_to_unsubscribe(&token).await {
        Ok(link) => {
            let text = format!("Press the button, and you get no more letters of \u{201c}{}\u{201d}.", link.list);
            // A link of ours has nothing in it that would have to be escaped.
            let action = format!("/api/v1/newsletter/u/{}", token.trim());
            let form = Form::Button { action: &action, label: "Unsubscribe" };
            show(StatusCode::OK, &Page { title: "Unsubscribe", text: &text, form })
        }
        Err(error) => unknown(&request, knock(&request, &state, &holder, error).await?),
    }
}

/// A link to unsubscribe that is none of ours: people are told what to do, programs that it is not there.
pub(super) fn unknown(request: &HttpRequest, problem: Problem) -> Result<HttpResponse, Problem> {
    if problem.status() != StatusCode::NOT_FOUND || !wants_page(request) {
        return Err(problem);
    }
    broken(StatusCode::NOT_FOUND)
}

/// There are no more letters.
pub(super) fn unsubscribed(list: &str) -> Result<HttpResponse, Problem> {
    let text = format!("You get no more letters of \u{201c}{list}\u{201d}. You can close this page.");
    show(StatusCode::OK, &Page { title: "You are unsubscribed", text: &text, form: Form::None })
}

/// An address, as a browser sends it.
#[derive(Default, Deserialize)]
struct Address {
    #[serde(default)]
    email: String,
    /// The link on whose page it was typed in.
    #[serde(default)]
    token: String,
}

async fn resend(
    guest: Guest,
    request: HttpRequest,
    state: web::Data<AppState>,
    form: Option<web::Form<Address>>,
) -> Result<HttpResponse, Problem> {
    // What is no form has no address in it.
    let Address { email, token } = form.map_or_else(Address::default, web::Form::into_inner);
    let outcome = match count_address(&guest, &request, &state, &email).await {
        Ok(()) => state.newsletter.resend_by_link(&guest.context, &email, &token).await.map_err(Problem::from),
        counted => counted,
    };
    let fault = match outcome {
        Ok(()) => return on_its_way(),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            (problem.status(), "This is not an e-mail address.")
        }
        Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS && wants_page(&request) => {
            (problem.status(), "That was often enough for now. Try again later.")
        }
        Err(problem) => return Err(problem),
    };
    let form = Form::Address { fault: Some(fault.1), token: &token };
    let text = "If your subscription is not confirmed yet, have another letter sent to you.";
    show(fault.0, &Page { title: "Have another letter sent", text, form })
}

fn on_its_way() -> Result<HttpResponse, Problem> {
    let text = "If this address waits to be confirmed, a letter is on its way. It may take a few minutes; look among \
                unwanted mail too.";
    show(StatusCode::ACCEPTED, &Page { title: "Look into your mail", text, form: Form::None })
}
