//! What staff do about the newsletter.

use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, post, web};
use ashlar_kernel::StoredAnswer;
use ashlar_leads::newsletter::{
    AddSubscriber, MailingList as DomainList, MailingListInput, SubscribeInput, Subscription,
};

use super::{
    dto::{
        AddSubscriberRequest, AllowLiftRequest, CreateMailingListRequest, MailingList, MailingListPage, Subscriber,
        SubscriberPage,
    },
    query::{RemoveQuery, SubscriberQuery},
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    idempotency::{Begun, answer, begin},
    leads::id_of,
    problem::Problem,
    query::Query,
};

/// List subscribers
///
/// Newest first.
#[utoipa::path(
    operation_id = "listSubscribers",
    tag = "leads",
    path = "/api/v1/newsletter/subscribers",
    params(SubscriberQuery),
    responses((status = 200, description = "A page of subscribers.", body = SubscriberPage)),
    extensions(
        ("x-permission" = json!("leads.subscriber.read")),
        ("x-problems" = json!(["not_found", "invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/newsletter/subscribers")]
pub(super) async fn subscribers(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<SubscriberQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.newsletter.subscribers(&caller.context, query.command()?).await?;
    Ok(HttpResponse::Ok().json(SubscriberPage::from(page)))
}

/// Enter a subscriber
///
/// They have to confirm it all the same. Who has unsubscribed is not entered again: only they themselves ask for letters.
#[utoipa::path(
    operation_id = "addSubscriber",
    tag = "leads",
    path = "/api/v1/newsletter/subscribers",
    request_body(content = AddSubscriberRequest, description = "Who, and how you know that they want it.", example = json!({
        "email": "ada@example.org", "consent_text_version": "fair 2026, paper form"
    })),
    responses((status = 201, description = "The subscriber, to be confirmed by themselves.", body = Subscriber)),
    extensions(
        ("x-permission" = json!("leads.newsletter.manage")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["not_found", "suppressed", "unsubscribed"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/newsletter/subscribers")]
pub(super) async fn add(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<AddSubscriberRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let input = SubscribeInput {
        email: &body.email,
        name: body.name.as_deref(),
        list: body.list.as_deref(),
        consent_text_version: &body.consent_text_version,
        trap: None,
    };
    let command = AddSubscriber::try_from(input)?;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let outcome = state.newsletter.add_subscriber(context, command.once(ticket.once(added))).await;
    ticket.end(context, outcome.map(|one| added(&one)).map_err(Problem::from)).await
}

fn added(one: &Subscription) -> StoredAnswer {
    answer(StatusCode::CREATED, &Subscriber::from(one))
}

/// Take a subscriber off a list
///
/// They stay known as somebody who wants no letters. With `purge=true` they are erased, and their address is never written
/// to again.
#[utoipa::path(
    operation_id = "removeSubscriber",
    tag = "leads",
    path = "/api/v1/newsletter/subscribers/{id}",
    params(
        ("id" = Uuid, Path, description = "The subscriber.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        RemoveQuery,
    ),
    responses((status = 204, description = "They get no more letters.")),
    extensions(
        ("x-permission" = json!("leads.newsletter.manage")),
        ("x-problems" = json!([
            "not_found", "invalid_parameter", "reauthentication_required", "person_required"
        ])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/newsletter/subscribers/{id}")]
pub(super) async fn remove(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
    query: Query<RemoveQuery>,
) -> Result<HttpResponse, Problem> {
    state.newsletter.remove_subscriber(&caller.context, id_of(&id), query.how()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Let the owner of a suppressed address ask for letters again
///
/// An address is suppressed when its owner has complained, or was erased. It takes two to end that: this, and its owner, who
/// asks for letters again and confirms it. Until then it gets no letter but the one to confirm by. Needs a sign-in within
/// the last ten minutes.
#[utoipa::path(
    operation_id = "allowSuppressionLift",
    tag = "leads",
    path = "/api/v1/newsletter/suppressions/lift",
    request_body(content = AllowLiftRequest, description = "Whose.", example = json!({ "email": "ada@example.org" })),
    responses((status = 204, description = "They may ask again.")),
    extensions(
        ("x-permission" = json!("leads.suppression.lift")),
        ("x-problems" = json!(["not_found", "reauthentication_required", "person_required"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/newsletter/suppressions/lift")]
pub(super) async fn allow_lift(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<AllowLiftRequest>,
) -> Result<HttpResponse, Problem> {
    state.newsletter.allow_lift(&caller.context, &body.email).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List mailing lists
///
/// All of them, by their short names.
#[utoipa::path(
    operation_id = "listMailingLists",
    tag = "leads",
    path = "/api/v1/newsletter/lists",
    responses((status = 200, description = "The lists.", body = MailingListPage)),
    extensions(("x-permission" = json!("leads.subscriber.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/newsletter/lists")]
pub(super) async fn lists(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let lists = state.newsletter.lists(&caller.context).await?;
    Ok(HttpResponse::Ok().json(MailingListPage::from(lists.as_slice())))
}

/// Make a mailing list
///
/// The list `newsletter` makes itself when somebody first asks to be on it.
#[utoipa::path(
    operation_id = "createMailingList",
    tag = "leads",
    path = "/api/v1/newsletter/lists",
    request_body(content = CreateMailingListRequest, description = "The list.", example = json!({
        "slug": "product-news", "name": "Product news"
    })),
    responses((status = 201, description = "The list.", body = MailingList)),
    extensions(
        ("x-permission" = json!("leads.newsletter.manage")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["list_taken", "too_many_lists"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/newsletter/lists")]
pub(super) async fn create_list(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<CreateMailingListRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let input = MailingListInput {
        slug: &body.slug,
        name: &body.name,
        opt_in: body.opt_in.as_deref(),
        visibility: body.visibility.as_deref(),
    };
    let outcome = state.newsletter.create_list(context, input, ticket.once(made)).await;
    ticket.end(context, outcome.map(|list| made(&list)).map_err(Problem::from)).await
}

fn made(list: &DomainList) -> StoredAnswer {
    answer(StatusCode::CREATED, &MailingList::from(list))
}
