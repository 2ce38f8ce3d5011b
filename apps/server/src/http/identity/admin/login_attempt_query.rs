//! Which attempts to sign in to list, as query parameters.

use std::{fmt::Display, net::IpAddr};

use ashlar_identity::{Identifier, InvalidLoginOutcome, ListLogins, UserId};
use ashlar_kernel::Limit;
use serde::Deserialize;
use utoipa::IntoParams;

use super::query::{invalid, moment};
use crate::http::{identity::login_attempts::LoginAttemptOutcome, problem::Problem, query::refused};

/// Which attempts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LoginAttemptQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged, with the same filters.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Only on this account.
    #[param(value_type = Option<Uuid>)]
    user_id: Option<String>,
    /// Only failures with this address or handle, in whatever spelling; also if nobody has it.
    #[param(min_length = 1, max_length = 254)]
    identifier: Option<String>,
    /// Only those that ended so.
    #[param(required = false, value_type = LoginAttemptOutcome)]
    outcome: Option<String>,
    /// Only from this address.
    #[param(max_length = 45, example = "192.0.2.7")]
    ip: Option<String>,
    /// Only those made then or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Only those made before then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<String>,
}

impl LoginAttemptQuery {
    /// The question.
    pub(super) fn command(&self) -> Result<ListLogins, Problem> {
        let limit = self.limit.map(Limit::parse).transpose();
        let limit = limit.map_err(|fault| refused("limit", "out_of_range", fault.to_string()))?.unwrap_or_default();
        let wrong = |name: &'static str| move |fault: &dyn Display| invalid(name, &fault.to_string());
        let user = self.user_id.as_deref().map(str::parse::<UserId>).transpose();
        let identifier = self.identifier.as_deref().map(Identifier::parse).transpose();
        let outcome = self.outcome.as_deref().map(str::parse).transpose();
        let ip = self.ip.as_deref().map(str::parse::<IpAddr>).transpose();
        Ok(ListLogins {
            user: user.map_err(|_syntax| invalid("user_id", "not a UUID"))?,
            identifier: identifier.map_err(|fault| wrong("identifier")(&fault))?,
            outcome: outcome.map_err(|fault: InvalidLoginOutcome| wrong("outcome")(&fault))?,
            ip: ip.map_err(|_syntax| invalid("ip", "not an IP address"))?.map(|ip| ip.to_canonical()),
            from: moment("from", self.from.as_deref())?,
            before: moment("before", self.before.as_deref())?,
            limit,
            cursor: self.cursor.clone(),
        })
    }
}
