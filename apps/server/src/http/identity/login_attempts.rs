//! Who tried to sign in to one's own account.

use actix_web::{HttpResponse, get, web};
use ashlar_identity::{LoginLine, summarise_user_agent};
use ashlar_kernel::Page;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{dto::moment, sessions::PageInfo};
use crate::http::{
    AppState,
    caller::Caller,
    problem::Problem,
    query::{PageQuery, Query},
};

/// List attempts to sign in to your account
///
/// Successes and failures of the last ninety days, in whichever tenant, newest first. Attempts while nothing is tried
/// because of failures before are not among them.
#[utoipa::path(
    operation_id = "listMyLoginAttempts",
    tag = "identity",
    path = "/api/v1/me/login-attempts",
    params(PageQuery),
    responses((status = 200, description = "A page of attempts.", body = LoginAttemptPage)),
    extensions(
        ("x-permission" = json!("identity.login_attempt.read.own")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/me/login-attempts")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.identity.own_logins(&caller.context, query.limit()?, query.cursor()).await?;
    Ok(HttpResponse::Ok().json(LoginAttemptPage::from(page)))
}

/// How an attempt to sign in ended.
#[derive(Serialize, ToSchema)]
#[schema(example = "failed")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LoginAttemptOutcome {
    /// The person is in.
    Succeeded,
    /// Identifier or password were refused.
    Failed,
    /// The password was right, and the code of the second factor was not.
    SecondFactorFailed,
    /// Everything was right, and there was no place for one more device.
    DeviceRefused,
}

/// An attempt to sign in.
#[derive(Serialize, ToSchema)]
struct LoginAttempt {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Uuid,
    /// How it ended.
    #[schema(value_type = LoginAttemptOutcome)]
    outcome: &'static str,
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

/// A page of attempts to sign in.
#[derive(Serialize, ToSchema)]
struct LoginAttemptPage {
    /// The attempts, newest first.
    data: Vec<LoginAttempt>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<LoginLine>> for LoginAttemptPage {
    fn from(page: Page<LoginLine>) -> Self {
        let shown = |line: &LoginLine| LoginAttempt {
            id: line.id,
            outcome: line.outcome.as_str(),
            ip: line.ip.map(|ip| ip.to_string()),
            ua_summary: line.user_agent.as_deref().and_then(summarise_user_agent),
            created_at: moment(line.at),
        };
        Self { data: page.data.iter().map(shown).collect(), page: PageInfo::after(page.next_cursor) }
    }
}
