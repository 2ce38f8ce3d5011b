//! Prove again who one is, and sign out everywhere.

use actix_web::{HttpResponse, post, web};
use ashlar_identity::Reauthenticate;
use ashlar_kernel::{ExposeSecret, FieldErrors, FieldFault, Invalid, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{dto::TokenType, second_factor::code_at};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body, OptionalBody},
    caller::Caller,
    problem::Problem,
};

/// A proof of identity: one of the two.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReauthenticationRequest {
    /// The password.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 1024, example = "tuba-mint-quarrel-9")]
    password: Option<Secret>,
    /// A code of the authenticator: six digits. It counts once.
    #[schema(min_length = 6, max_length = 16, example = "492039")]
    totp_code: Option<String>,
}

/// Not one proof.
#[derive(Debug, thiserror::Error)]
#[error("send password or totp_code, and not both")]
struct NotOneProof;

impl FieldFault for NotOneProof {
    fn code(&self) -> &'static str {
        "required"
    }
}

impl TryFrom<ReauthenticationRequest> for Reauthenticate {
    type Error = Invalid;

    fn try_from(body: ReauthenticationRequest) -> Result<Self, Invalid> {
        match (body.password, body.totp_code) {
            (Some(password), None) => Self::by_password(password),
            (None, Some(code)) => code_at("/totp_code", &code).map(Self::by_code),
            _ => {
                let mut errors = FieldErrors::default();
                let _none: Option<()> = errors.check("/password", Err(NotOneProof));
                Err(errors.into_invalid())
            }
        }
    }
}

/// The proof counts for ten minutes.
#[derive(Serialize, ToSchema)]
pub(super) struct Reauthentication {
    /// Use it instead of the one you have: it says to every server that you have just proved who you are.
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.eyJzdWIiOiJ4In0.c2ln")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = TokenType, example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(minimum = 0, example = 900)]
    expires_in: i64,
}

/// Which sessions end.
#[derive(Deserialize, ToSchema)]
pub(super) struct LogOutEverywhereRequest {
    /// Whether the present session goes on.
    #[schema(default = false, example = true)]
    except_current: Option<bool>,
}

/// The sessions have ended.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedOutEverywhere {
    /// How many ended.
    #[schema(minimum = 0, example = 3)]
    revoked: usize,
}

/// Prove again who you are
///
/// For what a stolen session must not do: such requests answer 403 `reauthentication_required` unless you have signed in
/// or called this within the last ten minutes: with the password or a code of the authenticator. After five
/// wrong passwords none is looked at in this session for a while; wrong codes count towards the lock of the second factor.
#[utoipa::path(
    operation_id = "reauthenticate",
    tag = "identity",
    path = "/api/v1/auth/reauthenticate",
    request_body(content = ReauthenticationRequest, description = "The proof.", example = json!({ "password": "tuba-mint-quarrel-9" })),
    responses((status = 200, description = "The proof counts.", body = Reauthentication)),
    extensions(
        ("x-permission" = json!("identity.profile.read.own")),
        ("x-problems" = json!(["current_password_invalid", "too_many_attempts", "totp_code_invalid", "totp_not_enabled", "mfa_locked", "overloaded"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/auth/reauthenticate")]
pub(super) async fn reauthenticate(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<ReauthenticationRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let proof = Reauthenticate::try_from(body.0)?;
    let signed_in = state.identity.reauthenticate(&caller.context, proof).await?;
    Ok(HttpResponse::Ok().json(Reauthentication {
        access_token: signed_in.access_token.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: (signed_in.access_expires_at - caller.context.now).num_seconds().max(0),
    }))
}

/// Sign out everywhere
///
/// Ends all your sessions in all tenants, the present one too unless `except_current` is true. Needs a sign-in within the
/// last ten minutes.
#[utoipa::path(
    operation_id = "logOutEverywhere",
    tag = "identity",
    path = "/api/v1/auth/logout-all",
    request_body(content = Option<LogOutEverywhereRequest>, description = "Which sessions end.", example = json!({ "except_current": true })),
    responses((status = 200, description = "The sessions have ended.", body = LoggedOutEverywhere)),
    extensions(
        ("x-permission" = json!("identity.session.revoke.own")),
        ("x-problems" = json!(["reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/auth/logout-all")]
pub(super) async fn log_out_everywhere(
    caller: Caller,
    state: web::Data<AppState>,
    body: OptionalBody<LogOutEverywhereRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let spares_current = body.0.and_then(|body| body.except_current).unwrap_or(false);
    let revoked = state.identity.end_own_sessions(&caller.context, spares_current).await?;
    Ok(HttpResponse::Ok().json(LoggedOutEverywhere { revoked }))
}
