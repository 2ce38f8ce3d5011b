//! Lists of leads.

use std::{fmt::Display, str::FromStr};

use actix_web::{HttpRequest, HttpResponse, get, web};
use ashlar_kernel::{InvalidLimit, Limit, canonical};
use ashlar_leads::{LeadSearch, LeadSort, ListLeads, lead::parse_tag};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    dto::Lead,
    query::{LeadFilterQuery, LeadListQuery},
};
use crate::http::{
    AppState,
    caller::Caller,
    page::CountedPageInfo,
    problem::Problem,
    query::{invalid, moment, refused},
};

/// A page of leads.
#[derive(Serialize, ToSchema)]
struct LeadPage {
    /// The leads.
    data: Vec<Lead>,
    /// Where the next page begins.
    page: CountedPageInfo,
}

/// List leads
///
/// Those who may not see everybody's leads see their own, and those that are nobody's. Page 10,000 costs what page 1
/// costs.
#[utoipa::path(
    operation_id = "listLeads",
    tag = "leads",
    path = "/api/v1/leads",
    params(LeadFilterQuery, LeadListQuery),
    responses((status = 200, description = "A page of leads.", body = LeadPage)),
    extensions(
        ("x-permission" = json!("leads.lead.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads")]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let found = state.leads.list(&caller.context, parse(request.query_string())?).await?;
    let page = CountedPageInfo::of(&found.page, found.total);
    Ok(HttpResponse::Ok().json(LeadPage { data: found.page.data.iter().map(Lead::from).collect(), page }))
}

/// How many values of one kind a filter has at most.
const MOST: usize = 20;

/// What is asked, in the words of the query.
pub(super) fn parse(query: &str) -> Result<ListLeads, Problem> {
    let mut command = ListLeads::default();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let filter = &mut command.filter;
        match &*name {
            "status" => push(&mut filter.status, &name, &value, str::parse)?,
            "source" => push(&mut filter.source, &name, &value, str::parse)?,
            "category" => push(&mut filter.category, &name, &value, str::parse)?,
            "owner_id" => push(&mut filter.owner, &name, &value, parse_owner)?,
            "tag" => push(&mut filter.tag, &name, &value, |text| parse_tag(text).map(str::to_owned))?,
            _ if seen.iter().any(|known| *known == *name) => {
                return Err(refused(&name, "duplicate", "this parameter is given twice"));
            }
            _ => {
                set(&mut command, &name, &value)?;
                seen.push(name.into_owned());
            }
        }
    }
    if command.sort == LeadSort::Relevance && command.filter.search.is_none() {
        return Err(invalid("sort", "`relevance` needs `q`"));
    }
    Ok(command)
}

fn push<T, E: Display>(
    values: &mut Vec<T>,
    name: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<(), Problem> {
    if values.len() >= MOST {
        return Err(refused(name, "too_many", "a filter has at most 20 values of one kind"));
    }
    values.push(parse(text).map_err(|fault| invalid(name, &fault.to_string()))?);
    Ok(())
}

fn parse_owner(text: &str) -> Result<Option<Uuid>, &'static str> {
    if text == "none" { Ok(None) } else { Uuid::from_str(text).map(Some).map_err(|_syntax| "a UUID, or none") }
}

fn set(command: &mut ListLeads, name: &str, text: &str) -> Result<(), Problem> {
    let filter = &mut command.filter;
    match name {
        "limit" => command.limit = parse_limit(text)?,
        "cursor" => command.cursor = Some(text.to_owned()),
        "created_from" => filter.created_from = moment(name, Some(text))?,
        "created_to" => filter.created_to = moment(name, Some(text))?,
        "updated_from" => filter.updated_from = moment(name, Some(text))?,
        "updated_to" => filter.updated_to = moment(name, Some(text))?,
        "has_email" => filter.has_email = Some(parse_bool(name, text)?),
        "has_phone" => filter.has_phone = Some(parse_bool(name, text)?),
        "company" => filter.company = Some(parse_company(text)?),
        "q" => filter.search = Some(LeadSearch::parse(text).map_err(|fault| invalid("q", &fault.to_string()))?),
        "sort" => command.sort = parse_sort(text)?,
        "include" if text == "total" => command.with_total = true,
        "include" => return Err(invalid("include", "only `total` can be included")),
        _ => return Err(refused(name, "unknown_parameter", "this operation knows no such parameter")),
    }
    Ok(())
}

fn parse_limit(text: &str) -> Result<Limit, Problem> {
    let entries: i64 = text.parse().map_err(|_not_a_number| invalid("limit", "this parameter has another type"))?;
    Limit::parse(entries).map_err(|fault: InvalidLimit| refused("limit", "out_of_range", fault.to_string()))
}

fn parse_bool(name: &str, text: &str) -> Result<bool, Problem> {
    text.parse().map_err(|_neither| invalid(name, "true or false"))
}

fn parse_company(text: &str) -> Result<String, Problem> {
    let fits = (1..=255).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(canonical::fold(text.trim())) } else { Err(invalid("company", "1 to 255 characters")) }
}

fn parse_sort(text: &str) -> Result<LeadSort, Problem> {
    Ok(match text {
        "-created_at" => LeadSort::NewestFirst,
        "created_at" => LeadSort::OldestFirst,
        "-updated_at" => LeadSort::LatestEdit,
        "full_name" => LeadSort::Name,
        "-score" => LeadSort::Score,
        "relevance" => LeadSort::Relevance,
        _ => {
            return Err(invalid(
                "sort",
                "one of -created_at, created_at, -updated_at, full_name, -score and relevance",
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use ashlar_leads::{LeadFilter, LeadStatus, Source};

    use super::*;

    #[test]
    fn parameters_that_are_given_several_times_are_alternatives() {
        let command =
            parse("status=new&status=lost&source=api&owner_id=none&tag=a-b&sort=-score&include=total").unwrap();
        let expected = LeadFilter {
            status: vec![LeadStatus::New, LeadStatus::Lost],
            source: vec![Source::Api],
            owner: vec![None],
            tag: vec!["a-b".to_owned()],
            ..LeadFilter::default()
        };
        assert_eq!((command.filter, command.sort, command.with_total), (expected, LeadSort::Score, true));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for bad in [
            "status=heaven",
            "limit=0",
            "limit=x",
            "limit=1&limit=2",
            "sort=name",
            "sort=relevance",
            "q=a",
            "colour=red",
            "owner_id=me",
            "has_email=maybe",
            "created_from=yesterday",
            "include=all",
            "tag=A",
        ] {
            assert_eq!(parse(bad).unwrap_err().code(), "invalid_parameter", "{bad}");
        }
        assert!(parse("sort=relevance&q=ada").is_ok());
        assert!(parse(&"status=new&".repeat(21)).is_err());
    }
}
