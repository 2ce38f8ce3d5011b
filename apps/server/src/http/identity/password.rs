//! One's own password: another one, or a way back in.

use actix_web::{HttpRequest, HttpResponse, post, web};
use ashlar_identity::{ChangePassword, Identifier, Password};
use ashlar_kernel::{FieldErrors, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    dto::{Accepted, Tokens},
    refresh_cookie::RefreshIn,
};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body},
    caller::{Anyone, Caller},
    limited::{count_attempt, is_allowed},
    problem::Problem,
};

/// Who has forgotten the password.
#[derive(Deserialize, ToSchema)]
pub(super) struct ForgotPasswordRequest {
    /// The e-mail address or the username.
    #[schema(min_length = 1, max_length = 254, example = "ada@example.org")]
    identifier: String,
}

/// A new password, by a mailed link.
#[derive(Deserialize, ToSchema)]
pub(super) struct ResetPasswordRequest {
    /// The token of the link.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "asa1_AQGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    token: Secret,
    /// The new password: 12 to 256 characters, and not one that is easily guessed.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256, example = "lemon-gravel-ostrich-4")]
    new_password: Secret,
}

/// What became of a reset.
#[derive(Serialize, ToSchema)]
pub(super) struct PasswordReset {
    /// Always `password_reset`: log in with the new password.
    status: PasswordResetStatus,
}

/// Always `password_reset`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PasswordResetStatus {
    /// The password is the new one.
    PasswordReset,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangePasswordRequest {
    /// The present password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 1024, example = "tuba-mint-quarrel-9")]
    current_password: Secret,
    /// The new password: 12 to 256 characters, and not one that is easily guessed.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256, example = "lemon-gravel-ostrich-4")]
    new_password: Secret,
    /// Whether all other sessions end. They do unless this is false.
    #[schema(default = true, example = true)]
    revoke_others: Option<bool>,
}

/// The password is the new one.
#[derive(Serialize, ToSchema)]
pub(super) struct PasswordChanged {
    /// How many other sessions ended.
    #[schema(minimum = 0, example = 2)]
    revoked_sessions: usize,
    /// The present session goes on with these.
    tokens: Tokens,
}

/// Ask for a new password
///
/// The answer is always the same, whether or not anybody has the identifier. If somebody does, a letter with a link goes to
/// the address of the account, at most three an hour; the link is good for thirty minutes and once.
#[utoipa::path(
    operation_id = "forgotPassword",
    tag = "identity",
    path = "/api/v1/auth/password/forgot",
    request_body(content = ForgotPasswordRequest, description = "Who.", example = json!({ "identifier": "ada@example.org" })),
    responses((status = 202, description = "Taken.", body = Accepted)),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[post("/api/v1/auth/password/forgot")]
pub(super) async fn forgot(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<ForgotPasswordRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    let identifier = errors.check("/identifier", Identifier::parse(&body.identifier));
    let Some(identifier) = identifier else { return Err(errors.into_invalid().into()) };
    let account = identifier.canonical();
    count_attempt(&request, &state, &context, ("forgot", account)).await?;
    if is_allowed(&state, state.limits.letter(account), context.now).await? {
        state.identity.forgot_password(&context, &identifier).await?;
    }
    Ok(HttpResponse::Accepted().json(Accepted::MAIL))
}

/// Set a new password by a link
///
/// All sessions of the account end, and failed attempts are forgotten. Nobody is signed in by it, and a second factor
/// stays. A password that is not good enough does not use the link up.
#[utoipa::path(
    operation_id = "resetPassword",
    tag = "identity",
    path = "/api/v1/auth/password/reset",
    request_body(content = ResetPasswordRequest, description = "The link and the new password.", example = json!({
        "token": "asa1_AQGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW", "new_password": "lemon-gravel-ostrich-4"
    })),
    responses((status = 200, description = "The password is the new one.", body = PasswordReset)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["reset_token_invalid", "password_rejected", "overloaded"])),
    ),
    security(())
)]
#[post("/api/v1/auth/password/reset")]
pub(super) async fn reset(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<ResetPasswordRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    // By address alone: whose link it is shows only when it is good.
    count_attempt(&request, &state, &context, ("reset", "")).await?;
    let ResetPasswordRequest { token, new_password } = body.0;
    let mut errors = FieldErrors::default();
    let password = errors.check("/new_password", Password::parse(new_password));
    let Some(password) = password else { return Err(errors.into_invalid().into()) };
    state.identity.reset_password(&context, &token, &password).await?;
    Ok(HttpResponse::Ok().json(PasswordReset { status: PasswordResetStatus::PasswordReset }))
}

/// Change your password
///
/// The present session goes on with new tokens and counts as a recent sign-in; all others end, unless `revoke_others` is
/// false. After five wrong present passwords none is looked at in this session for a while; strangers who guess at the door
/// are counted apart.
#[utoipa::path(
    operation_id = "changePassword",
    tag = "identity",
    path = "/api/v1/me/password",
    request_body(content = ChangePasswordRequest, description = "The present password and the new one.", example = json!({
        "current_password": "tuba-mint-quarrel-9", "new_password": "lemon-gravel-ostrich-4"
    })),
    responses((status = 200, description = "The password is the new one.", body = PasswordChanged)),
    extensions(
        ("x-permission" = json!("identity.credential.update.own")),
        ("x-problems" = json!(["current_password_invalid", "password_rejected", "too_many_attempts", "overloaded"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/me/password")]
pub(super) async fn change(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<ChangePasswordRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let ChangePasswordRequest { current_password, new_password, revoke_others } = body.0;
    let command = ChangePassword::parse(current_password, new_password, revoke_others.unwrap_or(true))?;
    let (signed_in, revoked_sessions) = state.identity.change_password(&caller.context, command).await?;
    let (now, refresh) = (caller.context.now, RefreshIn::kept_by(&request));
    let tokens = Tokens::new(&signed_in, now, refresh);
    Ok(refresh.answer(&signed_in, now).json(PasswordChanged { revoked_sessions, tokens }))
}
