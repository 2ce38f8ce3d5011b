//! Take one's data along, and leave.

use actix_web::{HttpResponse, delete, get, http::header, web};
use ashlar_identity::DeleteAccount;
use ashlar_kernel::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::export_dto::PersonalDataExport;
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body},
    caller::Caller,
    problem::Problem,
};

/// Export your data
///
/// Everything this installation holds about you, in every tenant, as JSON (GDPR, articles 15 and 20). Not in it: secrets, of
/// which only hashes or sealed copies are kept, and the event log, whose entries name you by your id. Needs a sign-in within
/// the last ten minutes, and is noted.
#[utoipa::path(
    operation_id = "exportMe",
    tag = "identity",
    path = "/api/v1/me/export",
    responses((status = 200, description = "Your data.", body = PersonalDataExport,
        headers(("Content-Disposition" = String, description = "Tells browsers to keep it as a file.")))),
    extensions(
        ("x-permission" = json!("identity.account.export.own")),
        ("x-problems" = json!(["reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/me/export")]
pub(super) async fn export(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let data = state.identity.export_own_data(&caller.context).await?;
    let as_file = (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\"");
    Ok(HttpResponse::Ok().insert_header(as_file).json(PersonalDataExport::of(&data, caller.context.now)))
}

/// The proof that you mean it.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeleteAccountRequest {
    /// Your password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 1024, example = "tuba-mint-quarrel-9")]
    password: Secret,
}

/// Delete your account
///
/// For good: sessions, API keys, second factor, memberships, profile and attempts to sign in are gone at once, in every
/// tenant. Address and handle are kept for thirty days, in which nobody else gets them, and forgotten then. A letter says
/// that it was done. Whoever is the last administrator of a tenant makes somebody else one first. Needs a sign-in within the
/// last ten minutes besides the password; after five wrong passwords none is looked at in this session for a while.
#[utoipa::path(
    operation_id = "deleteMe",
    tag = "identity",
    path = "/api/v1/me",
    request_body(content = DeleteAccountRequest, description = "Your password.", example = json!({
        "password": "tuba-mint-quarrel-9"
    })),
    responses((status = 204, description = "The account is gone.")),
    extensions(
        ("x-permission" = json!("identity.account.delete.own")),
        ("x-problems" = json!([
            "reauthentication_required", "current_password_invalid", "too_many_attempts", "last_admin", "overloaded"
        ])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/me")]
pub(super) async fn delete(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<DeleteAccountRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let command = DeleteAccount::with_password(body.0.password)?;
    state.identity.delete_own_account(&caller.context, command).await?;
    Ok(HttpResponse::NoContent().finish())
}
