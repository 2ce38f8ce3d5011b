//! Many leads at once, and numbers of leads.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use ashlar_kernel::{Classified as _, FieldErrors, StoredAnswer};
use ashlar_leads::{Batch, BatchItem, CreateLeads, LeadError, LeadForm, LeadId, OnDuplicate, Period, Tally, TallyKind};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    dto::{LeadCategory, LeadSource, LeadStatus},
    form::CreateLeadRequest,
    query::LeadStatsQuery,
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    idempotency::{Begun, answer, begin},
    problem::{FieldProblem, Problem},
    query::{Query, invalid},
};

/// Leads to enter.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateLeadsRequest {
    /// The leads.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<CreateLeadRequest>,
    /// What to do with those whose address another lead has: `return` answers with that one, `merge_blank` adds to it what
    /// it lacks. Without it they are refused.
    #[schema(pattern = "^(return|merge_blank)$", example = "return")]
    on_duplicate: Option<String>,
    /// Whether to enter all of them or none.
    #[serde(default)]
    #[schema(required = false, example = false)]
    atomic: bool,
}

/// What became of one lead.
#[derive(Serialize, ToSchema)]
#[schema(example = "created")]
#[serde(rename_all = "snake_case")]
enum LeadBatchStatus {
    /// It was entered.
    Created,
    /// There was one, which is answered instead, or has what it lacked.
    Existing,
    /// It was refused; see `error`.
    Refused,
    /// With `atomic`: it would have been entered, but for the others.
    LeftOut,
}

/// Why a lead was refused.
#[derive(Serialize, ToSchema)]
struct LeadBatchError {
    /// Which problem, as in a problem document.
    #[schema(example = "duplicate_lead")]
    code: &'static str,
    /// The fields that are refused, with pointers into the item.
    errors: Vec<FieldProblem>,
    /// Of `duplicate_lead`: the lead that has the address, if you may see it.
    #[schema(required, value_type = Option<Uuid>, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    existing_id: Option<LeadId>,
}

/// What became of one lead.
#[derive(Serialize, ToSchema)]
struct LeadBatchResult {
    /// Which item it was, from 0.
    #[schema(minimum = 0, example = 0)]
    index: usize,
    /// What became of it.
    status: LeadBatchStatus,
    /// The lead, if there is one.
    #[schema(required, value_type = Option<Uuid>, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Option<LeadId>,
    /// Why it was refused, if it was.
    #[schema(required, example = json!(null))]
    error: Option<LeadBatchError>,
}

/// What became of each lead.
#[derive(Serialize, ToSchema)]
struct LeadBatch {
    /// One for each item, in their order.
    results: Vec<LeadBatchResult>,
}

impl From<&LeadError> for LeadBatchError {
    fn from(error: &LeadError) -> Self {
        let existing_id = match error {
            LeadError::Duplicate { existing } => *existing,
            _ => None,
        };
        let errors = error.fields().iter().map(FieldProblem::from).collect();
        Self { code: error.code().code, errors, existing_id }
    }
}

fn shown(batch: &Batch) -> StoredAnswer {
    let result = |(index, item): (usize, &BatchItem)| {
        let (status, id, error) = match item {
            BatchItem::Created(id) => (LeadBatchStatus::Created, Some(*id), None),
            BatchItem::Existing(id) => (LeadBatchStatus::Existing, Some(*id), None),
            BatchItem::Refused(error) => (LeadBatchStatus::Refused, None, Some(LeadBatchError::from(error))),
            BatchItem::LeftOut => (LeadBatchStatus::LeftOut, None, None),
        };
        LeadBatchResult { index, status, id, error }
    };
    answer(StatusCode::OK, &LeadBatch { results: batch.0.iter().enumerate().map(result).collect() })
}

