//! Which events to list, as query parameters.

use std::{fmt::Display, net::IpAddr};

use ashlar_audit::log::{EventFilter, EventOrder, ExportEvents, ListEvents};
use ashlar_kernel::{Limit, Outcome};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::form_urlencoded;
use utoipa::IntoParams;

use super::dto::{AuditActorType, AuditOutcome};
use crate::{
    audit::ExportFormat,
    http::{
        problem::Problem,
        query::{invalid, moment, parse, refused},
    },
};

/// Which part of the list to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditListQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged, with the same filters and sort.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Newest first (`-occurred_at`, the default) or oldest first.
    #[param(pattern = "^-?occurred_at$")]
    sort: Option<String>,
}

/// How to take events along.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditExportQuery {
    /// `ndjson` (the default): lines of JSON. `csv`: a table, for spreadsheets.
    #[param(pattern = "^(ndjson|csv)$")]
    format: Option<String>,
    /// Where to go on: the last cursor of an export that broke off, with the same filters.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// Which events. All filters have to be true.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilterQuery {
    /// Only what this sort of actor did.
    #[param(required = false, value_type = AuditActorType)]
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_type: Option<String>,
    /// Only what this one did.
    #[param(min_length = 1, max_length = 128)]
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<String>,
    /// Only this event, by its name; with a star at the end every event whose name begins so.
    #[param(min_length = 1, max_length = 129, example = "identity.user.*")]
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// Only what happened to this sort of thing.
    #[param(min_length = 1, max_length = 128)]
    #[serde(skip_serializing_if = "Option::is_none")]
    target_type: Option<String>,
    /// Only what happened to this thing.
    #[param(min_length = 1, max_length = 128)]
    #[serde(skip_serializing_if = "Option::is_none")]
    target_id: Option<String>,
    /// Only what ended so.
    #[param(required = false, value_type = AuditOutcome)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// Only what was done from this address. Takes the permission `audit.read_pii`.
    #[param(max_length = 45)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// Only what happened in this request.
    #[param(min_length = 1, max_length = 128)]
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Only what happened in this distributed trace, by its id in hexadecimal.
    #[param(pattern = "^[0-9a-fA-F]{32}$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// Only what happened then or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Only what happened before then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Only what has to do with this, whatever it is: the id of an event, an actor, a target or a request, or the beginning
    /// of an event's name.
    #[param(min_length = 1, max_length = 128)]
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
}

/// The parameters of an operation: those of its own, and the filters.
fn split<T: DeserializeOwned>(query: &str, own: &[&str]) -> Result<(T, AuditFilterQuery), Problem> {
    let pairs = || form_urlencoded::parse(query.as_bytes());
    let written = |is_own: bool| {
        let these = pairs().filter(|(name, _)| own.contains(&&**name) == is_own);
        form_urlencoded::Serializer::new(String::new()).extend_pairs(these).finish()
    };
    Ok((parse(&written(true))?, parse(&written(false))?))
}

/// The question in the query of a list.
pub(super) fn list_of(query: &str) -> Result<ListEvents, Problem> {
    let (page, filters): (AuditListQuery, _) = split(query, &["limit", "cursor", "sort"])?;
    let limit = page.limit.map(Limit::parse).transpose();
    let order = match page.sort.as_deref() {
        None | Some("-occurred_at") => EventOrder::NewestFirst,
        Some("occurred_at") => EventOrder::OldestFirst,
        Some(_) => return Err(invalid("sort", "one of -occurred_at and occurred_at")),
    };
    Ok(ListEvents {
        filter: filters.filter()?,
        order,
        limit: limit.map_err(|fault| refused("limit", "out_of_range", fault.to_string()))?.unwrap_or_default(),
        cursor: page.cursor,
    })
}

/// The question in the query of an export, its form, and what was asked for.
pub(super) fn export_of(query: &str) -> Result<(ExportEvents, ExportFormat, AuditFilterQuery), Problem> {
    let (own, filters): (AuditExportQuery, AuditFilterQuery) = split(query, &["format", "cursor"])?;
    let format = match own.format.as_deref() {
        None | Some("ndjson") => ExportFormat::Ndjson,
        Some("csv") => ExportFormat::Csv,
        Some(_) => return Err(invalid("format", "one of ndjson and csv")),
    };
    let command = ExportEvents { filter: filters.filter()?, format: format.as_str(), cursor: own.cursor };
    Ok((command, format, filters))
}

impl AuditFilterQuery {
    fn filter(&self) -> Result<EventFilter, Problem> {
        let outcome = self
            .outcome
            .as_deref()
            .map(|text| Outcome::restore(text).ok_or_else(|| invalid("outcome", "one of ok, denied and failed")));
        let ip = self.ip.as_deref().map(str::parse::<IpAddr>).transpose();
        Ok(EventFilter {
            actor_type: actor_type(self.actor_type.as_deref())?,
            actor_id: word("actor_id", self.actor_id.as_deref())?,
            action: parsed("action", self.action.as_deref())?,
            target_type: word("target_type", self.target_type.as_deref())?,
            target_id: word("target_id", self.target_id.as_deref())?,
            outcome: outcome.transpose()?,
            ip: ip.map_err(|_syntax| invalid("ip", "not an IP address"))?.map(|ip| ip.to_canonical()),
            request_id: word("request_id", self.request_id.as_deref())?,
            trace_id: parsed("trace_id", self.trace_id.as_deref())?,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
            mention: parsed("q", self.q.as_deref())?,
        })
    }
}

/// Whether a text can be an id or the name of a sort of thing: 1 to 128 characters, of which none is a control character.
pub(super) fn is_word(text: &str) -> bool {
    (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn word(name: &str, text: Option<&str>) -> Result<Option<String>, Problem> {
    let fits = |text: &str| {
        is_word(text)
            .then(|| text.to_owned())
            .ok_or_else(|| invalid(name, "1 to 128 characters, no control characters"))
    };
    text.map(fits).transpose()
}

fn parsed<T: std::str::FromStr<Err: Display>>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(str::parse).transpose().map_err(|fault: T::Err| invalid(name, &fault.to_string()))
}

fn actor_type(text: Option<&str>) -> Result<Option<String>, Problem> {
    match text {
        None => Ok(None),
        Some(kind @ ("anonymous" | "user" | "api_key" | "system")) => Ok(Some(kind.to_owned())),
        Some(_) => Err(invalid("actor_type", "one of anonymous, user, api_key and system")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_understood() {
        let command = list_of("actor_type=api_key&action=identity.*&ip=::ffff:192.0.2.7&sort=occurred_at&q=x").unwrap();
        assert_eq!(command.order, EventOrder::OldestFirst);
        assert_eq!(command.filter.names(), ["actor_type", "action", "ip", "q"]);
        assert_eq!(command.filter.ip, "192.0.2.7".parse().ok());
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for bad in [
            "actor_type=robot",
            "actor_id=",
            "actor_id=a%00b",
            "action=DROP",
            "outcome=maybe",
            "ip=here",
            "trace_id=4bf9",
            "from=yesterday",
            "to=1",
            "q=%20",
            "sort=name",
            "limit=201",
            "limit=1&limit=2",
            "colour=red",
            "format=csv",
        ] {
            assert_eq!(list_of(bad).unwrap_err().code(), "invalid_parameter", "{bad}");
        }
        for bad in ["format=ocsf", "sort=occurred_at", "limit=1"] {
            assert_eq!(export_of(bad).unwrap_err().code(), "invalid_parameter", "{bad}");
        }
    }
}
