//! JSON bodies, read strictly: what a client sends is understood completely or refused.

use std::{future::Future, ops::Deref, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::StatusCode,
    web::{self, Bytes},
};
use ashlar_kernel::FieldError;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::{AppState, catalogue::http_codes, problem::Problem};

/// The largest body under `/api/v1/auth`.
pub(crate) const AUTH_BODY: usize = 16 * 1024;
/// The deepest nesting of a body.
const MAX_DEPTH: usize = 64;

/// How many unknown members a problem names, and how much of each: an answer must not outgrow its request.
const UNKNOWN_NAMED: usize = 20;
const POINTER_LENGTH: usize = 100;
/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A JSON object of at most `MAX` bytes, and never more than the configured limit.
pub(crate) struct Body<T, const MAX: usize = { usize::MAX }>(pub T, pub Digest);

/// The SHA-256 of a body, by which a body that is sent again is recognised.
#[derive(Clone, Copy)]
pub(crate) struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of what a body of several parts says, however it was put together.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let framed = parts
            .iter()
            .fold(Sha256::new(), |hash, part| hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part));
        Self(framed.finalize().into())
    }
}

impl<T, const MAX: usize> Deref for Body<T, MAX> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static, const MAX: usize> FromRequest for Body<T, MAX> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let configured = request.app_data::<web::Data<AppState>>().map_or(usize::MAX, |state| state.body_limit);
        let read = receive(request, payload, MAX.min(configured));
        Box::pin(async move {
            let bytes = read.await?;
            Ok(Self(parse(&bytes)?, Digest(Sha256::digest(&bytes).into())))
        })
    }
}

/// A JSON object whose unknown members are ignored: for forms to which others add their own.
pub(crate) struct OpenBody<T>(pub T, pub Digest);

impl<T: DeserializeOwned + 'static> FromRequest for OpenBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<web::Data<AppState>>().map_or(usize::MAX, |state| state.body_limit);
        let read = receive(request, payload, limit);
        Box::pin(async move {
            let bytes = read.await?;
            Ok(Self(parse_open(&bytes)?.0, Digest(Sha256::digest(&bytes).into())))
        })
    }
}

/// A JSON object, or nothing at all.
pub(crate) struct OptionalBody<T, const MAX: usize = { usize::MAX }>(pub Option<T>);

impl<T: DeserializeOwned + 'static, const MAX: usize> FromRequest for OptionalBody<T, MAX> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Whatever the content type says: many clients announce one for a body they do not send.
        let is_empty = request.headers().get("transfer-encoding").is_none()
            && request.headers().get("content-length").is_none_or(|length| length == "0");
        if is_empty {
            return Box::pin(async { Ok(Self(None)) });
        }
        let body = Body::<T, MAX>::from_request(request, payload);
        Box::pin(async move { Ok(Self(Some(body.await?.0))) })
    }
}

fn receive(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let media_type = request.mime_type().ok().flatten();
    let is_json = media_type.as_ref().is_some_and(|mime| mime.essence_str() == "application/json");
    let charset = media_type.as_ref().and_then(|mime| mime.get_param("charset").map(|name| name == "utf-8"));
    let announced =
        request.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let stream = web::Payload::from_request(request, payload);
    async move {
        if !is_json || charset == Some(false) {
            let detail = "the body must be application/json in UTF-8";
            return Err(Problem::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, http_codes::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let too_large = || {
            let detail = format!("the body is larger than {limit} bytes");
            Problem::http(StatusCode::PAYLOAD_TOO_LARGE, http_codes::BODY_TOO_LARGE, detail)
        };
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let stream = stream.await.map_err(|_error| malformed("the body cannot be read"))?;
        match tokio::time::timeout(BODY_TIMEOUT, stream.to_bytes_limited(limit)).await {
            Ok(Ok(Ok(bytes))) => Ok(bytes),
            Ok(Ok(Err(_cut_off))) => Err(malformed("the body ended early")),
            Ok(Err(_exceeded)) => Err(too_large()),
            Err(_elapsed) => Err(malformed("the body took too long to arrive")),
        }
    }
}

/// The request is not what it has to be.
pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::http(StatusCode::BAD_REQUEST, http_codes::MALFORMED_REQUEST, detail)
}

/// Reads a JSON object, strictly.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let (value, unknown) = parse_open(bytes)?;
    if unknown.is_empty() { Ok(value) } else { Err(unknown_fields(unknown)) }
}

