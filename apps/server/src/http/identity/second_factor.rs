//! One's own second factor.

use actix_web::{HttpResponse, get, post, web};
use ashlar_identity::{BackupCode, Enrolment, SecondFactorCode, SecondFactorStatus, SecondStep, TotpCode};
use ashlar_kernel::{ExposeSecret, FieldErrors, FieldFault, Invalid, Secret, StoreError};
use qrcode::{QrCode, render::svg};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{dto::moment, login_dto::LoginResponse, refresh_cookie::RefreshIn};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body},
    caller::{Anyone, Caller},
    limited::count_attempt,
    problem::Problem,
};

/// What you have set up.
#[derive(Serialize, ToSchema)]
pub(super) struct SecondFactor {
    /// Whether a code of an authenticator is asked for at each sign-in.
    #[schema(example = true)]
    totp_enabled: bool,
    /// Since when.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    totp_confirmed_at: Option<String>,
    /// The codes on paper.
    backup_codes: BackupCodes,
}

/// Codes on paper. The codes themselves are shown once, when they are made.
#[derive(Serialize, ToSchema)]
pub(super) struct BackupCodes {
    /// How many are left.
    #[schema(minimum = 0, maximum = 10, example = 10)]
    remaining: usize,
    /// When they were made.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    generated_at: Option<String>,
}

impl From<&SecondFactorStatus> for BackupCodes {
    fn from(status: &SecondFactorStatus) -> Self {
        Self { remaining: status.codes_left, generated_at: status.codes_at.map(moment) }
    }
}

/// A new authenticator. It is shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct TotpEnrollment {
    /// The secret for people who type it: base32 (RFC 4648), 160 bits.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret_base32: String,
    /// The same for apps: SHA-1, six digits, thirty seconds (RFC 6238).
    #[schema(
        example = "otpauth://totp/Ashlar:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ashlar&algorithm=SHA1&digits=6&period=30"
    )]
    otpauth_uri: String,
    /// The same as a picture to scan: an SVG document of black and white modules with a quiet zone.
    #[schema(example = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    qr_svg: String,
    /// For how many seconds it waits for its first code.
    #[schema(minimum = 0, example = 600)]
    expires_in: i64,
}

impl TotpEnrollment {
    pub(super) fn new(enrolment: &Enrolment) -> Result<Self, StoreError> {
        let uri = enrolment.uri.expose_secret().to_owned();
        let picture = QrCode::new(&uri).map_err(StoreError::internal)?;
        Ok(Self {
            secret_base32: enrolment.secret.expose_secret().to_owned(),
            otpauth_uri: uri,
            qr_svg: picture.render::<svg::Color<'_>>().min_dimensions(240, 240).build(),
            expires_in: ashlar_identity::ENROLMENT.num_seconds(),
        })
    }
}

/// The first code of an authenticator.
#[derive(Deserialize, ToSchema)]
pub(super) struct ConfirmTotpRequest {
    /// Six digits, blanks between them or not.
    #[schema(min_length = 6, max_length = 16, example = "492039")]
    code: String,
    /// Whether your other sessions end. They do unless this is false.
    #[schema(default = true, example = true)]
    revoke_others: Option<bool>,
}

/// A code of your second factor: one of the two.
#[derive(Deserialize, ToSchema)]
pub(super) struct SecondFactorCodeRequest {
    /// Of the authenticator: six digits.
    #[schema(min_length = 6, max_length = 16, example = "492039")]
    totp_code: Option<String>,
    /// On paper: ten letters and digits.
    #[schema(min_length = 10, max_length = 32, example = "7K3QD-9XWPA")]
    backup_code: Option<String>,
}

/// The second step of a sign-in: the token of the first, and one of the two codes.
#[derive(Deserialize, ToSchema)]
pub(super) struct SecondStepRequest {
    /// The `challenge_token` of the first step.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    challenge_token: Secret,
    /// Of the authenticator: six digits.
    #[schema(min_length = 6, max_length = 16, example = "492039")]
    totp_code: Option<String>,
    /// On paper: ten letters and digits.
    #[schema(min_length = 10, max_length = 32, example = "7K3QD-9XWPA")]
    backup_code: Option<String>,
    /// For pages of this server: puts the refresh token into the cookie `__Host-refresh` instead of the answer. If absent, it
    /// is as the first step said.
    #[schema(example = true)]
    refresh_cookie: Option<bool>,
}

