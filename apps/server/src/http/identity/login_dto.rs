//! What a sign-in is answered with.

use ashlar_identity::{PendingLogin, SignedIn};
use ashlar_kernel::{ExposeSecret, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{dto::Tokens, enrollment::EnrollmentLogin, refresh_cookie::RefreshIn};

/// What became of a login; look at `status`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "status", mapping(
    ("authenticated" = "#/components/schemas/AuthenticatedLogin"), ("mfa_required" = "#/components/schemas/SecondFactorLogin"),
    ("mfa_enrollment_required" = "#/components/schemas/EnrollmentLogin"))))]
pub(super) enum LoginResponse {
    /// The person is signed in.
    Authenticated(Box<AuthenticatedLogin>),
    /// A code of the second factor is asked for.
    SecondFactor(SecondFactorLogin),
    /// A second factor has to be set up first.
    Enrollment(EnrollmentLogin),
}

/// A code of the second factor is asked for: `/api/v1/auth/login/2fa`.
#[derive(Serialize, ToSchema)]
pub(super) struct SecondFactorLogin {
    /// Always `mfa_required`.
    status: SecondFactorStatus,
    /// Comes with the code.
    #[schema(example = "asa1_AwGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    challenge_token: String,
    /// For how many seconds it is good.
    #[schema(minimum = 0, example = 300)]
    expires_in: i64,
    /// Which codes will do.
    #[schema(value_type = Vec<SecondFactorMethod>, example = json!(["totp", "backup_code"]))]
    methods: [SecondFactorMethod; 2],
}

/// Always `mfa_required`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SecondFactorStatus {
    /// A code is asked for.
    MfaRequired,
}

/// A kind of code.
#[derive(Serialize, ToSchema)]
#[schema(example = "totp")]
#[serde(rename_all = "snake_case")]
pub(super) enum SecondFactorMethod {
    /// Of an authenticator.
    Totp,
    /// On paper.
    BackupCode,
}

/// What the owner should do something about.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(example = "backup_codes_low")]
#[serde(rename_all = "snake_case")]
pub(super) enum LoginWarning {
    /// Three codes on paper or fewer are left: make new ones.
    BackupCodesLow,
    /// The password is one that everybody tries first: choose another.
    PasswordWeak,
}

/// The person is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct AuthenticatedLogin {
    /// Always `authenticated`.
    status: AuthenticatedStatus,
    /// Keep it and send it with the next login on this device: it is then not held up when strangers guess. Good for 90
    /// days; proves nothing by itself.
    #[schema(example = "asd1_T3rZ0nqk0mVd1uQ7")]
    device_token: String,
    /// What the owner should do something about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<LoginWarning>,
    #[serde(flatten)]
    tokens: Tokens,
}

/// Always `authenticated`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuthenticatedStatus {
    /// The person is signed in.
    Authenticated,
}

impl LoginResponse {
    /// The answer to a login that went well.
    pub(super) fn authenticated(signed_in: &SignedIn, now: Timestamp, refresh: RefreshIn) -> Self {
        Self::Authenticated(Box::new(AuthenticatedLogin::new(signed_in, now, refresh)))
    }

    /// The answer to a login whose password was right.
    pub(super) fn second_factor(pending: &PendingLogin, now: Timestamp, refresh: RefreshIn) -> Self {
        Self::SecondFactor(SecondFactorLogin {
            status: SecondFactorStatus::MfaRequired,
            challenge_token: refresh.remembered_in(&pending.token),
            expires_in: (pending.expires_at - now).num_seconds().max(0),
            methods: [SecondFactorMethod::Totp, SecondFactorMethod::BackupCode],
        })
    }
}

impl AuthenticatedLogin {
    /// The answer to a login that went well.
    pub(super) fn new(signed_in: &SignedIn, now: Timestamp, refresh: RefreshIn) -> Self {
        let device_token = signed_in.device_token.as_ref().map_or_else(String::new, |t| t.expose_secret().to_owned());
        let (status, tokens) = (AuthenticatedStatus::Authenticated, Tokens::new(signed_in, now, refresh));
        let few_codes = signed_in.has_few_codes.then_some(LoginWarning::BackupCodesLow);
        let weak = signed_in.account.is_password_weak.then_some(LoginWarning::PasswordWeak);
        let warnings = few_codes.into_iter().chain(weak).collect();
        Self { status, device_token, warnings, tokens }
    }
}
