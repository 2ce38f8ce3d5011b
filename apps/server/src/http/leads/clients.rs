//! Clients, and how leads become some.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, patch, post, web};
use ashlar_kernel::StoredAnswer;
use ashlar_leads::{ClientForm, ContractForm, ConvertLead, Converted, client::Client as DomainClient};

use super::{
    at_version,
    client_dto::{Client, ClientPage, ClientRequest, ConvertLeadRequest, ConvertedLead, UpdateClientRequest},
    id_of, placed,
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    etag,
    idempotency::{Begun, answer, begin},
    problem::Problem,
    query::{PageQuery, Query},
};

/// Make a client of a lead
///
/// The lead is won by that, if it was not before. Of many who do it at once one does; whoever does it again is told the
/// client that is there. What `client` leaves out is taken from the lead.
#[utoipa::path(
    operation_id = "convertLead",
    tag = "leads",
    path = "/api/v1/leads/{id}/convert",
    params(("id" = Uuid, Path, description = "The lead.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    request_body(content = ConvertLeadRequest, description = "The client, and perhaps a contract.", example = json!({
        "client": { "legal_name": "Analytical Engines Ltd" },
        "contract": { "title": "Web site, phase one", "value": { "amount": 1_250_000, "currency": "EUR" } }
    })),
    responses(
        (status = 200, description = "The client that the lead was already.", body = ConvertedLead,
            headers(("Location" = String, description = "Where the client is found."))),
        (status = 201, description = "The client.", body = ConvertedLead,
            headers(("Location" = String, description = "Where the client is found."))),
    ),
    extensions(
        ("x-permission" = json!("leads.client.update")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["not_found", "illegal_transition"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/leads/{id}/convert")]
pub(super) async fn convert(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<ConvertLeadRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let ConvertLeadRequest { client, contract } = body.0;
    let (client, contract) = (ClientForm::from(client), contract.map(ContractForm::from));
    let command = ConvertLead { client, contract, once: ticket.once(converted) };
    let outcome = state.leads.convert(context, id_of(&id), command).await;
    ticket.end(context, outcome.map(|outcome| converted(&outcome)).map_err(Problem::from)).await
}

fn converted(outcome: &Converted) -> StoredAnswer {
    let status = if outcome.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = ("location".to_owned(), format!("/api/v1/clients/{}", outcome.client.id()));
    StoredAnswer { headers: vec![location], ..answer(status, &ConvertedLead::from(outcome)) }
}

/// Enter a client
///
/// One that was no lead; leads become clients by being converted.
#[utoipa::path(
    operation_id = "createClient",
    tag = "leads",
    path = "/api/v1/clients",
    request_body(content = ClientRequest, description = "The client.", example = json!({
        "company_name": "Analytical Engines", "billing_email": "billing@engines.example"
    })),
    responses((status = 201, description = "The client.", body = Client,
        headers(("Location" = String, description = "Where the client is found."),
            ("ETag" = String, description = "The version.")))),
    extensions(
        ("x-permission" = json!("leads.client.update")),
        ("x-idempotent" = json!(true)),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/clients")]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<ClientRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let outcome = state.leads.create_client(context, body.0.into(), ticket.once(created)).await;
    ticket.end(context, outcome.map(|client| created(&client)).map_err(Problem::from)).await
}

fn created(client: &DomainClient) -> StoredAnswer {
    let path = format!("/api/v1/clients/{}", client.id());
    placed(answer(StatusCode::CREATED, &Client::from(client)), path, client.version())
}

/// List clients
///
/// Newest first.
#[utoipa::path(
    operation_id = "listClients",
    tag = "leads",
    path = "/api/v1/clients",
    params(PageQuery),
    responses((status = 200, description = "A page of clients.", body = ClientPage)),
    extensions(
        ("x-permission" = json!("leads.client.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/clients")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.leads.clients(&caller.context, (query.limit()?, query.cursor())).await?;
    Ok(HttpResponse::Ok().json(ClientPage::from(page)))
}

/// Read a client
///
/// The `ETag` is the version: send it as `If-None-Match` to be told that nothing was edited, or as `If-Match` with a change.
#[utoipa::path(
    operation_id = "getClient",
    tag = "leads",
    path = "/api/v1/clients/{id}",
    params(
        ("id" = Uuid, Path, description = "The client.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a90"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` you have, such as `\"1\"`."),
    ),
    responses(
        (status = 200, description = "The client.", body = Client, headers(("ETag" = String, description = "The version."))),
        (status = 304, description = "You have this version."),
    ),
    extensions(("x-permission" = json!("leads.client.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/clients/{id}")]
pub(super) async fn read(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let client = state.leads.client(&caller.context, id_of(&id)).await?;
    if etag::is_known(&request, client.version()) {
        return Ok(HttpResponse::NotModified().insert_header(etag::tag(client.version())).finish());
    }
    Ok(shown(&client))
}

/// Edit a client
///
/// With `If-Match` the change is made only on top of the version you have read.
#[utoipa::path(
    operation_id = "updateClient",
    tag = "leads",
    path = "/api/v1/clients/{id}",
    params(
        ("id" = Uuid, Path, description = "The client.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a90"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`."),
    ),
    request_body(content = UpdateClientRequest, description = "What to change.", example = json!({
        "tax_id": "GB123456789"
    })),
    responses((status = 200, description = "The client, with the change.", body = Client,
        headers(("ETag" = String, description = "The new version.")))),
    extensions(
        ("x-permission" = json!("leads.client.update")),
        ("x-problems" = json!(["not_found", "version_conflict"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[patch("/api/v1/clients/{id}")]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<UpdateClientRequest>,
) -> Result<HttpResponse, Problem> {
    let edit = (body.0.into(), etag::if_match(&request));
    Ok(shown(&state.leads.edit_client(&caller.context, id_of(&id), edit).await?))
}

fn shown(client: &DomainClient) -> HttpResponse {
    at_version(client.version(), &Client::from(client))
}
