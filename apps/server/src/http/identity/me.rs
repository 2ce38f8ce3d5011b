//! One's own account.

use actix_web::{HttpRequest, HttpResponse, get, patch, web};

use super::dto::{UpdateProfileRequest, User};
use crate::http::{AppState, body::Body, caller::Caller, etag, problem::Problem};

/// Read your account
///
/// The `ETag` is the account's version: send it as `If-None-Match` to be told that nothing has changed, or as
/// `If-Match` with a change.
#[utoipa::path(
    operation_id = "getMe",
    tag = "identity",
    path = "/api/v1/me",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` you have, such as `\"1\"`.")),
    responses(
        (status = 200, description = "Your account.", body = User,
            headers(("ETag" = String, description = "The account's version."))),
        (status = 304, description = "You have this version."),
    ),
    extensions(("x-permission" = json!("identity.profile.read.own")), ("x-problems" = json!([]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/me")]
pub(super) async fn read(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let account = state.identity.profile(&caller.context).await?;
    // That a password is a weak one is found out without an edit, and is to be heard.
    if !account.is_password_weak && etag::is_known(&request, account.version) {
        return Ok(HttpResponse::NotModified().insert_header(etag::tag(account.version)).finish());
    }
    Ok(HttpResponse::Ok().insert_header(etag::tag(account.version)).json(User::from(&account)))
}

/// Edit your profile
///
/// An absent member leaves the field alone, null clears it. With `If-Match` the change is made only on top of the
/// version you have read.
#[utoipa::path(
    operation_id = "updateMe",
    tag = "identity",
    path = "/api/v1/me",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` you have read, such as `\"1\"`.")),
    request_body(content = UpdateProfileRequest, description = "What to change.", example = json!({
        "display_name": "Ada Lovelace", "locale": "de-CH"
    })),
    responses((status = 200, description = "Your account, with the change.", body = User,
        headers(("ETag" = String, description = "The account's new version.")))),
    extensions(("x-permission" = json!("identity.profile.update.own")), ("x-problems" = json!(["version_conflict"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[patch("/api/v1/me")]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<UpdateProfileRequest>,
) -> Result<HttpResponse, Problem> {
    let command = body.0.command(etag::if_match(&request))?;
    let account = state.identity.edit_profile(&caller.context, command).await?;
    Ok(HttpResponse::Ok().insert_header(etag::tag(account.version)).json(User::from(&account)))
}