/// What a body says, and the members that nobody knows.
fn parse_open<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Vec<String>), Problem> {
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(malformed("the body must be a JSON object"));
    }
    // serde looks at the texts it keeps only.
    if std::str::from_utf8(bytes).is_err() {
        return Err(malformed("the body is not UTF-8"));
    }
    if depth(bytes) > MAX_DEPTH {
        return Err(malformed(format!("the body is nested deeper than {MAX_DEPTH} levels")));
    }
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = {
        let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
        let mut note = |path: serde_ignored::Path<'_>| {
            if unknown.len() < UNKNOWN_NAMED {
                unknown.push(unknown_pointer(&path).chars().take(POINTER_LENGTH).collect());
            }
        };
        T::deserialize(serde_ignored::Deserializer::new(tracked, &mut note))
    };
    let value = value.and_then(|value| json.end().map(|()| value));
    match value {
        // A member may be at fault before the end is reached; whether all of it is JSON comes first.
        Err(error) if error.is_data() => Err(match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            Ok(_) => mistyped(&error, &pointer_of(&track.path())),
            Err(error) => no_json(&error),
        }),
        Err(error) => Err(no_json(&error)),
        Ok(value) => Ok((value, unknown)),
    }
}

fn no_json(error: &serde_json::Error) -> Problem {
    malformed(format!("the body is not valid JSON (line {}, column {})", error.line(), error.column()))
}

/// The deepest nesting of arrays and objects. Brackets inside strings do not count.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The way to what cannot be read as a JSON Pointer (RFC 6901).
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => pointer + "/" + &escaped(key),
        Segment::Enum { variant } => pointer + "/" + &escaped(variant),
        Segment::Unknown => pointer,
    })
}

/// The same for what nobody knows.
fn unknown_pointer(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", unknown_pointer(parent)),
        Path::Map { parent, key } => unknown_pointer(parent) + "/" + &escaped(key),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            unknown_pointer(parent)
        }
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unknown_fields(pointers: Vec<String>) -> Problem {
    let fields: Vec<_> = pointers
        .into_iter()
        .map(|pointer| FieldError::new(pointer, "unknown_field", "this operation knows no such member"))
        .collect();
    Problem::http(StatusCode::UNPROCESSABLE_ENTITY, http_codes::UNKNOWN_FIELD, "the body has unknown members")
        .with_fields(fields)
}

/// A member that is missing, given twice, or of another type.
///
/// serde tells these apart by its wording only, and its messages repeat the value, which may be a password: we keep
/// the wording's first words and write our own message.
fn mistyped(error: &serde_json::Error, pointer: &str) -> Problem {
    let text = error.to_string();
    let named = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(str::to_owned);
    let field = if let Some(name) = named("missing field `") {
        FieldError::new(format!("{pointer}/{name}"), "required", "this member is required")
    } else if let Some(name) = named("duplicate field `") {
        FieldError::new(format!("{pointer}/{name}"), "duplicate", "this member is given twice")
    } else {
        FieldError::new(pointer, "invalid_type", "this member has another type")
    };
    let code = ashlar_kernel::field_codes::VALIDATION;
    Problem::http(StatusCode::UNPROCESSABLE_ENTITY, code, "some fields are not acceptable").with_fields(vec![field])
}

