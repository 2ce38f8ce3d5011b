//! Which people to list, as query parameters.

use ashlar_identity::{DirectoryFilter, DirectorySort, ListUsers, SearchTerm, UserStatus};
use ashlar_kernel::Limit;
use serde::Deserialize;
use utoipa::IntoParams;

pub(super) use crate::http::query::{invalid, moment};
use crate::http::{identity::dto::UserRole, problem::Problem, query::refused};

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UserQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged, with the same filters and sort.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Only accounts that are so.
    #[param(required = false, value_type = super::dto::UserStanding)]
    status: Option<String>,
    /// Only people who are this in the tenant.
    #[param(required = false, value_type = UserRole)]
    role: Option<String>,
    /// Only accounts that were opened then or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<String>,
    /// Only accounts that were opened before then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    created_before: Option<String>,
    /// Only people whose address, handle or name contains this, in whatever case.
    #[param(min_length = 1, max_length = 100)]
    q: Option<String>,
    /// By the age of the account, newest first (`-created_at`, the default) or oldest first, or by address.
    #[param(pattern = "^(-?created_at|email)$")]
    sort: Option<String>,
    /// `total`: also say how many there are, up to 10,000.
    #[param(pattern = "^total$")]
    include: Option<String>,
}

impl UserQuery {
    /// The question.
    pub(super) fn command(&self) -> Result<ListUsers, Problem> {
        let limit = self.limit.map(Limit::parse).transpose();
        let limit = limit.map_err(|fault| refused("limit", "out_of_range", fault.to_string()))?.unwrap_or_default();
        let with_total = match self.include.as_deref() {
            None => false,
            Some("total") => true,
            Some(_) => return Err(invalid("include", "only `total` can be included")),
        };
        let sort = match self.sort.as_deref() {
            None | Some("-created_at") => DirectorySort::NewestFirst,
            Some("created_at") => DirectorySort::OldestFirst,
            Some("email") => DirectorySort::Email,
            Some(_) => return Err(invalid("sort", "one of created_at, -created_at and email")),
        };
        Ok(ListUsers { filter: self.filter()?, sort, limit, cursor: self.cursor.clone(), with_total })
    }

    fn filter(&self) -> Result<DirectoryFilter, Problem> {
        let status = self.status.as_deref().map(|text| {
            UserStatus::restore(text)
                .filter(|status| *status != UserStatus::Deleted)
                .ok_or_else(|| invalid("status", "one of active and disabled"))
        });
        let role = self.role.as_deref().map(|text| {
            text.parse().map_err(|fault: ashlar_identity::InvalidRole| invalid("role", &fault.to_string()))
        });
        let search =
            self.q.as_deref().map(|text| SearchTerm::parse(text).map_err(|fault| invalid("q", &fault.to_string())));
        Ok(DirectoryFilter {
            status: status.transpose()?,
            role: role.transpose()?,
            created_from: moment("created_from", self.created_from.as_deref())?,
            created_before: moment("created_before", self.created_before.as_deref())?,
            search: search.transpose()?,
        })
    }
}
