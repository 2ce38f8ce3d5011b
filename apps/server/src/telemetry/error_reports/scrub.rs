//! Takes out of a report what is nobody's business: whole parts of it, values by their name, and what a text looks like.
//!
//! It goes through the report as JSON, so that it finds every text wherever the format keeps it, now and in later
//! versions. What cannot be read back afterwards is not sent at all.

use std::{borrow::Cow, net::Ipv6Addr, sync::LazyLock};

use regex::{Captures, Regex};
use sentry::protocol::{Event, Request};
use serde_json::Value;

const REMOVED: &str = "[removed]";

/// A report fit to leave the house; none if it is not.
pub(super) fn scrub(mut event: Event<'static>) -> Option<Event<'static>> {
    event.user = None;
    event.server_name = None;
    // Address, query, body, cookies, headers and environment: of all these only the method is harmless.
    event.request = event.request.map(|request| Request { method: request.method, ..Request::default() });
    let mut report = serde_json::to_value(&event).ok()?;
    clean(&mut report);
    serde_json::from_value(report).ok()
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = clean_text(text) {
                *text = clean;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if PRIVATE_NAMES.is_match(name) && !value.is_null() {
                    *value = REMOVED.into();
                } else {
                    clean(value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without what looks private in it.
fn clean_text(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (pattern, replacement) in PATTERNS.iter() {
        if let Cow::Owned(clean) = pattern.replace_all(&text, *replacement) {
            text = clean.into();
        }
    }
    if let Cow::Owned(clean) = COLONS.replace_all(&text, without_ipv6) {
        text = clean.into();
    }
    text
}

/// The colons of a path such as `std::io` are no address.
fn without_ipv6(token: &Captures<'_>) -> String {
    let token = &token[0];
    let starts = std::iter::once(0).chain(token.match_indices(':').map(|(at, _)| at + 1));
    let mut tails = starts.filter_map(|start| Some((start, token.get(start..)?.trim_end_matches(':'))));
    let found = tails.find(|(_, tail)| tail.len() > 2 && tail.parse::<Ipv6Addr>().is_ok());
    match found {
        Some((start, _)) => format!("{}[ip]", token.get(..start).unwrap_or_default()),
        None => token.to_owned(),
    }
}

/// Names whose values are removed whatever they are. None of them is a name of the format itself.
static PRIVATE_NAMES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix) passw | passphrase | \bpwd | secret | token | api_?-?key | authorization | cookie | credential | dsn
        | e-?mail | user | phone | identifier | address | (^|[._-])(ip|peer|first_name|last_name|full_name|display_name)($|[._-])
        | body | payload | query | ^form$ | ^headers?$ ",
    )
});

/// What looks private, and what is put in its place.
static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        // Headers that were printed, to the end of the line.
        (r"(?i)\b(set-cookie|cookie|authorization|x-api-key)\b[\x22']?\s*[:=]\s*[^\r\n]*", "$1: [removed]"),
        // A user and a password before the host of a URL.
        (r"://[^\s/@]*:[^\s@]*@|://[^\s/@]+@", "://[removed]@"),
        // name=value, name: "value", "name":"value".
        (
            r"(?ix)([\w.-]*(?:passw|passphrase|pwd|secret|token|api_?-?key|credential)[\w.-]*[\x22']?\s*[:=]\s*)
            (?:\x22(?:[^\x22\\]|\\.)*\x22?|'(?:[^'\\]|\\.)*'?|[^\s,;&)}\]]+)",
            "$1[removed]",
        ),
        (r"(?i)\b(bearer|basic|dpop)\s+[a-z0-9._~+/=-]{4,}", "$1 [token]"),
        // Three parts of base64url, the first of which is a JSON object.
        (r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*", "[token]"),
        // Our own tokens: refresh tokens, keys, and those of mails.
        (r"\bas[a-z][0-9]?_[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*", "[token]"),
        // What PHC strings hold.
        (r"\$(?:argon2|scrypt|pbkdf2|2[aby])[^\s\x22']*", "[hash]"),
        (r"([\w/])\?[^\s\x22'<>]+", "$1?[query]"),
        (r"[^\s@\x22'`<>(),;:=\[\]{}|\\/]+@[^\s@\x22'`<>(),;:=\[\]{}|\\/]+", "[email]"),
        (r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", "[ip]"),
    ]
    .map(|(text, replacement)| (pattern(text), replacement))
    .into()
});

