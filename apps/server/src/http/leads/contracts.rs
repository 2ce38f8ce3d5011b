//! Contracts with clients.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, patch, post, web};
use ashlar_kernel::StoredAnswer;
use ashlar_leads::client::Contract as DomainContract;

use super::{
    at_version,
    client_dto::{Contract, ContractPage, CreateContractRequest, UpdateContractRequest},
    client_query::ContractListQuery,
    id_of, placed,
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    etag,
    idempotency::{Begun, answer, begin},
    problem::Problem,
    query::Query,
};

/// Draft a contract
///
/// It begins as `draft`, and goes by edits of its `status` to `sent`, `signed`, and `expired` or `terminated`.
#[utoipa::path(
    operation_id = "createContract",
    tag = "leads",
    path = "/api/v1/contracts",
    request_body(content = CreateContractRequest, description = "The contract.", example = json!({
        "client_id": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a90", "title": "Web site, phase one",
        "value": { "amount": 1_250_000, "currency": "EUR" }, "starts_on": "2026-02-01", "ends_on": "2026-12-31"
    })),
    responses((status = 201, description = "The contract.", body = Contract,
        headers(("Location" = String, description = "Where the contract is found."),
            ("ETag" = String, description = "The version.")))),
    extensions(
        ("x-permission" = json!("leads.client.update")),
        ("x-idempotent" = json!(true)),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/contracts")]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<CreateContractRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let outcome = state.leads.draft_contract(context, body.0.into(), ticket.once(created)).await;
    ticket.end(context, outcome.map(|contract| created(&contract)).map_err(Problem::from)).await
}

fn created(contract: &DomainContract) -> StoredAnswer {
    let path = format!("/api/v1/contracts/{}", contract.id());
    placed(answer(StatusCode::CREATED, &Contract::from(contract).with(&[])), path, contract.version())
}

/// List contracts
///
/// Newest first, without their files.
#[utoipa::path(
    operation_id = "listContracts",
    tag = "leads",
    path = "/api/v1/contracts",
    params(ContractListQuery),
    responses((status = 200, description = "A page of contracts.", body = ContractPage)),
    extensions(
        ("x-permission" = json!("leads.client.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/contracts")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<ContractListQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.leads.contracts(&caller.context, query.0.command()?).await?;
    Ok(HttpResponse::Ok().json(ContractPage::from(page)))
}

/// Read a contract
///
/// With its files. The `ETag` is the version: send it as `If-Match` with a change. Files have no part in it.
#[utoipa::path(
    operation_id = "getContract",
    tag = "leads",
    path = "/api/v1/contracts/{id}",
    params(("id" = Uuid, Path, description = "The contract.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a91")),
    responses((status = 200, description = "The contract.", body = Contract,
        headers(("ETag" = String, description = "The version.")))),
    extensions(("x-permission" = json!("leads.client.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/contracts/{id}")]
pub(super) async fn read(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (contract, files) = state.leads.contract(&caller.context, id_of(&id)).await?;
    Ok(at_version(contract.version(), &Contract::from(&contract).with(&files)))
}

/// Edit a contract
///
/// From `draft` to `sent`, from `sent` to `signed`, from `signed` to `expired` or `terminated`; anything else is answered
/// with 409, and `allowed` lists where it may go. From the signature on a contract says what it says.
#[utoipa::path(
    operation_id = "updateContract",
    tag = "leads",
    path = "/api/v1/contracts/{id}",
    params(
        ("id" = Uuid, Path, description = "The contract.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a91"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`."),
    ),
    request_body(content = UpdateContractRequest, description = "What to change.", example = json!({ "status": "sent" })),
    responses((status = 200, description = "The contract, with the change, without its files.", body = Contract,
        headers(("ETag" = String, description = "The new version.")))),
    extensions(
        ("x-permission" = json!("leads.client.update")),
        ("x-problems" = json!(["not_found", "version_conflict", "illegal_transition", "contract_signed"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[patch("/api/v1/contracts/{id}")]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<UpdateContractRequest>,
) -> Result<HttpResponse, Problem> {
    let edit = (body.0.into(), etag::if_match(&request));
    let contract = state.leads.edit_contract(&caller.context, id_of(&id), edit).await?;
    Ok(at_version(contract.version(), &Contract::from(&contract)))
}
