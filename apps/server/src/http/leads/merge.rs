//! Leads that are one person.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use ashlar_kernel::{Page, StoredAnswer};
use ashlar_leads::{
    DuplicatePair, LeadId, MergeLeads, MergeLeadsInput,
    lead::{Likeness, MergeId, Merger},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dto::Lead;
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    etag,
    idempotency::{Begun, answer, begin},
    page::PageInfo,
    problem::Problem,
    query::{PageQuery, Query},
};

/// What two leads have in common that people rarely share.
#[derive(Serialize, ToSchema)]
#[schema(example = "phone")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadLikeness {
    /// The mailbox: their addresses are equal without what follows a plus sign, and without the dots that Gmail ignores.
    Email,
    /// The number.
    Phone,
    /// What they are called and where they work.
    NameAndCompany,
}

/// Two leads that may be one person.
#[derive(Serialize, ToSchema)]
struct LeadDuplicatePair {
    /// How likely they are, from 0 to 100: 60 for the mailbox, 50 for the number and 40 for name and company, together no
    /// more than 100.
    #[schema(minimum = 0, maximum = 100, example = 90)]
    score: u8,
    /// What they have in common.
    #[schema(value_type = Vec<LeadLikeness>, example = json!(["phone", "name_and_company"]))]
    reasons: Vec<&'static str>,
    /// The one that came later.
    newer: Lead,
    /// The one that came before.
    older: Lead,
}

impl From<&DuplicatePair> for LeadDuplicatePair {
    fn from(pair: &DuplicatePair) -> Self {
        let common = pair.likenesses();
        Self {
            score: Likeness::score(&common),
            reasons: common.into_iter().map(Likeness::as_str).collect(),
            newer: Lead::from(&pair.newer),
            older: Lead::from(&pair.older),
        }
    }
}