/// Enter many leads
///
/// Up to 500, each for itself: the answer says of each what became of it. With `atomic` all are entered or none. Of several
/// with one address the first is entered.
#[utoipa::path(
    operation_id = "createLeads",
    tag = "leads",
    path = "/api/v1/leads/batch",
    request_body(content = CreateLeadsRequest, description = "The leads.", example = json!({
        "items": [{ "full_name": "Ada Lovelace", "email": "ada@engines.example" }], "on_duplicate": "return"
    })),
    responses((status = 200, description = "What became of each.", body = LeadBatch)),
    extensions(
        ("x-permission" = json!("leads.lead.create")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!([])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads/batch")]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<CreateLeadsRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let mut errors = FieldErrors::default();
    let on_duplicate =
        errors.check_optional("/on_duplicate", body.on_duplicate.as_deref().map(str::parse::<OnDuplicate>));
    errors.finish()?;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let CreateLeadsRequest { items, atomic: is_atomic, .. } = body.0;
    let items = items.into_iter().map(LeadForm::from).collect();
    let on_duplicate = on_duplicate.unwrap_or_default();
    let command = CreateLeads { items, on_duplicate, is_atomic, once: ticket.once(shown) };
    let outcome = state.leads.create_many(context, command).await;
    ticket.end(context, outcome.map(|batch| shown(&batch)).map_err(Problem::from)).await
}

/// How many leads stand there.
#[derive(Serialize, ToSchema)]
struct LeadsByStatus {
    /// Where.
    #[schema(value_type = LeadStatus)]
    status: String,
    /// How many.
    #[schema(minimum = 1, example = 12)]
    leads: u64,
}

/// How many leads came so.
#[derive(Serialize, ToSchema)]
struct LeadsBySource {
    /// How.
    #[schema(value_type = LeadSource)]
    source: String,
    /// How many.
    #[schema(minimum = 1, example = 12)]
    leads: u64,
}

/// How many leads want this.
#[derive(Serialize, ToSchema)]
struct LeadsByCategory {
    /// What; null if that is not known.
    #[schema(required, value_type = Option<LeadCategory>)]
    category: Option<String>,
    /// How many.
    #[schema(minimum = 1, example = 12)]
    leads: u64,
}

/// How many leads came on a day.
#[derive(Serialize, ToSchema)]
struct LeadsByDay {
    /// The day, in UTC.
    #[schema(format = Date, example = "2026-01-31")]
    day: String,
    /// How many.
    #[schema(minimum = 1, example = 12)]
    leads: u64,
}

/// How many leads there are. What there is none of is left out.
#[derive(Serialize, ToSchema)]
struct LeadStats {
    /// All of them.
    #[schema(minimum = 0, example = 12)]
    total: u64,
    /// By where they stand now.
    by_status: Vec<LeadsByStatus>,
    /// By how they came.
    by_source: Vec<LeadsBySource>,
    /// By what they want.
    by_category: Vec<LeadsByCategory>,
    /// By when they came, earliest first.
    by_day: Vec<LeadsByDay>,
}

impl LeadStats {
    fn of(tallies: Vec<Tally>) -> Self {
        let mut found = Self {
            total: 0,
            by_status: Vec::new(),
            by_source: Vec::new(),
            by_category: Vec::new(),
            by_day: Vec::new(),
        };
        for Tally { kind, value, leads } in tallies {
            match kind {
                TallyKind::Status => {
                    found.total += leads;
                    found.by_status.push(LeadsByStatus { status: value, leads });
                }
                TallyKind::Source => found.by_source.push(LeadsBySource { source: value, leads }),
                TallyKind::Category => {
                    let category = Some(value).filter(|value| !value.is_empty());
                    found.by_category.push(LeadsByCategory { category, leads });
                }
                TallyKind::Day => found.by_day.push(LeadsByDay { day: value, leads }),
            }
        }
        found.by_status.sort_by(|one, other| one.status.cmp(&other.status));
        found.by_source.sort_by(|one, other| one.source.cmp(&other.source));
        found.by_category.sort_by(|one, other| one.category.cmp(&other.category));
        found.by_day.sort_by(|one, other| one.day.cmp(&other.day));
        found
    }
}

/// Count leads
///
/// Those of everybody that were not put away and came within a period: thirty days up to today, unless you say so. The
/// numbers are kept up with every change, and cost the same however many leads there are.
#[utoipa::path(
    operation_id = "getLeadStats",
    tag = "leads",
    path = "/api/v1/leads/stats",
    params(LeadStatsQuery),
    responses((status = 200, description = "The numbers.", body = LeadStats)),
    extensions(
        ("x-permission" = json!("leads.lead.read_all")),
        ("x-problems" = json!(["invalid_parameter"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/stats")]
pub(super) async fn stats(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<LeadStatsQuery>,
) -> Result<HttpResponse, Problem> {
    let today = caller.context.now.date_naive();
    let (from, to) = (day("from", query.from.as_deref())?, day("to", query.to.as_deref())?);
    let period = Period::parse(from, to, today).map_err(|fault| invalid("from", &fault.to_string()))?;
    let tallies = state.leads.stats(&caller.context, period).await?;
    Ok(HttpResponse::Ok().json(LeadStats::of(tallies)))
}

fn day(name: &str, text: Option<&str>) -> Result<Option<NaiveDate>, Problem> {
    text.map(|text| text.parse().map_err(|_syntax| invalid(name, "not a day such as 2026-01-31"))).transpose()
}
