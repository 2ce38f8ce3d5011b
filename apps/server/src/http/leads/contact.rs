//! Messages of a page for contact.

use actix_web::{HttpRequest, HttpResponse, delete, get, http::header, patch, post, web};
use ashlar_kernel::{FieldErrors, Page};
use ashlar_leads::{ContactForm, ContactId, ContactMessage as Message, ContactStatus, LeadId, SendContact, Trap};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{
    at_version,
    dto::Lead,
    id_of,
    lead::created,
    public::{FormReceived, thanks},
    query::ContactListQuery,
};
use crate::http::{
    AppState,
    body::{Body, Digest},
    caller::{Caller, Guest},
    etag,
    idempotency::{Begun, begin},
    limited::count,
    page::{PageInfo, moment},
    problem::Problem,
    query::{PageQuery, Query, invalid, refused},
};

/// A message.
#[derive(Deserialize, ToSchema)]
pub(super) struct SendContactRequest {
    /// What you are called.
    #[schema(min_length = 2, max_length = 255, example = "Ada Lovelace")]
    name: String,
    /// Where an answer goes.
    #[schema(format = "idn-email", max_length = 254, example = "ada@engines.example")]
    email: String,
    /// How you are called.
    #[schema(max_length = 32, example = "+44 20 7946 0958")]
    phone: Option<String>,
    /// What it is about.
    #[schema(min_length = 2, max_length = 200, example = "A quote")]
    subject: String,
    /// What you have to say.
    #[schema(min_length = 10, max_length = 5000, example = "What would an engine cost?")]
    message: String,
    /// Has to stay empty: hide it from people, and programs that fill in everything give themselves away.
    #[schema(max_length = 0, example = "")]
    website_url: Option<String>,
}

impl From<SendContactRequest> for SendContact {
    fn from(body: SendContactRequest) -> Self {
        let SendContactRequest { name, email, phone, subject, message, website_url } = body;
        let form = ContactForm { name, email, phone, subject, message };
        Self { form, honeypot: website_url, referrer: None, once: None }
    }
}

/// Write a message
///
/// For everybody, in the tenant that `X-Tenant` names. With a key that has the scope `leads:create` it is for the tenant of the
/// key, and a publishable key is good for its origins only. The answer is the same, whatever becomes of it. One address may send ten in an hour, unless configured
/// otherwise.
#[utoipa::path(
    operation_id = "sendContactMessage",
    tag = "leads",
    path = "/api/v1/contacts",
    request_body(content = SendContactRequest, description = "The message.", example = json!({
        "name": "Ada Lovelace", "email": "ada@engines.example", "subject": "A quote",
        "message": "What would an engine cost?"
    })),
    responses((status = 202, description = "Thank you.", body = FormReceived)),
    extensions(("x-permission" = json!(null)), ("x-idempotent" = json!(true)), ("x-problems" = json!([
        "ambiguous_credentials", "api_key_invalid", "ip_not_allowed", "origin_not_allowed",
            "token_invalid", "token_expired", "session_revoked", "tenant_mismatch", "tenant_suspended",
            "insufficient_scope"
    ]))),
    security((), ("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/contacts")]