/// Codes on paper, for when the authenticator is lost. They are shown this once; each is good once.
#[derive(Serialize, ToSchema)]
pub(super) struct NewBackupCodes {
    /// Ten codes.
    #[schema(min_items = 10, max_items = 10, example = json!(["7K3QD-9XWPA", "M2N8R-0TVYB", "4H6JE-1CZGS", "P5Q7W-3XDKA", "9R2TB-6YMVN",
        "0E4FG-8HJCS", "ZK1M5-N7PQ3", "R6T9V-W2XYB", "D8A4C-E0F1G", "H3J5K-M7N9P"]))]
    backup_codes: Vec<String>,
}

/// Why something is no code.
#[derive(Debug, thiserror::Error)]
enum NoCode {
    #[error("not six digits")]
    Totp,
    #[error("not a code on paper: ten letters and digits")]
    Backup,
    #[error("send totp_code or backup_code, and not both")]
    Both,
}

impl FieldFault for NoCode {
    fn code(&self) -> &'static str {
        match self {
            Self::Totp | Self::Backup => "invalid_format",
            Self::Both => "required",
        }
    }
}

fn code(totp: Option<&str>, backup: Option<&str>) -> Result<SecondFactorCode, Invalid> {
    let mut errors = FieldErrors::default();
    let code = match (totp, backup) {
        (Some(text), None) => {
            errors.check("/totp_code", TotpCode::parse(text).ok_or(NoCode::Totp)).map(SecondFactorCode::Totp)
        }
        (None, Some(text)) => {
            errors.check("/backup_code", BackupCode::parse(text).ok_or(NoCode::Backup)).map(SecondFactorCode::Backup)
        }
        _ => errors.check("/totp_code", Err(NoCode::Both)),
    };
    code.ok_or_else(|| errors.into_invalid())
}

/// The first code of an authenticator.
pub(super) fn first_code(text: &str) -> Result<TotpCode, Invalid> {
    code_at("/code", text)
}

/// The code of an authenticator in a field.
pub(super) fn code_at(pointer: &'static str, text: &str) -> Result<TotpCode, Invalid> {
    let mut errors = FieldErrors::default();
    let code = errors.check(pointer, TotpCode::parse(text).ok_or(NoCode::Totp));
    code.ok_or_else(|| errors.into_invalid())
}

/// Look at your second factor
///
/// What is set up, since when, and how many codes on paper are left.
#[utoipa::path(
    operation_id = "getSecondFactor",
    tag = "identity",
    path = "/api/v1/me/2fa",
    responses((status = 200, description = "What you have set up.", body = SecondFactor)),
    extensions(("x-permission" = json!("identity.profile.read.own")), ("x-problems" = json!([]))),
    security(("bearer" = []))
)]
#[get("/api/v1/me/2fa")]
pub(super) async fn read(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let status = state.identity.second_factor(&caller.context).await?;
    Ok(HttpResponse::Ok().json(SecondFactor {
        totp_enabled: status.confirmed_at.is_some(),
        totp_confirmed_at: status.confirmed_at.map(moment),
        backup_codes: BackupCodes::from(&status),
    }))
}

