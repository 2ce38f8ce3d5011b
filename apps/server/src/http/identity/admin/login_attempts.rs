//! Who tried to sign in to a tenant.

use actix_web::{HttpResponse, get, web};
use ashlar_identity::{LoginLine, UserId, summarise_user_agent};
use ashlar_kernel::Page;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::login_attempt_query::LoginAttemptQuery;
use crate::http::{
    AppState,
    caller::Caller,
    identity::{dto::moment, login_attempts::LoginAttemptOutcome, sessions::PageInfo},
    problem::Problem,
    query::Query,
};

/// List attempts to sign in to the tenant
///
/// Successes and failures of the last ninety days, newest first, also with identifiers that nobody has. What was typed is
/// not kept, only a pseudonym of it: `identifier` finds it again. Addresses of successes are shortened, to 24 bits, or 48
/// of IPv6. Page 10,000 costs what page 1 costs.
#[utoipa::path(
    operation_id = "listLoginAttempts",
    tag = "identity",
    path = "/api/v1/admin/login-attempts",
    params(LoginAttemptQuery),
    responses((status = 200, description = "A page of attempts.", body = AdminLoginAttemptPage)),
    extensions(
        ("x-permission" = json!("identity.login_attempt.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/admin/login-attempts")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<LoginAttemptQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.identity.tenant_logins(&caller.context, query.command()?).await?;
    Ok(HttpResponse::Ok().json(AdminLoginAttemptPage::from(page)))
}

/// An attempt to sign in, as administrators see it.
#[derive(Serialize, ToSchema)]
struct AdminLoginAttempt {
    /// Its id, which is that of its event.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Uuid,
    /// On whose account; null if nobody has the identifier.
    #[schema(required, value_type = Option<Uuid>, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    user_id: Option<UserId>,
    /// Of a failure: a pseudonym of what was typed, the same for every spelling.
    #[schema(required, example = "kW3vB1cQ0pT9rX2yZ5aLdA")]
    identifier_hmac: Option<String>,
    /// How it ended.
    #[schema(value_type = LoginAttemptOutcome)]
    outcome: &'static str,
    /// Of a failure: why.
    #[schema(required, value_type = Option<LoginAttemptReason>)]
    reason: Option<&'static str>,
    /// Where it came from.
    #[schema(required, example = "192.0.2.7")]
    ip: Option<String>,
    /// The browser or program in a few words.
    #[schema(required, example = "Firefox on Android")]
    ua_summary: Option<String>,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
}

/// Why an attempt to sign in failed. Whoever tried was told of `tenant_suspended` and `email_unverified` only.
#[derive(Serialize, ToSchema)]
#[schema(example = "wrong_password")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
enum LoginAttemptReason {
    /// Nobody has the identifier.
    UnknownIdentifier,
    /// The password is another.
    WrongPassword,
    /// The account is shut.
    Disabled,
    /// The person is no member of the tenant.
    NoMembership,
    /// The address has not been verified.
    EmailUnverified,
    /// The tenant is suspended.
    TenantSuspended,
}

/// A page of attempts to sign in, as administrators see them.
#[derive(Serialize, ToSchema)]
struct AdminLoginAttemptPage {
    /// The attempts, newest first.
    data: Vec<AdminLoginAttempt>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<LoginLine>> for AdminLoginAttemptPage {
    fn from(page: Page<LoginLine>) -> Self {
        let shown = |line: &LoginLine| AdminLoginAttempt {
            id: line.id,
            user_id: line.user,
            identifier_hmac: line.identifier_hmac.clone(),
            outcome: line.outcome.as_str(),
            reason: line.reason.map(ashlar_identity::LoginFailure::as_str),
            ip: line.ip.map(|ip| ip.to_string()),
            ua_summary: line.user_agent.as_deref().and_then(summarise_user_agent),
            created_at: moment(line.at),
        };
        Self { data: page.data.iter().map(shown).collect(), page: PageInfo::after(page.next_cursor) }
    }
}
