//! Who belongs to a tenant.

use actix_web::{HttpRequest, HttpResponse, delete, post, web};
use ashlar_identity::AddMember;

use super::{
    dto::{AddMemberRequest, AdminUser},
    id_of,
    users::created,
};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    idempotency::{Begun, begin},
    problem::Problem,
};

/// Take somebody into the tenant
///
/// Somebody who has an account already, in whichever tenant; to open one, see `createUser`. Needs a sign-in within the
/// last ten minutes.
#[utoipa::path(
    operation_id = "addMember",
    tag = "identity",
    path = "/api/v1/admin/memberships",
    request_body(content = AddMemberRequest, description = "Who, and as what.", example = json!({
        "email": "grace@example.org", "role": "member"
    })),
    responses((status = 201, description = "The person, who is a member now.", body = AdminUser,
        headers(("Location" = String, description = "Where the person is found.")))),
    extensions(
        ("x-permission" = json!("identity.membership.manage")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!([
            "not_found", "already_member", "operator_account", "self_role_change", "reauthentication_required"
        ])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/memberships")]
pub(super) async fn add(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<AddMemberRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let (who, role) = body.0.parse()?;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let tenant = context.tenant;
    let once = ticket.once(move |entry| created(entry, tenant));
    let outcome = state.identity.add_member(context, AddMember { who, role, once }).await;
    ticket.end(context, outcome.map(|entry| created(&entry, tenant)).map_err(Problem::from)).await
}

/// Remove somebody from the tenant
///
/// Their sessions in this tenant end at once. Their account stays, and so do their places in other tenants. Nobody removes
/// themselves, and the last administrator stays. Needs a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "removeMember",
    tag = "identity",
    path = "/api/v1/admin/memberships/{user_id}",
    params(("user_id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 204, description = "The person is no member any more.")),
    extensions(
        ("x-permission" = json!("identity.membership.manage")),
        ("x-problems" = json!(["not_found", "reauthentication_required", "self_role_change", "last_admin"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/admin/memberships/{user_id}")]
pub(super) async fn remove(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.identity.remove_member(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