/// Where an IPv6 address may be.
static COLONS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9A-Za-z_]*(?::[0-9A-Za-z_]*){2,}"));

#[expect(clippy::expect_used, reason = "the patterns are constants, and every test of this file reads them")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_private_is_taken_out() {
        for (text, clean) in [
            ("no user ada@example.org here", "no user [email] here"),
            ("Key (email)=(ada+x@example.org) already exists.", "Key (email)=([email]) already exists."),
            ("Authorization: Bearer abc.def\nnext", "Authorization: [removed]\nnext"),
            ("sent Bearer abcdef123 to it", "sent Bearer [token] to it"),
            ("Cookie: a=b; c=d", "Cookie: [removed]"),
            ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!", "got [token]!"),
            ("asr1_AAAABBBBccccDDDD_-x is old", "[token] is old"),
            ("key ash_0123456789abcdef.", "key [token]."),
            ("postgres://app:hunter2@db:5432/app", "postgres://[removed]@db:5432/app"),
            ("postgres://app:hun/ter@db:5432/app", "postgres://[removed]@db:5432/app"),
            ("https://key@sentry.example.com/1", "https://[removed]@sentry.example.com/1"),
            ("password=hunter2&x=1", "password=[removed]&x=1"),
            (r#"{"password":"hunter \"2\"","a":1}"#, r#"{"password":[removed],"a":1}"#),
            (r#"LogIn { new_password: "hunter 2", a: 1 }"#, "LogIn { new_password: [removed], a: 1 }"),
            ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "[hash]"),
            ("GET /reset?code=4711&next=/ failed", "GET /reset?[query] failed"),
            ("from 203.0.113.9:4711", "from [ip]:4711"),
            ("from [2001:db8::1]:4711, 2001:db8:0:1::2", "from [[ip]]:4711, [ip]"),
            ("ip:2001:db8::1", "ip:[ip]"),
            ("client ::1 is local", "client [ip] is local"),
            ("::ffff:203.0.113.9", "[ip][ip]"),
        ] {
            assert_eq!(clean_text(text), clean);
        }
    }

    #[test]
    fn what_helps_is_left() {
        for text in [
            "the store is broken",
            "panic: index out of bounds: the len is 3 but the index is 7",
            "at ashlar_server::http::problem, std::io::Error, core::fmt, reports::scrub",
            "apps/server/src/http/problem.rs:223:9",
            "2026-11-21T09:08:07.123Z took 1:02:03",
            "0af7651916cd43dd8448eb211c80319c 0190d5a4-7c3e-7bb0-9d4a-000000000001",
            "error returned from database: (code: 1) no such table: users",
            "where id = ? and b in (?, ?)",
            "async_trait_method async_graphql",
            "",
        ] {
            assert_eq!(clean_text(text), text);
        }
    }

    #[test]
    fn value_with_a_private_name_is_removed_whatever_it_is() {
        let mut value = serde_json::json!({
            "email": "x", "user_id": 7, "client_ip": "x", "remote_address": { "a": 1 }, "request_body": [1], "query": "x",
            "nested": [{ "newPassword": "x", "password_hash": "x", "refresh_token": "x" }],
            "code": "internal", "route": "/api/v1/me", "filename": "a.rs", "description": "x", "shipping": true,
        });

        clean(&mut value);

        let left = serde_json::json!({
            "email": REMOVED, "user_id": REMOVED, "client_ip": REMOVED, "remote_address": REMOVED,
            "request_body": REMOVED, "query": REMOVED,
            "nested": [{ "newPassword": REMOVED, "password_hash": REMOVED, "refresh_token": REMOVED }],
            "code": "internal", "route": "/api/v1/me", "filename": "a.rs", "description": "x", "shipping": true,
        });
        assert_eq!(value, left);
    }
}
