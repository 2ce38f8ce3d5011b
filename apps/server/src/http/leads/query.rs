//! Query parameters of leads.

use ashlar_leads::OnDuplicate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::contact::ContactMessageStatus;
use super::dto::{LeadCategory, LeadSource, LeadStatus};
use crate::http::{problem::Problem, query::invalid};

/// What to do when there is such a lead.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CreateQuery {
    /// If another lead has the address: `return` answers with it, `merge_blank` adds to it what it lacks. Without it the
    /// answer is 409 `duplicate_lead`.
    #[param(pattern = "^(return|merge_blank)$")]
    on_duplicate: Option<String>,
}

impl CreateQuery {
    /// What to do.
    pub(super) fn on_duplicate(&self) -> Result<OnDuplicate, Problem> {
        let Some(text) = &self.on_duplicate else { return Ok(OnDuplicate::Refuse) };
        text.parse().map_err(|_unknown| invalid("on_duplicate", "one of return and merge_blank"))
    }
}

/// Whether to erase it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// Erases the lead with everything that was noted about it, the leads that became a part of it, what its person wrote
    /// and what imports refused of it, also one that was put away. Who has unsubscribed from letters is not written to again.
    /// Takes the permission `leads.lead.purge` and a sign-in within the last ten minutes.
    purge: Option<bool>,
}

impl DeleteQuery {
    /// Whether to erase it.
    pub(super) fn wants_purge(&self) -> bool {
        self.purge == Some(true)
    }
}

/// Which part of the leads that are meant, and in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct LeadListQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged, with the same filters and sort.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// By when they came, newest first (`-created_at`, the default) or oldest first; by when they were edited; by name; by
    /// how promising they are; or, with `q`, by how well the name is what is looked for (`relevance`: it is the name, the
    /// name begins with it, it stands in the name, it is found otherwise). Of more than 10,000 that are found, `relevance`
    /// lists the newest 10,000.
    #[param(pattern = "^(-?created_at|-updated_at|full_name|-score|relevance)$")]
    sort: Option<String>,
    /// `total`: also say how many there are, up to 10,000.
    #[param(pattern = "^total$")]
    include: Option<String>,
}

/// Which leads are meant. Filters of different kinds have all to be true; of a kind that is given several times, one.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "only its description is used; a parameter may be given several times, which serde refuses"
)]
pub(super) struct LeadFilterQuery {
    /// Only those that stand there.
    #[param(inline, value_type = Vec<LeadStatus>, required = false)]
    status: Vec<String>,
    /// Only those that came so.
    #[param(inline, value_type = Vec<LeadSource>, required = false)]
    source: Vec<String>,
    /// Only those that want this.
    #[param(inline, value_type = Vec<LeadCategory>, required = false)]
    category: Vec<String>,
    /// Only those that this account looks after; `none`: that nobody looks after.
    #[param(value_type = Vec<String>, required = false)]
    owner_id: Vec<String>,
    /// Only those with this tag.
    #[param(value_type = Vec<String>, required = false)]
    tag: Vec<String>,
    /// Only those that came then or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<String>,
    /// Only those that came before then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    created_to: Option<String>,
    /// Only those that were edited then or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<String>,
    /// Only those that were edited before then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    updated_to: Option<String>,
    /// Only those with an address, or without.
    has_email: Option<bool>,
    /// Only those with a number, or without.
    has_phone: Option<bool>,
    /// Only those that work where this is part of the name, in whatever case.
    #[param(min_length = 1, max_length = 255)]
    company: Option<String>,
    /// Only those whose name, company, address or number holds each of these words, or a part of a word, in whatever
    /// case; of words of one or two characters, where a word begins. Nothing has a meaning of its own.
    #[param(min_length = 2, max_length = 100)]
    q: Option<String>,
}

/// Which messages to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "only its description is used; a parameter may be given several times, which serde refuses"
)]
pub(super) struct ContactListQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged, with the same filters.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Only those that have come so far; given several times, one of them.
    #[param(inline, value_type = Vec<ContactMessageStatus>, required = false)]
    status: Vec<String>,
}

/// In which form, and what of it. The filters of the list besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct LeadExportQuery {
    /// `csv` (the default) or `jsonl`.
    #[param(pattern = "^(csv|jsonl)$")]
    format: Option<String>,
    /// Which columns, in which order, with commas between them; all if it is left out.
    #[param(max_length = 500, example = "full_name,email,status")]
    columns: Option<String>,
}

/// Which leads to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LeadStatsQuery {
    /// Those that came on this day or later, in UTC; 29 days before `to`, if you do not say so.
    #[param(format = Date, example = "2026-01-01")]
    pub(super) from: Option<String>,
    /// Those that came on this day or earlier, in UTC; today, if you do not say so. At most 366 days.
    #[param(format = Date, example = "2026-01-31")]
    pub(super) to: Option<String>,
}
