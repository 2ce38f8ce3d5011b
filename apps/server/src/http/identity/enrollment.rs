//! Set up a second factor in the middle of a sign-in, because the installation asks for one.

use actix_web::{HttpRequest, HttpResponse, post, web};
use ashlar_identity::PendingLogin;
use ashlar_kernel::{ExposeSecret as _, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    login_dto::{AuthenticatedLogin, SecondFactorMethod},
    refresh_cookie::{self, RefreshIn},
    second_factor::{TotpEnrollment, first_code},
};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body},
    caller::Anyone,
    limited::count,
    problem::Problem,
};

/// The installation asks for a second factor of people like you, and you have none. Set one up:
/// `/api/v1/auth/login/2fa/totp`.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrollmentLogin {
    /// Always `mfa_enrollment_required`.
    status: EnrollmentStatus,
    /// Comes with the next two requests; good for nothing else.
    #[schema(example = "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    challenge_token: String,
    /// For how many seconds it is good.
    #[schema(minimum = 0, example = 300)]
    expires_in: i64,
    /// What can be set up.
    #[schema(value_type = Vec<SecondFactorMethod>, example = json!(["totp"]))]
    methods: [SecondFactorMethod; 1],
}

/// Always `mfa_enrollment_required`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EnrollmentStatus {
    /// A second factor has to be set up first.
    MfaEnrollmentRequired,
}

impl EnrollmentLogin {
    /// The answer to a login whose password was right, of somebody who has to set up a second factor.
    pub(super) fn new(pending: &PendingLogin, now: Timestamp, refresh: RefreshIn) -> Self {
        Self {
            status: EnrollmentStatus::MfaEnrollmentRequired,
            challenge_token: refresh.remembered_in(&pending.token),
            expires_in: (pending.expires_at - now).num_seconds().max(0),
            methods: [SecondFactorMethod::Totp],
        }
    }
}

/// Which sign-in goes on.
#[derive(Deserialize, ToSchema)]
pub(super) struct EnrollmentRequest {
    /// The `challenge_token` of the first step.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    challenge_token: Secret,
}

/// Which sign-in goes on, and the first code of the authenticator.
#[derive(Deserialize, ToSchema)]
pub(super) struct EnrollmentConfirmationRequest {
    /// The `challenge_token` of the first step.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    challenge_token: Secret,
    /// Six digits, blanks between them or not.
    #[schema(min_length = 6, max_length = 16, example = "492039")]
    code: String,
    /// For pages of this server: puts the refresh token into the cookie `__Host-refresh` instead of the answer. If absent, it
    /// is as the first step said.
    #[schema(example = true)]
    refresh_cookie: Option<bool>,
}

/// You are signed in, and have a second factor.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrolledLogin {
    /// The sign-in.
    #[serde(flatten)]
    login: AuthenticatedLogin,
    /// Codes on paper, for when the authenticator is lost. They are shown this once; each is good once.
    #[schema(min_items = 10, max_items = 10, example = json!(["7K3QD-9XWPA", "M2N8R-0TVYB", "4H6JE-1CZGS", "P5Q7W-3XDKA", "9R2TB-6YMVN",
        "0E4FG-8HJCS", "ZK1M5-N7PQ3", "R6T9V-W2XYB", "D8A4C-E0F1G", "H3J5K-M7N9P"]))]
    backup_codes: Vec<String>,
}

/// Set up an authenticator to sign in
///
/// For people of whom the installation asks a second factor (`status` is `mfa_enrollment_required`). Makes a secret, shown
/// once; a second call makes another one. Confirm it with its first code.
#[utoipa::path(
    operation_id = "enrollTotpAtLogin",
    tag = "identity",
    path = "/api/v1/auth/login/2fa/totp",
    request_body(content = EnrollmentRequest, description = "The sign-in.", example = json!({
        "challenge_token": "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW"
    })),
    responses((status = 201, description = "A secret that waits for its first code.", body = TotpEnrollment)),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!(["challenge_invalid"]))),
    security(())
)]
#[post("/api/v1/auth/login/2fa/totp")]
pub(super) async fn enrol(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<EnrollmentRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    count(&request, &state, state.limits.attempt("login-2fa", context.client_ip, ""), context.now).await?;
    let (token, _wish) = refresh_cookie::bare(&body.challenge_token);
    let enrolment = state.identity.enrol_at_log_in(&context, &token).await?;
    Ok(HttpResponse::Created().json(TotpEnrollment::new(&enrolment)?))
}

/// Confirm an authenticator and sign in
///
/// Answers with the tokens of a session and with ten codes on paper, shown once. Your other sessions end. Five codes may be
/// tried; then the sign-in has to begin anew.
#[utoipa::path(
    operation_id = "confirmTotpAtLogin",
    tag = "identity",
    path = "/api/v1/auth/login/2fa/totp/confirm",
    request_body(content = EnrollmentConfirmationRequest, description = "The sign-in and the first code.", example = json!({
        "challenge_token": "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW", "code": "492039"
    })),
    responses((status = 200, description = "You are signed in, and a code is asked for from now on.", body = EnrolledLogin)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["challenge_invalid", "mfa_code_invalid", "totp_not_pending", "device_limit", "device_transfer_limit", "foreign_origin", "overloaded"])),
    ),
    security(())
)]
#[post("/api/v1/auth/login/2fa/totp/confirm")]
pub(super) async fn confirm(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<EnrollmentConfirmationRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    count(&request, &state, state.limits.attempt("login-2fa", context.client_ip, ""), context.now).await?;
    let (refresh, token) = RefreshIn::second_step(&request, &state, body.refresh_cookie, &body.challenge_token)?;
    let code = first_code(&body.code)?;
    let enrolled = state.identity.confirm_at_log_in(&context, &token, code).await?;
    Ok(refresh.answer(&enrolled.signed_in, context.now).json(EnrolledLogin {
        login: AuthenticatedLogin::new(&enrolled.signed_in, context.now, refresh),
        backup_codes: enrolled.backup_codes.iter().map(|code| code.expose_secret().to_owned()).collect(),
    }))
}
