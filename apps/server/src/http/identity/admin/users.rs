//! The people of a tenant.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::{
        StatusCode,
        header::{ETag, EntityTag},
    },
    patch, post, web,
};
use ashlar_identity::{CreateUser, DirectoryEntry};
use ashlar_kernel::{StoredAnswer, TenantId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    dto::{AdminUser, CreateUserRequest, UpdateUserRequest, tag, versions},
    id_of,
    query::UserQuery,
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    etag,
    idempotency::{Begun, answer, begin},
    page::CountedPageInfo,
    problem::Problem,
    query::Query,
};

/// A page of people.
#[derive(Serialize, ToSchema)]
struct AdminUserPage {
    /// The people.
    data: Vec<AdminUser>,
    /// Where the next page begins.
    page: CountedPageInfo,
}

/// List the people of the tenant
///
/// Filters can be combined. Page 10,000 costs what page 1 costs, but for a search, which looks through everybody.
#[utoipa::path(
    operation_id = "listUsers",
    tag = "identity",
    path = "/api/v1/admin/users",
    params(UserQuery),
    responses((status = 200, description = "A page of people.", body = AdminUserPage)),
    extensions(
        ("x-permission" = json!("identity.user.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/admin/users")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<UserQuery>,
) -> Result<HttpResponse, Problem> {
    let found = state.identity.users(&caller.context, query.command()?).await?;
    let page = CountedPageInfo::of(&found.page, found.total);
    let tenant = caller.context.tenant;
    let data = found.page.data.iter().map(|entry| AdminUser::of(entry, tenant)).collect();
    Ok(HttpResponse::Ok().json(AdminUserPage { data, page }))
}

/// Open an account for somebody
///
/// Works also where registration is closed. A role other than `member` takes the permission
/// `identity.membership.manage` and a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "createUser",
    tag = "identity",
    path = "/api/v1/admin/users",
    request_body(content = CreateUserRequest, description = "The account to open.", example = json!({
        "email": "grace@example.org", "username": "grace", "password": "quill-ember-sonata-4",
        "display_name": "Grace Hopper", "role": "member"
    })),
    responses((status = 201, description = "The account is open.", body = AdminUser,
        headers(("Location" = String, description = "Where the person is found.")))),
    extensions(
        ("x-permission" = json!("identity.user.manage")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["identifier_taken", "password_rejected", "reauthentication_required", "overloaded"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/users")]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<CreateUserRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let command = CreateUser::try_from(body.0)?;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let tenant = context.tenant;
    let command = command.once(ticket.once(move |entry| created(entry, tenant)));
    let outcome = state.identity.create_user(context, command).await;
    ticket.end(context, outcome.map(|entry| created(&entry, tenant)).map_err(Problem::from)).await
}

/// The answer to whoever has brought somebody into `tenant`.
pub(super) fn created(entry: &DirectoryEntry, tenant: TenantId) -> StoredAnswer {
    let location = format!("/api/v1/admin/users/{}", entry.account.id);
    let answer = answer(StatusCode::CREATED, &AdminUser::of(entry, tenant));
    StoredAnswer { headers: vec![("location".to_owned(), location)], ..answer }
}

/// Read one of the people of the tenant
///
/// The `ETag` counts the edits of the account and of the membership: send it as `If-None-Match` to be told that nothing
/// was edited, or as `If-Match` with a change. A sign-in is no edit.
#[utoipa::path(
    operation_id = "getUser",
    tag = "identity",
    path = "/api/v1/admin/users/{id}",
    params(
        ("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` you have, such as `\"1.1\"`."),
    ),
    responses(
        (status = 200, description = "The person.", body = AdminUser,
            headers(("ETag" = String, description = "The version."))),
        (status = 304, description = "You have this version."),
    ),
    extensions(("x-permission" = json!("identity.user.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []))
)]
#[get("/api/v1/admin/users/{id}")]
pub(super) async fn read(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let entry = state.identity.user(&caller.context, id_of(&id)).await?;
    let tag = EntityTag::new_strong(tag(entry.versions()));
    if etag::has(&request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header(ETag(tag)).finish());
    }
    Ok(shown(&entry, caller.context.tenant))
}

/// Edit somebody's profile
///
/// Only of accounts that were opened in this tenant. With `If-Match` the change is made only on top of the version you
/// have read.
#[utoipa::path(
    operation_id = "updateUser",
    tag = "identity",
    path = "/api/v1/admin/users/{id}",
    params(
        ("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1.1\"`."),
    ),
    request_body(content = UpdateUserRequest, description = "What to change.", example = json!({
        "display_name": "Grace Hopper"
    })),
    responses((status = 200, description = "The person, with the change.", body = AdminUser,
        headers(("ETag" = String, description = "The new version.")))),
    extensions(
        ("x-permission" = json!("identity.user.manage")),
        ("x-problems" = json!(["not_found", "version_conflict", "guest_account"])),
    ),
    security(("bearer" = []))
)]
#[patch("/api/v1/admin/users/{id}")]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<UpdateUserRequest>,
) -> Result<HttpResponse, Problem> {
    let command = body.0.command(etag::if_match_tags(&request).map(|tags| versions(&tags)))?;
    let entry = state.identity.edit_user(&caller.context, id_of(&id), command).await?;
    Ok(shown(&entry, caller.context.tenant))
}

/// A person with their version.
pub(super) fn shown(entry: &DirectoryEntry, tenant: TenantId) -> HttpResponse {
    let tag = ETag(EntityTag::new_strong(tag(entry.versions())));
    HttpResponse::Ok().insert_header(tag).json(AdminUser::of(entry, tenant))
}