/// For `PATCH`: absent leaves alone, null clears.
#[expect(clippy::option_option, reason = "three states: absent, null, a value")]
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// For `PATCH`: absent leaves alone. Null clears nothing that is always there, and is of another type.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_kernel::RequestId;

    #[derive(Debug, Deserialize)]
    struct Device {
        #[expect(dead_code, reason = "only its reading is tested")]
        name: String,
    }
    #[derive(Debug, Deserialize)]
    struct Form {
        email: String,
        #[expect(dead_code, reason = "only its reading is tested")]
        device: Option<Device>,
        #[serde(default, deserialize_with = "nullable")]
        #[expect(clippy::option_option, reason = "three states: absent, null, a value")]
        locale: Option<Option<String>>,
        #[serde(default)]
        #[expect(dead_code, reason = "only its reading is tested")]
        items: Vec<Device>,
    }

    fn refused(body: &str) -> (u16, String, Vec<(String, String)>) {
        let problem = parse::<Form>(body.as_bytes()).err().unwrap();
        let document = problem.document(&RequestId::parse("r").unwrap());
        let fields = document.errors.into_iter().map(|field| (field.pointer, field.code)).collect();
        (document.status, document.code, fields)
    }

    fn field(pointer: &str, code: &str) -> Vec<(String, String)> {
        vec![(pointer.to_owned(), code.to_owned())]
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let read = |body: &str| parse::<Form>(body.as_bytes()).unwrap();
        assert_eq!(read(r#"{"email":"a"}"#).locale, None);
        assert_eq!(read(r#"{"email":"a","locale":null}"#).locale, Some(None));
        assert_eq!(read(r#" {"email":"a","locale":"de"} "#).locale, Some(Some("de".to_owned())));
        assert_eq!(read(r#"{"email":"a"}"#).email, "a");
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        for body in
            ["", "  ", "null", "[]", "\"x\"", "{", "{}}", "{\"email\":}", "{\"email\":7} x", "{\"email\":\"a\u{1}\"}"]
        {
            let (status, code, _) = refused(body);
            assert_eq!((status, code.as_str()), (400, "malformed_request"), "{body:?}");
        }
        let deep = format!("{{\"email\":\"a\",\"x\":{}{}}}", "[".repeat(64), "]".repeat(64));
        assert_eq!(refused(&deep).0, 400);
    }

    #[test]
    fn all_unknown_members_are_named() {
        let (status, code, fields) = refused(r#"{"email":"a","is_admin":true,"device":{"name":"x","a/b":1}}"#);
        assert_eq!((status, code.as_str()), (422, "unknown_field"));
        assert_eq!(fields[0].0, "/is_admin");
        assert_eq!(fields[1].0, "/device/a~1b");
    }

    #[test]
    fn a_missing_doubled_or_mistyped_member_is_named_and_its_value_is_not() {
        assert_eq!(refused("{}").2, field("/email", "required"));
        assert_eq!(refused(r#"{"email":"a","device":{}}"#).2, field("/device/name", "required"));
        assert_eq!(refused(r#"{"email":"a","email":"b"}"#).2, field("/email", "duplicate"));
        assert_eq!(refused(r#"{"email":7}"#).2, field("/email", "invalid_type"));
        assert_eq!(refused(r#"{"email":"a","device":{"name":[]}}"#).2, field("/device/name", "invalid_type"));
        let problem = parse::<Form>(br#"{"email":["hunter2"]}"#).err().unwrap();
        let shown = serde_json::to_string(&problem.document(&RequestId::parse("r").unwrap())).unwrap();
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn members_of_lists_are_named_by_their_place() {
        assert_eq!(refused(r#"{"email":"a","items":[null]}"#).2, field("/items/0", "invalid_type"));
        assert_eq!(
            refused(r#"{"email":"a","items":[{"name":"x"},{"name":1}]}"#).2,
            field("/items/1/name", "invalid_type")
        );
        assert_eq!(
            refused(r#"{"email":"a","items":[{"name":"x","a.b[0]":1}]}"#).2,
            field("/items/0/a.b[0]", "unknown_field")
        );
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(depth(br#"{"a":"[[[\"[[","b":[{}]}"#), 3);
    }
}