pub(super) async fn send(
    Guest { context }: Guest,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<SendContactRequest>,
) -> Result<HttpResponse, Problem> {
    count(&request, &state, state.limits.form("contact", context.client_ip), context.now).await?;
    let ticket = match begin(&request, &state, &context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let referrer = request.headers().get(header::REFERER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let once = ticket.once(|_: &Option<Trap>| thanks());
    let command = SendContact { referrer, once, ..body.0.into() };
    let outcome = state.leads.receive_contact(&context, command).await;
    if let Ok(Some(trap)) = outcome {
        state.metrics.form_trapped(trap.as_str());
    }
    ticket.end(&context, outcome.map(|_| thanks()).map_err(Problem::from)).await
}

/// How far a message has come.
#[derive(Serialize, ToSchema)]
#[schema(example = "new")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum ContactMessageStatus {
    /// Nobody has looked.
    New,
    /// Somebody has.
    Read,
    /// It was answered.
    Replied,
    /// There is nothing left to do.
    Closed,
    /// It was no message.
    Spam,
}

/// A message that somebody wrote.
#[derive(Serialize, ToSchema)]
struct ContactMessage {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8e")]
    id: ContactId,
    /// What its sender is called.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// Where an answer goes.
    #[schema(format = "idn-email", example = "ada@engines.example")]
    email: String,
    /// How its sender is called.
    #[schema(required, example = "+44 20 7946 0958")]
    phone: Option<String>,
    /// What it is about. As it was given: escape it where you show it.
    #[schema(example = "A quote")]
    subject: String,
    /// What it says. As it was given: escape it where you show it.
    #[schema(example = "What would an engine cost?")]
    message: String,
    /// How far it has come.
    #[schema(value_type = ContactMessageStatus)]
    status: &'static str,
    /// The lead that its sender is, if one was made or found.
    #[schema(required, value_type = Option<Uuid>, example = json!(null))]
    lead_id: Option<LeadId>,
    /// From which address it came.
    #[schema(required, example = "203.0.113.7")]
    ip: Option<String>,
    /// With what it was sent.
    #[schema(required, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// The page before, as the browser told it.
    #[schema(required, example = "https://www.example.org/contact")]
    referrer: Option<String>,
    /// When it came.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When something was last done with it.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
}

impl From<&Message> for ContactMessage {
    fn from(message: &Message) -> Self {
        let (letter, origin) = (message.letter(), message.origin());
        Self {
            id: message.id(),
            name: letter.name.as_str().to_owned(),
            email: letter.email.address().to_owned(),
            phone: letter.phone.as_ref().map(|phone| phone.given().to_owned()),
            subject: letter.subject.as_str().to_owned(),
            message: letter.message.as_str().to_owned(),
            status: message.status().as_str(),
            lead_id: message.lead(),
            ip: origin.ip.map(|ip| ip.to_string()),
            user_agent: origin.user_agent.clone(),
            referrer: origin.referrer.clone(),
            created_at: moment(message.created_at()),
            updated_at: moment(message.updated_at()),
        }
    }
}

fn shown(message: &Message) -> HttpResponse {
    at_version(message.version(), &ContactMessage::from(message))
}

/// A page of messages.
#[derive(Serialize, ToSchema)]
struct ContactMessagePage {
    /// The messages, newest first.
    data: Vec<ContactMessage>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<Message>> for ContactMessagePage {
    fn from(page: Page<Message>) -> Self {
        Self { data: page.data.iter().map(ContactMessage::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// List messages
///
/// Newest first. Page 10,000 costs what page 1 costs.
#[utoipa::path(
    operation_id = "listContactMessages",
    tag = "leads",
    path = "/api/v1/contacts",
    params(ContactListQuery),
    responses((status = 200, description = "A page of messages.", body = ContactMessagePage)),
    extensions(
        ("x-permission" = json!("leads.contact.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/contacts")]
pub(super) async fn list(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (status, rest) = statuses(request.query_string())?;
    let query = Query::<PageQuery>::of(&rest)?;
    let page = state.leads.contacts(&caller.context, status, (query.limit()?, query.cursor())).await?;
    Ok(HttpResponse::Ok().json(ContactMessagePage::from(page)))
}

/// The statuses in a query, and what else there is.
fn statuses(query: &str) -> Result<(Vec<ContactStatus>, String), Problem> {
    let (mut found, mut rest) = (Vec::new(), form_urlencoded::Serializer::new(String::new()));
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "status" {
            rest.append_pair(&name, &value);
        } else if found.len() >= ContactStatus::ALL.len() {
            return Err(refused("status", "too_many", "there are not so many"));
        } else {
            let status = value.parse::<ContactStatus>().map_err(|fault| invalid("status", &fault.to_string()))?;
            found.push(status);
        }
    }
    Ok((found, rest.finish()))
}

/// Read a message
///
/// The `ETag` is the version: send it as `If-Match` with a change.
#[utoipa::path(
    operation_id = "getContactMessage",
    tag = "leads",
    path = "/api/v1/contacts/{id}",
    params(("id" = Uuid, Path, description = "The message.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8e")),
    responses((status = 200, description = "The message.", body = ContactMessage,
        headers(("ETag" = String, description = "The version.")))),
    extensions(("x-permission" = json!("leads.contact.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/contacts/{id}")]
pub(super) async fn read(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(&state.leads.contact(&caller.context, id_of(&id)).await?))
}

/// How far a message has come.
#[derive(Deserialize, ToSchema)]
pub(super) struct UpdateContactRequest {
    /// How far.
    #[schema(value_type = ContactMessageStatus, example = "replied")]
    status: String,
}

/// Say how far a message has come
///
/// From anywhere to anywhere.
#[utoipa::path(
    operation_id = "updateContactMessage",
    tag = "leads",
    path = "/api/v1/contacts/{id}",
    params(
        ("id" = Uuid, Path, description = "The message.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8e"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`."),
    ),
    request_body(content = UpdateContactRequest, description = "How far.", example = json!({ "status": "replied" })),
    responses((status = 200, description = "The message, with the change.", body = ContactMessage,
        headers(("ETag" = String, description = "The new version.")))),
    extensions(
        ("x-permission" = json!("leads.contact.update")),
        ("x-problems" = json!(["not_found", "version_conflict"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[patch("/api/v1/contacts/{id}")]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<UpdateContactRequest>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    let status = errors.check("/status", body.status.parse::<ContactStatus>());
    let Some(status) = status else { return Err(errors.into_invalid().into()) };
    let if_version = etag::if_match(&request);
    let how = (status, if_version.as_deref());
    Ok(shown(&state.leads.mark_contact(&caller.context, id_of(&id), how).await?))
}

/// Erase a message
///
/// It does not come back. Takes a sign-in within the last ten minutes. What a lead wrote goes with the lead too, when that is
/// erased.
#[utoipa::path(
    operation_id = "eraseContactMessage",
    tag = "leads",
    path = "/api/v1/contacts/{id}",
    params(
        ("id" = Uuid, Path, description = "The message.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8e"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`."),
    ),
    responses((status = 204, description = "The message is gone.")),
    extensions(
        ("x-permission" = json!("leads.lead.purge")),
        ("x-problems" = json!(["not_found", "version_conflict", "reauthentication_required", "person_required"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/contacts/{id}")]
pub(super) async fn erase(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let if_version = etag::if_match(&request);
    state.leads.erase_contact(&caller.context, id_of(&id), if_version.as_deref()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Make a lead of the sender of a message
///
/// If a lead has the address already, what was written is noted on it, and the answer is that lead (200). However often you
/// ask, one lead comes of it. Needs `leads.lead.create` too.
#[utoipa::path(
    operation_id = "makeLeadOfContact",
    tag = "leads",
    path = "/api/v1/contacts/{id}/to-lead",
    params(("id" = Uuid, Path, description = "The message.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8e")),
    responses(
        (status = 200, description = "The lead that there was.", body = Lead,
            headers(("Location" = String, description = "Where the lead is found."),
                ("ETag" = String, description = "The version."))),
        (status = 201, description = "The lead.", body = Lead,
            headers(("Location" = String, description = "Where the lead is found."),
                ("ETag" = String, description = "The version."))),
    ),
    extensions(
        ("x-permission" = json!("leads.contact.update")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["not_found", "duplicate_lead"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/contacts/{id}/to-lead")]
pub(super) async fn to_lead(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let ticket = match begin(&request, &state, context, &Digest([0; 32])).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let outcome = state.leads.contact_to_lead(context, id_of(&id), ticket.once(created)).await;
    ticket.end(context, outcome.map(|outcome| created(&outcome)).map_err(Problem::from)).await
}