/// A page of pairs.
#[derive(Serialize, ToSchema)]
struct LeadDuplicatePage {
    /// The pairs, by their newer lead, newest first.
    data: Vec<LeadDuplicatePair>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<DuplicatePair>> for LeadDuplicatePage {
    fn from(page: Page<DuplicatePair>) -> Self {
        Self { data: page.data.iter().map(LeadDuplicatePair::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// List leads that may be one person
///
/// Pairs with the same mailbox, the same number, or the same name and company, each once, by the newer of the two, newest
/// first. A page looks at 5,000 leads at most, so it may be short, or empty, and still have a next one: go on until
/// `has_more` is false. Where very many leads have one number, each is paired with the twenty that came last before it. Spam
/// is like nothing. Needs `leads.lead.read_all` too.
#[utoipa::path(
    operation_id = "listDuplicateLeads",
    tag = "leads",
    path = "/api/v1/leads/duplicates",
    params(PageQuery),
    responses((status = 200, description = "A page of pairs.", body = LeadDuplicatePage)),
    extensions(
        ("x-permission" = json!("leads.lead.merge")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/duplicates")]
pub(super) async fn duplicates(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.leads.duplicates(&caller.context, (query.limit()?, query.cursor())).await?;
    Ok(HttpResponse::Ok().json(LeadDuplicatePage::from(page)))
}

/// From which of the leads a field is taken, each by the lead's id. What is not said is taken from the one that stays, and
/// what that one does not know from the others in their order. There is none for the consent: a refusal counts more than an
/// agreement, and of several the latest.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct LeadPreferencesInput {
    /// What they are called.
    #[schema(value_type = Option<Uuid>)]
    full_name: Option<String>,
    /// What they are where they work.
    #[schema(value_type = Option<Uuid>)]
    position: Option<String>,
    /// Where they work.
    #[schema(value_type = Option<Uuid>)]
    company_name: Option<String>,
    /// How they are called.
    #[schema(value_type = Option<Uuid>)]
    phone_number: Option<String>,
    /// Where mail goes.
    #[schema(value_type = Option<Uuid>)]
    email: Option<String>,
    /// How they came.
    #[schema(value_type = Option<Uuid>)]
    source: Option<String>,
    /// What they want.
    #[schema(value_type = Option<Uuid>)]
    category: Option<String>,
    /// What somebody wrote down. The notes of the others stand in what was done about the one that stays.
    #[schema(value_type = Option<Uuid>)]
    notes: Option<String>,
    /// Who looks after them.
    #[schema(value_type = Option<Uuid>)]
    owner_id: Option<String>,
    /// Whose tags come first, should they be more than 20 together.
    #[schema(value_type = Option<Uuid>)]
    tags: Option<String>,
    /// Whose members of one's own come first, should two have the same.
    #[schema(value_type = Option<Uuid>)]
    custom: Option<String>,
    /// By which campaign they came.
    #[schema(value_type = Option<Uuid>)]
    utm: Option<String>,
}

impl LeadPreferencesInput {
    fn said(self) -> impl Iterator<Item = (String, String)> {
        let each = [
            ("full_name", self.full_name),
            ("position", self.position),
            ("company_name", self.company_name),
            ("phone_number", self.phone_number),
            ("email", self.email),
            ("source", self.source),
            ("category", self.category),
            ("notes", self.notes),
            ("owner_id", self.owner_id),
            ("tags", self.tags),
            ("custom", self.custom),
            ("utm", self.utm),
        ];
        each.into_iter().filter_map(|(field, lead)| Some((field.to_owned(), lead?)))
    }
}

/// Which leads become one.
#[derive(Deserialize, ToSchema)]
pub(super) struct MergeLeadsRequest {
    /// The one that stays.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    primary_id: String,
    /// The others, each once. Their order says from whom something is taken first.
    #[schema(value_type = Vec<Uuid>, min_items = 1, max_items = 9, example = json!(["0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c"]))]
    duplicate_ids: Vec<String>,
    /// From which of them which field is taken.
    #[serde(default)]
    prefer: LeadPreferencesInput,
}

impl From<MergeLeadsRequest> for MergeLeadsInput {
    fn from(body: MergeLeadsRequest) -> Self {
        let MergeLeadsRequest { primary_id, duplicate_ids, prefer } = body;
        Self { primary_id, duplicate_ids, prefer: prefer.said().collect() }
    }
}

/// What several leads became.
#[derive(Serialize, ToSchema)]
struct LeadMerger {
    /// Which merger it was.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8f")]
    id: MergeId,
    /// The one that stays.
    lead: Lead,
    /// The others, which are not found any more.
    #[schema(value_type = Vec<Uuid>, example = json!(["0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c"]))]
    merged_ids: Vec<LeadId>,
}

fn merged(merger: &Merger) -> StoredAnswer {
    let lead = &merger.merged.primary;
    let headers = [("etag".to_owned(), format!("\"{}\"", lead.version()))].into();
    let body = LeadMerger { id: merger.id, lead: Lead::from(lead), merged_ids: merger.away() };
    StoredAnswer { headers, ..answer(StatusCode::OK, &body) }
}

/// Make one lead of several
///
/// What was done about the others, how they were moved, what they wrote and the client that one of them is are those of the
/// one that stays from now on; tags and members of one's own are united, and the score is computed again. The others are put
/// away: who asks for one of them is told 404, and the event `leads.lead.merged` says where it went. With `If-Match` it is
/// done only on top of the version of the one that stays that you have read. Needs `leads.lead.read_all` too.
#[utoipa::path(
    operation_id = "mergeLeads",
    tag = "leads",
    path = "/api/v1/leads/merge",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of the one that stays, such as `\"1\"`.")),
    request_body(content = MergeLeadsRequest, description = "Which leads.", example = json!({
        "primary_id": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b",
        "duplicate_ids": ["0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c"],
        "prefer": { "phone_number": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c" }
    })),
    responses((status = 200, description = "What they became.", body = LeadMerger,
        headers(("ETag" = String, description = "The new version of the lead.")))),
    extensions(
        ("x-permission" = json!("leads.lead.merge")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["not_found", "version_conflict", "two_clients", "duplicate_lead", "person_required"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/leads/merge")]
pub(super) async fn merge(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<MergeLeadsRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let command = match MergeLeads::try_from(MergeLeadsInput::from(body.0)) {
        Ok(command) => command.only_at(etag::if_match(&request)).once(ticket.once(merged)),
        Err(invalid) => return ticket.end(context, Err(invalid.into())).await,
    };
    let outcome = state.leads.merge(context, command).await;
    ticket.end(context, outcome.map(|merger| merged(&merger)).map_err(Problem::from)).await
}
