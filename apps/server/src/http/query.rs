//! Query parameters, read as strictly as bodies.

use std::ops::Deref;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode};
use ashlar_kernel::{FieldError, InvalidLimit, Limit, Timestamp, parse_moment};
use serde::{Deserialize, de::DeserializeOwned};
use std::future::{Ready, ready};
use utoipa::IntoParams;

use super::{catalogue::http_codes, problem::Problem};

/// The query parameters of an operation. Unknown ones are refused.
pub(crate) struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Reads the parameters that are left when those are read that may be given several times.
    pub(crate) fn of(query: &str) -> Result<Self, Problem> {
        parse(query).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

/// Reads a query string.
pub(crate) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
    let mut track = serde_path_to_error::Track::new();
    let parsed = T::deserialize(serde_path_to_error::Deserializer::new(pairs, &mut track));
    parsed.map_err(|error| misread(&error.to_string(), &track.path().to_string()))
}

/// A parameter that is unknown, given twice, missing, or of another type. serde tells these apart by its wording only.
fn misread(text: &str, path: &str) -> Problem {
    let named = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    if let Some(name) = named("unknown field `") {
        refused(name, "unknown_parameter", "this operation knows no such parameter")
    } else if let Some(name) = named("duplicate field `") {
        refused(name, "duplicate", "this parameter is given twice")
    } else if let Some(name) = named("missing field `") {
        refused(name, "required", "this parameter is required")
    } else {
        refused(path, "invalid_value", "this parameter has another type")
    }
}

/// A query parameter with a value that is refused.
pub(crate) fn refused(name: &str, code: &'static str, message: impl Into<String>) -> Problem {
    let pointer = format!("/query/{}", name.replace('~', "~0").replace('/', "~1"));
    let field = FieldError::new(pointer, code, message);
    Problem::http(StatusCode::BAD_REQUEST, http_codes::INVALID_PARAMETER, "a query parameter is not acceptable")
        .with_fields(vec![field])
}

/// A moment in a query parameter.
pub(crate) fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| parse_moment(text).ok_or_else(|| invalid(name, "not a time as in RFC 3339"))).transpose()
}

/// A query parameter that means nothing.
pub(crate) fn invalid(name: &str, message: &str) -> Problem {
    refused(name, "invalid_value", message)
}

/// Which part of a list to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

impl PageQuery {
    /// What was found among other parameters.
    pub(crate) const fn new(limit: Option<i64>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// The page size.
    pub(crate) fn limit(&self) -> Result<Limit, Problem> {
        let Some(entries) = self.limit else {
            return Ok(Limit::default());
        };
        Limit::parse(entries).map_err(|fault: InvalidLimit| refused("limit", "out_of_range", fault.to_string()))
    }

    /// Where to go on.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_kernel::RequestId;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Link {
        #[expect(dead_code, reason = "only its reading is tested")]
        token: String,
    }

    #[test]
    fn what_is_wrong_with_a_parameter_is_said_of_its_name() {
        for (query, code) in [("", "required"), ("token=a&token=b", "duplicate")] {
            let document = parse::<Link>(query).err().unwrap().document(&RequestId::parse("r").unwrap());
            let told: Vec<_> = document.errors.iter().map(|error| (&*error.pointer, &*error.code)).collect();
            assert_eq!(told, [("/query/token", code)], "{query}");
        }
    }
}
