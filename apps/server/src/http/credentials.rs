//! What a request proves itself with: one access token or one API key, and never both.

use actix_web::http::{
    StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use ashlar_identity::{
    PresentedApiKey, TokenRefusal,
    use_case::{AuthenticateApiKeyError, AuthenticateError},
};
use ashlar_kernel::Secret;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{catalogue::http_codes, problem::Problem};

/// The header for API keys.
pub(crate) const API_KEY: &str = "x-api-key";

/// The longest credentials we look at; ours are far shorter.
const MAX_LENGTH: usize = 4_096;

/// Credentials as they were sent.
pub(crate) enum Presented<'r> {
    /// An access token.
    AccessToken(&'r str),
    /// An API key.
    ApiKey(Secret),
}

/// The credentials of a request, if it has any. Not those of the query string: what stands there ends up in logs.
pub(crate) fn presented(headers: &HeaderMap) -> Result<Option<Presented<'_>>, Problem> {
    let authorizations = headers.get_all(header::AUTHORIZATION).map(authorization);
    let mut all = authorizations.chain(headers.get_all(API_KEY).map(api_key));
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.map(Some),
        (Some(_), Some(_)) => {
            let detail = "send one access token or one API key";
            Err(Problem::http(StatusCode::BAD_REQUEST, http_codes::AMBIGUOUS_CREDENTIALS, detail))
        }
    }
}

/// The bearer token of a request; an error when there are credentials of another kind.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    match headers.get(header::AUTHORIZATION).map(authorization).transpose()? {
        None => Ok(None),
        Some(Presented::AccessToken(token)) => Ok(Some(token)),
        Some(Presented::ApiKey(_)) => Err(refused("an API key")),
    }
}

fn authorization(value: &HeaderValue) -> Result<Presented<'_>, Problem> {
    if value.len() > MAX_LENGTH {
        return Err(refused("length"));
    }
    let text = value.to_str().map_err(|_not_ascii| refused("characters"))?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(|| refused("scheme"))?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        let is_key = PresentedApiKey::is_meant_by(rest);
        return Ok(if is_key { Presented::ApiKey(Secret::from(rest)) } else { Presented::AccessToken(rest) });
    }
    let key = Some(rest).filter(|_| scheme.eq_ignore_ascii_case("basic")).and_then(basic);
    key.map(Presented::ApiKey).ok_or_else(|| refused("scheme"))
}

/// The key of clients that know no other scheme: bare, or as a user without a password (RFC 7617).
fn basic(credentials: &str) -> Option<Secret> {
    if PresentedApiKey::is_meant_by(credentials) {
        return Some(Secret::from(credentials));
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let key = decoded.strip_suffix(':')?;
    PresentedApiKey::is_meant_by(key).then(|| Secret::from(key))
}

fn api_key(value: &HeaderValue) -> Result<Presented<'_>, Problem> {
    let text = value.to_str().ok().filter(|text| text.len() <= MAX_LENGTH);
    text.map(|text| Presented::ApiKey(Secret::from(text.trim()))).ok_or_else(|| AuthenticateApiKeyError::Invalid.into())
}

/// The caller does not learn why; the log does.
fn refused(reason: &'static str) -> Problem {
    tracing::debug!(reason, "credentials refused");
    Problem::from(AuthenticateError::from(TokenRefusal::Invalid(reason)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;
    use ashlar_kernel::ExposeSecret as _;

    use super::*;

    fn seen(lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        match presented(&headers) {
            Ok(None) => "none".to_owned(),
            Ok(Some(Presented::AccessToken(token))) => format!("token {token}"),
            Ok(Some(Presented::ApiKey(key))) => format!("key {}", key.expose_secret()),
            Err(problem) => problem.code().to_owned(),
        }
    }

    #[test]
    fn a_key_is_known_by_its_beginning_or_its_header() {
        for (lines, expected) in [
            (&[][..], "none"),
            (&[("authorization", "Bearer a.b.c")], "token a.b.c"),
            (&[("authorization", "Bearer ash_x")], "key ash_x"),
            (&[("authorization", "bEARER  ash_x ")], "key ash_x"),
            (&[("authorization", "Basic ash_x")], "key ash_x"),
            (&[("authorization", "Basic YXNoX3g6")], "key ash_x"),
            (&[("authorization", "Basic YXNoX3g6eA==")], "token_invalid"),
            (&[("authorization", "Basic YXNoX3g=")], "token_invalid"),
            (&[("authorization", "Basic YWRhOng=")], "token_invalid"),
            (&[("authorization", "ash_x")], "token_invalid"),
            (&[("x-api-key", "ash_x")], "key ash_x"),
            (&[("x-api-key", "anything")], "key anything"),
            (&[("x-api-key", "")], "key "),
        ] {
            assert_eq!(seen(lines), expected, "{lines:?}");
        }
        assert_eq!(seen(&[("x-api-key", &"x".repeat(4_097))]), "api_key_invalid");
        assert_eq!(seen(&[("authorization", &format!("Bearer ash_{}", "x".repeat(4_097)))]), "token_invalid");
    }

    #[test]
    fn two_credentials_are_one_too_many() {
        for lines in [
            [("authorization", "Bearer a.b.c"), ("x-api-key", "ash_x")],
            [("authorization", "Bearer ash_x"), ("x-api-key", "ash_x")],
            [("authorization", "nonsense"), ("x-api-key", "nonsense")],
            [("x-api-key", "ash_x"), ("x-api-key", "ash_y")],
            [("authorization", "Bearer a.b.c"), ("authorization", "Basic ash_x")],
        ] {
            assert_eq!(seen(&lines), "ambiguous_credentials", "{lines:?}");
        }
    }
}
