//! The tenants of the installation, for its operators.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use ashlar_identity::{OpenTenant, Tenancy};
use ashlar_kernel::{StoredAnswer, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{admin::id_of, dto::moment, sessions::PageInfo};
use crate::http::{
    AppState,
    body::Body,
    caller::Caller,
    idempotency::{Begun, answer, begin},
    problem::Problem,
    query::{PageQuery, Query},
};

/// A tenant as the operators of the installation see it.
#[derive(Serialize, ToSchema)]
struct Tenant {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: TenantId,
    /// Its short name, as in `X-Tenant`.
    #[schema(example = "acme")]
    slug: String,
    /// What people call it.
    #[schema(example = "Acme Ltd")]
    name: String,
    /// Since when its members are refused; null if they are let in.
    #[schema(required, format = DateTime, example = "2026-02-01T08:00:00.000Z")]
    suspended_at: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
}

/// A page of tenants.
#[derive(Serialize, ToSchema)]
struct TenantPage {
    /// The tenants, by short name.
    data: Vec<Tenant>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<&Tenancy> for Tenant {
    fn from(tenancy: &Tenancy) -> Self {
        let tenant = tenancy.tenant();
        Self {
            id: tenant.id,
            slug: tenant.slug.to_string(),
            name: tenant.name.clone(),
            suspended_at: tenancy.suspended_at().map(moment),
            created_at: moment(tenancy.created_at()),
            updated_at: moment(tenancy.updated_at()),
        }
    }
}

/// A tenant to open.
#[derive(Deserialize, ToSchema)]
pub(super) struct OpenTenantRequest {
    /// Its short name: lower-case letters, digits and inner hyphens. It cannot be changed.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", example = "acme")]
    slug: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, example = "Acme Ltd")]
    name: String,
    /// The address of an account, which becomes the tenant's first administrator.
    #[schema(format = "idn-email", max_length = 254, example = "ada@example.org")]
    admin_email: String,
}

/// List the tenants
///
/// By their short names. For operators of the installation.
#[utoipa::path(
    operation_id = "listTenants",
    tag = "identity",
    path = "/api/v1/admin/tenants",
    params(PageQuery),
    responses((status = 200, description = "A page of tenants.", body = TenantPage)),
    extensions(
        ("x-permission" = json!("identity.tenant.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []))
)]
#[get("/api/v1/admin/tenants")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = state.identity.tenants(&caller.context, query.limit()?, query.cursor()).await?;
    let data = page.data.iter().map(Tenant::from).collect();
    Ok(HttpResponse::Ok().json(TenantPage { data, page: PageInfo::after(page.next_cursor) }))
}

/// Open a tenant
///
/// Somebody who has an account becomes its first administrator. For operators of the installation.
#[utoipa::path(
    operation_id = "openTenant",
    tag = "identity",
    path = "/api/v1/admin/tenants",
    request_body(content = OpenTenantRequest, description = "The tenant to open.", example = json!({
        "slug": "acme", "name": "Acme Ltd", "admin_email": "ada@example.org"
    })),
    responses((status = 201, description = "The tenant is open.", body = Tenant)),
    extensions(
        ("x-permission" = json!("identity.tenant.manage")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["slug_taken", "operator_account"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/tenants")]
pub(super) async fn open(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<OpenTenantRequest>,
) -> Result<HttpResponse, Problem> {
    let context = &caller.context;
    let command = OpenTenant::parse(&body.slug, &body.name, &body.admin_email)?;
    let ticket = match begin(&request, &state, context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let outcome = state.identity.open_tenant(context, command.once(ticket.once(opened))).await;
    ticket.end(context, outcome.map(|tenancy| opened(&tenancy)).map_err(Problem::from)).await
}

fn opened(tenancy: &Tenancy) -> StoredAnswer {
    answer(StatusCode::CREATED, &Tenant::from(tenancy))
}

/// Suspend a tenant
///
/// Its members are refused from now on, on every server within five seconds, until it is resumed. Nothing is deleted,
/// and their sessions live on. For operators of the installation. Doing it twice is no error.
#[utoipa::path(
    operation_id = "suspendTenant",
    tag = "identity",
    path = "/api/v1/admin/tenants/{id}/suspend",
    params(("id" = Uuid, Path, description = "The tenant.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The tenant, suspended.", body = Tenant)),
    extensions(("x-permission" = json!("identity.tenant.manage")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/tenants/{id}/suspend")]
pub(super) async fn suspend(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let tenancy = state.identity.suspend_tenant(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(Tenant::from(&tenancy)))
}

/// Resume a tenant
///
/// Its members are let in again. For operators of the installation. Doing it twice is no error.
#[utoipa::path(
    operation_id = "resumeTenant",
    tag = "identity",
    path = "/api/v1/admin/tenants/{id}/resume",
    params(("id" = Uuid, Path, description = "The tenant.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The tenant, which lets its members in.", body = Tenant)),
    extensions(("x-permission" = json!("identity.tenant.manage")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/tenants/{id}/resume")]
pub(super) async fn resume(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let tenancy = state.identity.resume_tenant(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::Ok().json(Tenant::from(&tenancy)))
}
