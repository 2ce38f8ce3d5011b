//! Whether people get in, and what they are.

use actix_web::{HttpResponse, delete, post, put, web};

use super::{
    dto::{AdminUser, SetRoleRequest},
    id_of,
    users::shown,
};
use crate::http::{AppState, body::Body, caller::Caller, problem::Problem};

/// Suspend an account
///
/// Its sessions end at once, in every tenant and on every server, and nobody signs in with it until it is activated. Only
/// accounts that were opened in this tenant. Needs a sign-in within the last ten minutes. Doing it twice is no error.
#[utoipa::path(
    operation_id = "suspendUser",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/suspend",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The person, suspended.", body = AdminUser,
        headers(("ETag" = String, description = "The version.")))),
    extensions(
        ("x-permission" = json!("identity.user.manage")),
        ("x-problems" = json!([
            "not_found", "reauthentication_required", "self_suspension", "guest_account", "last_admin"
        ])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/users/{id}/suspend")]
pub(super) async fn suspend(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let entry = state.identity.suspend_user(&caller.context, id_of(&id)).await?;
    Ok(shown(&entry, caller.context.tenant))
}

/// Delete an account
///
/// For good, as its owner would: sessions, API keys, second factor, memberships, profile and attempts to sign in are gone at
/// once, in every tenant; address and handle after thirty days, in which nobody else gets them. The person is told by mail.
/// Only accounts that were opened in this tenant, neither your own nor one of an operator of the installation; the last
/// administrator of a tenant stays. Needs a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "deleteUser",
    tag = "identity",
    path = "/api/v1/admin/users/{id}",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 204, description = "The account is gone.")),
    extensions(
        ("x-permission" = json!("identity.user.manage")),
        ("x-problems" = json!([
            "not_found", "reauthentication_required", "self_administration", "guest_account", "operator_account",
            "last_admin"
        ])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/admin/users/{id}")]
pub(super) async fn delete(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.identity.delete_user(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Activate a suspended account
///
/// The person can sign in again; their sessions of before stay ended. Doing it twice is no error.
#[utoipa::path(
    operation_id = "activateUser",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/activate",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The person, active.", body = AdminUser,
        headers(("ETag" = String, description = "The version.")))),
    extensions(
        ("x-permission" = json!("identity.user.manage")),
        ("x-problems" = json!(["not_found", "guest_account"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/users/{id}/activate")]
pub(super) async fn activate(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let entry = state.identity.activate_user(&caller.context, id_of(&id)).await?;
    Ok(shown(&entry, caller.context.tenant))
}

/// Lift the lock of an account
///
/// Lifts the lock that failed attempts of strangers have put on the account's address and handle, in every tenant, so that
/// its owner may try again at once. Codes of the second factor are counted apart. Where the account was opened, the failed
/// attempts are forgotten besides; of a guest they count on, and after a hundred only the administrators at home help
/// (`guest_account`). Not your own account. Needs a sign-in within the last ten minutes. Doing it twice is no error.
#[utoipa::path(
    operation_id = "unlockUser",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/unlock",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The person, who may try again.", body = AdminUser,
        headers(("ETag" = String, description = "The version.")))),
    extensions(
        ("x-permission" = json!("identity.user.manage")),
        ("x-problems" = json!(["not_found", "reauthentication_required", "self_administration", "guest_account"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/users/{id}/unlock")]
pub(super) async fn unlock(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let entry = state.identity.unlock_user(&caller.context, id_of(&id)).await?;
    Ok(shown(&entry, caller.context.tenant))
}

/// Take somebody's second factor away
///
/// For people who have lost their authenticator and their backup codes: both are removed, all sessions end in every
/// tenant, and the person is told by mail. Find out first who is asking you. Only accounts that were opened in this
/// tenant, neither your own nor one of an operator of the installation. Needs a sign-in within the last ten minutes.
/// Doing it twice is no error.
#[utoipa::path(
    operation_id = "resetUserSecondFactor",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/2fa/reset",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The person, whose password alone is enough now.", body = AdminUser,
        headers(("ETag" = String, description = "The version.")))),
    extensions(
        ("x-permission" = json!("identity.user.manage")),
        ("x-problems" = json!([
            "not_found", "reauthentication_required", "self_administration", "guest_account", "operator_account"
        ])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/users/{id}/2fa/reset")]
pub(super) async fn reset_second_factor(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let entry = state.identity.reset_second_factor(&caller.context, id_of(&id)).await?;
    Ok(shown(&entry, caller.context.tenant))
}

/// Give somebody another role
///
/// It counts from the next request, on other servers within five seconds. Nobody changes their own role, and the last
/// administrator stays one. Needs a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "setUserRole",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/role",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    request_body(content = SetRoleRequest, description = "The role.", example = json!({ "role": "staff" })),
    responses((status = 200, description = "The person, in the new role.", body = AdminUser,
        headers(("ETag" = String, description = "The version.")))),
    extensions(
        ("x-permission" = json!("identity.membership.manage")),
        ("x-problems" = json!([
            "not_found", "reauthentication_required", "self_role_change", "last_admin", "operator_account"
        ])),
    ),
    security(("bearer" = []))
)]
#[put("/api/v1/admin/users/{id}/role")]
pub(super) async fn set_role(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<SetRoleRequest>,
) -> Result<HttpResponse, Problem> {
    let role = body.0.role()?;
    let entry = state.identity.set_role(&caller.context, id_of(&id), role).await?;
    Ok(shown(&entry, caller.context.tenant))
}