/// Set up an authenticator
///
/// Makes a secret, shown once. Confirm it with a first code within ten minutes; a second call makes another one. Needs a
/// sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "enrollTotp",
    tag = "identity",
    path = "/api/v1/me/2fa/totp",
    responses((status = 201, description = "A secret that waits for its first code.", body = TotpEnrollment)),
    extensions(
        ("x-permission" = json!("identity.credential.update.own")),
        ("x-problems" = json!(["reauthentication_required", "totp_already_enabled"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/me/2fa/totp")]
pub(super) async fn enrol(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let enrolment = state.identity.enrol_totp(&caller.context).await?;
    Ok(HttpResponse::Created().json(TotpEnrollment::new(&enrolment)?))
}

/// Confirm an authenticator
///
/// From now on a code is asked for at each sign-in. Answers with ten codes on paper, shown once. Your other sessions end,
/// unless `revoke_others` is false. Five wrong codes drop the secret.
#[utoipa::path(
    operation_id = "confirmTotp",
    tag = "identity",
    path = "/api/v1/me/2fa/totp/confirm",
    request_body(content = ConfirmTotpRequest, description = "The first code.", example = json!({ "code": "492039" })),
    responses((status = 200, description = "A code is asked for from now on.", body = NewBackupCodes)),
    extensions(
        ("x-permission" = json!("identity.credential.update.own")),
        ("x-problems" = json!(["reauthentication_required", "totp_code_invalid", "totp_not_pending", "overloaded"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/me/2fa/totp/confirm")]
pub(super) async fn confirm(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<ConfirmTotpRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let code = first_code(&body.code)?;
    let codes = state.identity.confirm_totp(&caller.context, code, body.revoke_others.unwrap_or(true)).await?;
    Ok(HttpResponse::Ok().json(shown(&codes)))
}

/// Give up the authenticator
///
/// Needs a code of it, or one on paper, and a sign-in within the last ten minutes. The codes on paper are worthless then,
/// and your other sessions end. Where the installation asks people like you to have one, it cannot be given up.
#[utoipa::path(
    operation_id = "disableTotp",
    tag = "identity",
    path = "/api/v1/me/2fa/totp/disable",
    request_body(content = SecondFactorCodeRequest, description = "A code.", example = json!({ "totp_code": "492039" })),
    responses((status = 204, description = "No code is asked for any more.")),
    extensions(
        ("x-permission" = json!("identity.credential.update.own")),
        ("x-problems" = json!(["reauthentication_required", "totp_code_invalid", "totp_not_enabled", "mfa_locked", "overloaded"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/me/2fa/totp/disable")]
pub(super) async fn disable(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<SecondFactorCodeRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let code = code(body.totp_code.as_deref(), body.backup_code.as_deref())?;
    state.identity.disable_totp(&caller.context, code).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Count your codes on paper
///
/// The codes themselves are shown once, when they are made.
#[utoipa::path(
    operation_id = "getBackupCodes",
    tag = "identity",
    path = "/api/v1/me/2fa/backup-codes",
    responses((status = 200, description = "How many are left.", body = BackupCodes)),
    extensions(("x-permission" = json!("identity.profile.read.own")), ("x-problems" = json!([]))),
    security(("bearer" = []))
)]
#[get("/api/v1/me/2fa/backup-codes")]
pub(super) async fn count_codes(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let status = state.identity.second_factor(&caller.context).await?;
    Ok(HttpResponse::Ok().json(BackupCodes::from(&status)))
}

/// Make new codes on paper
///
/// Those of before are worthless. Needs a code of the second factor and a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "regenerateBackupCodes",
    tag = "identity",
    path = "/api/v1/me/2fa/backup-codes",
    request_body(content = SecondFactorCodeRequest, description = "A code.", example = json!({ "totp_code": "492039" })),
    responses((status = 201, description = "Ten new codes, shown once.", body = NewBackupCodes)),
    extensions(
        ("x-permission" = json!("identity.credential.update.own")),
        ("x-problems" = json!(["reauthentication_required", "totp_code_invalid", "totp_not_enabled", "mfa_locked", "overloaded"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/me/2fa/backup-codes")]
pub(super) async fn regenerate(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<SecondFactorCodeRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let code = code(body.totp_code.as_deref(), body.backup_code.as_deref())?;
    let codes = state.identity.renew_backup_codes(&caller.context, code).await?;
    Ok(HttpResponse::Created().json(shown(&codes)))
}

/// Sign in, second step
///
/// With the `challenge_token` of the first step and a code of the authenticator or one on paper. Five codes may be tried
/// within five minutes; then the sign-in has to begin anew. A code counts once.
#[utoipa::path(
    operation_id = "logInSecondStep",
    tag = "identity",
    path = "/api/v1/auth/login/2fa",
    request_body(content = SecondStepRequest, description = "The code.", example = json!({
        "challenge_token": "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW", "totp_code": "492039"
    })),
    responses((status = 200, description = "You are signed in.", body = LoginResponse)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["challenge_invalid", "mfa_code_invalid", "mfa_locked", "device_limit", "device_transfer_limit", "foreign_origin", "overloaded"])),
    ),
    security(())
)]
#[post("/api/v1/auth/login/2fa")]
pub(super) async fn second_step(
    Anyone { context, .. }: Anyone,
    request: actix_web::HttpRequest,
    state: web::Data<AppState>,
    body: Body<SecondStepRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    count_attempt(&request, &state, &context, ("login-2fa", "")).await?;
    let SecondStepRequest { challenge_token, totp_code, backup_code, refresh_cookie } = body.0;
    let (refresh, token) = RefreshIn::second_step(&request, &state, refresh_cookie, &challenge_token)?;
    let code = code(totp_code.as_deref(), backup_code.as_deref())?;
    let step = SecondStep { token, code };
    let signed_in = state.identity.log_in_second_step(&context, step).await?;
    let response = LoginResponse::authenticated(&signed_in, context.now, refresh);
    Ok(refresh.answer(&signed_in, context.now).json(response))
}

fn shown(codes: &[Secret]) -> NewBackupCodes {
    NewBackupCodes { backup_codes: codes.iter().map(|code| code.expose_secret().to_owned()).collect() }
}
