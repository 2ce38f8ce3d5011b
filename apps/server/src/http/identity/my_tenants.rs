//! The tenants one is a member of.

use actix_web::{HttpResponse, get, post, web};
use ashlar_identity::{MembershipLine, SessionId, SignedIn};
use ashlar_kernel::{ExposeSecret, FieldErrors, FieldFault, Invalid, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    dto::{TokenType, User, UserRole, moment},
    sessions::PageInfo,
};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body},
    caller::Caller,
    problem::Problem,
    query::{PageQuery, Query},
};

/// One of the tenants you are a member of.
#[derive(Serialize, ToSchema)]
struct Membership {
    /// The tenant.
    #[schema(value_type = Uuid, example = "01900000-0000-7000-8000-000000000001")]
    tenant_id: TenantId,
    /// Its short name, as in `X-Tenant`.
    #[schema(example = "main")]
    tenant_slug: String,
    /// What people call it.
    #[schema(example = "Main")]
    tenant_name: String,
    /// Whether its members are refused at present.
    #[schema(example = false)]
    is_suspended: bool,
    /// Whether this request was made in it.
    #[schema(example = true)]
    current: bool,
    /// What you are there.
    #[schema(value_type = UserRole)]
    role: &'static str,
    /// Since when.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    member_since: String,
}

/// A page of memberships.
#[derive(Serialize, ToSchema)]
struct MembershipPage {
    /// The memberships, by the short name of the tenant.
    data: Vec<Membership>,
    /// Where the next page begins.
    page: PageInfo,
}

impl Membership {
    fn of(line: &MembershipLine, current: TenantId) -> Self {
        Self {
            tenant_id: line.tenant.id,
            tenant_slug: line.tenant.slug.to_string(),
            tenant_name: line.tenant.name.clone(),
            is_suspended: line.is_suspended,
            current: line.tenant.id == current,
            role: line.role.as_str(),
            member_since: moment(line.member_since),
        }
    }
}

/// List your memberships
///
/// The tenants you are a member of, by their short names, and what you are there.
#[utoipa::path(
    operation_id = "listMyMemberships",
    tag = "identity",
    path = "/api/v1/me/memberships",
    params(PageQuery),
    responses((status = 200, description = "A page of your memberships.", body = MembershipPage)),
    extensions(
        ("x-permission" = json!("identity.membership.read.own")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/me/memberships")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.identity.my_memberships(&caller.context, query.limit()?, query.cursor()).await?;
    let data = page.data.iter().map(|line| Membership::of(line, caller.context.tenant)).collect();
    Ok(HttpResponse::Ok().json(MembershipPage { data, page: PageInfo::after(page.next_cursor) }))
}

/// The tenant to go on in.
#[derive(Deserialize, ToSchema)]
pub(super) struct SwitchTenantRequest {
    /// Its id, as in your memberships.
    #[schema(value_type = Uuid, example = "01900000-0000-7000-8000-000000000001")]
    tenant_id: String,
}

/// The text is no id.
#[derive(Debug, thiserror::Error)]
#[error("not a UUID")]
struct NotAnId;

impl FieldFault for NotAnId {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

impl SwitchTenantRequest {
    fn tenant(&self) -> Result<TenantId, Invalid> {
        let mut errors = FieldErrors::default();
        let id = self.tenant_id.parse().map_err(|_syntax| NotAnId);
        errors.check("/tenant_id", id).ok_or_else(|| errors.into_invalid())
    }
}

/// An access token for another tenant, of the same session. Its refresh token stays as it is.
#[derive(Serialize, ToSchema)]
struct SwitchedTenant {
    /// Send it as `Authorization: Bearer <access_token>`. Those of before are refused from now on.
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.eyJzdWIiOiJ4In0.c2ln")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = TokenType, example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(minimum = 0, example = 900)]
    expires_in: i64,
    /// The session.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    session_id: SessionId,
    /// The tenant you are in now.
    #[schema(value_type = Uuid, example = "01900000-0000-7000-8000-000000000001")]
    tenant_id: TenantId,
    /// Your account, as it is there.
    user: User,
}

impl SwitchedTenant {
    fn new(signed_in: &SignedIn, tenant_id: TenantId, now: Timestamp) -> Self {
        Self {
            access_token: signed_in.access_token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: (signed_in.access_expires_at - now).num_seconds().max(0),
            session_id: signed_in.session,
            tenant_id,
            user: User::from(&signed_in.account),
        }
    }
}

/// Go on in another tenant
///
/// The session stays, with its refresh token; the answer is an access token for the other tenant. A tenant you are no
/// member of answers as one that does not exist. Where the number of devices is limited, the device of the session needs a
/// place in the other tenant, as a sign-in there would.
#[utoipa::path(
    operation_id = "switchTenant",
    tag = "identity",
    path = "/api/v1/auth/switch-tenant",
    request_body(content = SwitchTenantRequest, description = "The tenant.", example = json!({
        "tenant_id": "01900000-0000-7000-8000-000000000001"
    })),
    responses((status = 200, description = "You are in the tenant.", body = SwitchedTenant)),
    extensions(
        ("x-permission" = json!("identity.session.switch_tenant.own")),
        ("x-problems" = json!(["not_found", "tenant_suspended", "device_limit", "device_transfer_limit"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/auth/switch-tenant")]
pub(super) async fn switch(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<SwitchTenantRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let tenant = body.tenant()?;
    let signed_in = state.identity.switch_tenant(&caller.context, tenant).await?;
    Ok(HttpResponse::Ok().json(SwitchedTenant::new(&signed_in, tenant, caller.context.now)))
}
