//! One's own e-mail address: proved, and changed.

use actix_web::{HttpRequest, HttpResponse, post, web};
use ashlar_identity::{Email, Password, Username, VerifyEmail};
use ashlar_kernel::{FieldErrors, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dto::{Accepted, User};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body},
    caller::{Anyone, Caller},
    limited::{count, count_attempt, is_allowed},
    problem::Problem,
};

/// A link that proves an address.
#[derive(Deserialize, ToSchema)]
pub(super) struct VerifyEmailRequest {
    /// The token of the link.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "asa1_AgGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    token: Secret,
    /// The password of the registration, when the link opens an account: so that nobody opens one with a password that a
    /// stranger has chosen.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 1024, example = "tuba-mint-quarrel-9")]
    password: Option<Secret>,
    /// Another username than that of the registration, when somebody else has taken it meanwhile.
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$", example = "ada")]
    username: Option<String>,
}

/// The address is proved.
#[derive(Serialize, ToSchema)]
pub(super) struct EmailVerified {
    /// The account.
    user: User,
}

/// An address.
#[derive(Deserialize, ToSchema)]
pub(super) struct EmailAddressRequest {
    /// The e-mail address.
    #[schema(format = "idn-email", max_length = 254, example = "ada@example.org")]
    email: String,
}

/// A link that takes a change of the address back.
#[derive(Deserialize, ToSchema)]
pub(super) struct UndoEmailChangeRequest {
    /// The token of the link.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "asa1_AQGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    token: Secret,
}

/// Prove an address by a link
///
/// Opens the account of a registration in the mode `verify_first`, which needs the password it was made with; or marks the
/// account's address as verified; or gives the account the new address it asked for. Links are good for 24 hours, once.
#[utoipa::path(
    operation_id = "verifyEmail",
    tag = "identity",
    path = "/api/v1/auth/verify-email",
    request_body(content = VerifyEmailRequest, description = "The link.", example = json!({
        "token": "asa1_AgGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW", "password": "tuba-mint-quarrel-9"
    })),
    responses((status = 200, description = "The address is proved.", body = EmailVerified)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["verification_token_invalid", "current_password_invalid", "identifier_taken", "overloaded"])),
    ),
    security(())
)]
#[post("/api/v1/auth/verify-email")]
pub(super) async fn verify(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<VerifyEmailRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    count_attempt(&request, &state, &context, ("verify", "")).await?;
    let VerifyEmailRequest { token, password, username } = body.0;
    let mut errors = FieldErrors::default();
    let password = errors.check_optional("/password", password.map(Password::parse));
    let username = errors.check_optional("/username", username.as_deref().map(Username::parse));
    errors.finish()?;
    let account = state.identity.verify_email(&context, VerifyEmail { token, password, username }).await?;
    Ok(HttpResponse::Ok().json(EmailVerified { user: User::from(&account) }))
}

/// Ask for another letter
///
/// The answer is always the same. If the address belongs to an account that has not proved it, a letter goes to it, at most
/// three an hour.
#[utoipa::path(
    operation_id = "resendVerification",
    tag = "identity",
    path = "/api/v1/auth/verify-email/resend",
    request_body(content = EmailAddressRequest, description = "The address.", example = json!({ "email": "ada@example.org" })),
    responses((status = 202, description = "Taken.", body = Accepted)),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[post("/api/v1/auth/verify-email/resend")]
pub(super) async fn resend(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<EmailAddressRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let email = address(&body)?;
    count_attempt(&request, &state, &context, ("resend", email.key())).await?;
    if is_allowed(&state, state.limits.letter(email.key()), context.now).await? {
        state.identity.ask_verification(&context, &email).await?;
    }
    Ok(HttpResponse::Accepted().json(Accepted::MAIL))
}

/// Ask for another address
///
/// A link goes to the new address, and the account has it once the link is used. The present address gets a letter with a
/// link that takes the change back, for 72 hours. Needs a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "changeEmail",
    tag = "identity",
    path = "/api/v1/me/email",
    request_body(content = EmailAddressRequest, description = "The new address.", example = json!({ "email": "ada@lovelace.example" })),
    responses((status = 202, description = "Taken.", body = Accepted)),
    extensions(
        ("x-permission" = json!("identity.credential.update.own")),
        ("x-problems" = json!(["reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/me/email")]
pub(super) async fn change(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<EmailAddressRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let email = address(&body)?;
    count(&request, &state, state.limits.letter(email.key()), caller.context.now).await?;
    state.identity.ask_email_change(&caller.context, &email).await?;
    Ok(HttpResponse::Accepted().json(Accepted::MAIL))
}

/// Take a change of the address back
///
/// By the link that was mailed to the address of before. The account has that address again, all sessions end, and the
/// link to the new address is worthless. Set a new password afterwards: whoever changed the address was signed in.
#[utoipa::path(
    operation_id = "undoEmailChange",
    tag = "identity",
    path = "/api/v1/auth/email/undo",
    request_body(content = UndoEmailChangeRequest, description = "The link.", example = json!({
        "token": "asa1_AQGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW"
    })),
    responses((status = 204, description = "The account has its address of before.")),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["verification_token_invalid", "identifier_taken"])),
    ),
    security(())
)]
#[post("/api/v1/auth/email/undo")]
pub(super) async fn undo(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<UndoEmailChangeRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    count_attempt(&request, &state, &context, ("undo", "")).await?;
    state.identity.undo_email_change(&context, &body.token).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn address(body: &EmailAddressRequest) -> Result<Email, Problem> {
    let mut errors = FieldErrors::default();
    let email = errors.check("/email", Email::parse(&body.email));
    email.ok_or_else(|| errors.into_invalid().into())
}
