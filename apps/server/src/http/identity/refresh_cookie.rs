//! The refresh token in a cookie that scripts cannot read, for pages of this server's own origin.
//!
//! A browser sends the cookie by itself, so the page that makes it do so has to be one of ours: `SameSite=Strict` keeps
//! other sites out, and `Origin`, which scripts cannot set, keeps out the neighbours on the same site. Nothing but
//! refreshing and signing out takes the cookie; everything else needs the access token, which no browser sends by itself.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use ashlar_identity::SignedIn;
use ashlar_kernel::{AccessError, ExposeSecret, Secret, Timestamp};

use crate::http::{AppState, catalogue::http_codes, problem::Problem};

/// Browsers take a cookie of such a name only over https, for one host and for all its paths.
const NAME: &str = "__Host-refresh";

/// At the end of a challenge token: the cookie was asked for. No token has such characters.
const MARK: &str = ".cookie";

/// How a client gets its refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefreshIn {
    /// In the body.
    Body,
    /// In the cookie.
    Cookie,
}

impl RefreshIn {
    /// As a sign-in asks for it.
    pub(super) fn asked(request: &HttpRequest, state: &AppState, wants: Option<bool>) -> Result<Self, Problem> {
        if wants != Some(true) {
            return Ok(Self::Body);
        }
        insist_on_own_origin(request, state)?;
        Ok(Self::Cookie)
    }

    /// As the second step of a sign-in has it: as it says itself, or else as the first step said. Answers with the token as
    /// it was made.
    pub(super) fn second_step(
        request: &HttpRequest,
        state: &AppState,
        wants: Option<bool>,
        challenge: &Secret,
    ) -> Result<(Self, Secret), Problem> {
        let (bare, wanted) = bare(challenge);
        Ok((Self::asked(request, state, wants.or(wanted))?, bare))
    }

    /// The token of a sign-in that waits for its second step, as it is handed out: what the first step asked for comes back
    /// with it. Nobody has to trust it: whoever has the token may ask for either anyway.
    pub(super) fn remembered_in(self, challenge: &Secret) -> String {
        let mark = if self == Self::Cookie { MARK } else { "" };
        format!("{}{mark}", challenge.expose_secret())
    }

    /// As the client that makes this request, with an access token, keeps it.
    pub(super) fn kept_by(request: &HttpRequest) -> Self {
        if cookie(request).is_some() { Self::Cookie } else { Self::Body }
    }

    /// The refresh token as it is shown in the body.
    pub(super) fn shown(self, signed_in: &SignedIn) -> Option<String> {
        (self == Self::Body).then(|| signed_in.refresh_token.expose_secret().to_owned())
    }

    /// The beginning of an answer with 200 that has the refresh token in its cookie, if that is where it goes.
    pub(super) fn answer(self, signed_in: &SignedIn, now: Timestamp) -> HttpResponseBuilder {
        let mut answer = HttpResponse::Ok();
        if self == Self::Cookie {
            let seconds = (signed_in.refresh_expires_at - now).num_seconds().max(0);
            answer.append_header((header::SET_COOKIE, written(signed_in.refresh_token.expose_secret(), seconds)));
        }
        answer
    }
}

/// The refresh token that a browser has sent by itself, for a page of ours.
pub(super) fn presented(request: &HttpRequest, state: &AppState) -> Result<Option<Secret>, Problem> {
    let Some(token) = cookie(request) else { return Ok(None) };
    insist_on_own_origin(request, state)?;
    Ok(Some(Secret::from(token)))
}

/// What makes a browser forget the cookie.
pub(super) fn forgotten() -> (header::HeaderName, String) {
    (header::SET_COOKIE, written("", 0))
}

/// The answer to a request whose cookie was refused: a browser forgets a token that is dead, or it would send it for ever.
/// What may pass, such as a tenant that is suspended, leaves the cookie where it is.
pub(super) fn refused(problem: &Problem) -> HttpResponse {
    let mut answer = problem.error_response();
    let (name, forgotten) = forgotten();
    if problem.status() == StatusCode::UNAUTHORIZED
        && let Ok(value) = HeaderValue::from_str(&forgotten)
    {
        answer.headers_mut().append(name, value);
    }
    answer
}

/// The 401 of a request that needs a refresh token and has none.
pub(super) fn missing() -> Problem {
    Problem::from(AccessError::AuthenticationRequired)
        .saying("send the refresh token: as refresh_token in the body, or in the cookie __Host-refresh")
}

/// A challenge token without what the first step has asked for, and that.
pub(super) fn bare(challenge: &Secret) -> (Secret, Option<bool>) {
    match challenge.expose_secret().trim().strip_suffix(MARK) {
        Some(bare) => (Secret::from(bare), Some(true)),
        None => (challenge.clone(), None),
    }
}

fn written(value: &str, seconds: i64) -> String {
    format!("{NAME}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict")
}

/// The one cookie of the name. Of several none is believed: only one of them can be ours.
fn cookie(request: &HttpRequest) -> Option<String> {
    let sent = request.headers().get_all(header::COOKIE).filter_map(|header| header.to_str().ok());
    let pairs = sent.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value);
    let value = values.next().filter(|value| !value.is_empty())?;
    values.next().is_none().then(|| value.to_owned())
}

fn insist_on_own_origin(request: &HttpRequest, state: &AppState) -> Result<(), Problem> {
    let mut sent = request.headers().get_all(header::ORIGIN);
    let is_own =
        sent.next().is_some_and(|origin| origin.as_bytes() == state.origin.as_bytes()) && sent.next().is_none();
    if is_own {
        return Ok(());
    }
    let detail = format!("the refresh cookie is for pages of {}", state.origin);
    Err(Problem::http(StatusCode::FORBIDDEN, http_codes::FOREIGN_ORIGIN, detail))
}
