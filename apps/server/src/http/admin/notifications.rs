//! What needs somebody's attention.

use actix_web::{HttpResponse, get, post, web};
use ashlar_admin::{Notification as Stored, NotificationId};
use ashlar_kernel::{Id, Page};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::query::NotificationListQuery;
use crate::http::{
    AppState,
    caller::Caller,
    page::{PageInfo, moment},
    problem::Problem,
    query::Query,
};

/// How much something matters.
#[derive(Serialize, ToSchema)]
#[schema(example = "warning")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum NotificationSeverity {
    /// Good to know.
    Info,
    /// Somebody should look, today.
    Warning,
    /// Somebody should look, now.
    Critical,
}

/// Something that is, or was, the matter.
#[derive(Serialize, ToSchema)]
struct Notification {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: NotificationId,
    /// How much it matters.
    #[schema(value_type = NotificationSeverity)]
    severity: &'static str,
    /// Which part of the program it is about.
    #[schema(example = "jobs")]
    source: String,
    /// What is the matter, the same each time. Of what is not resolved there is one notification for each.
    #[schema(example = "jobs.dead:mail.send")]
    key: String,
    /// What is the matter, for people.
    #[schema(example = "Jobs mail.send were given up: 3")]
    title: String,
    /// In how many checks it was noticed. There is one about every thirty seconds.
    #[schema(minimum = 1, example = 7)]
    count: i64,
    /// When it was noticed first.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    first_at: String,
    /// When it was noticed last.
    #[schema(format = DateTime, example = "2026-01-31T09:33:00.000Z")]
    last_at: String,
    /// Who said that they look after it.
    #[schema(required, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    acknowledged_by: Option<Uuid>,
    /// When they did.
    #[schema(required, format = DateTime, example = "2026-01-31T09:35:00.000Z")]
    acknowledged_at: Option<String>,
    /// Since when it is the matter no more.
    #[schema(required, format = DateTime, example = "2026-01-31T09:40:00.000Z")]
    resolved_at: Option<String>,
}

/// A page of notifications.
#[derive(Serialize, ToSchema)]
struct NotificationPage {
    /// The notifications, newest first.
    data: Vec<Notification>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<&Stored> for Notification {
    fn from(stored: &Stored) -> Self {
        let row = stored.row();
        Self {
            id: stored.id(),
            severity: stored.severity().as_str(),
            source: row.source.clone(),
            key: row.dedupe_key.clone(),
            title: row.title.clone(),
            count: row.count,
            first_at: moment(row.first_at),
            last_at: moment(row.last_at),
            acknowledged_by: row.acknowledged_by,
            acknowledged_at: row.acknowledged_at.map(moment),
            resolved_at: row.resolved_at.map(moment),
        }
    }
}

impl From<Page<Stored>> for NotificationPage {
    fn from(page: Page<Stored>) -> Self {
        Self { data: page.data.iter().map(Notification::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// List notifications
///
/// What needs attention in the tenant, newest first; in the tenant `main` also what concerns the installation. They come
/// and are resolved by themselves, and are kept for ninety days after that.
#[utoipa::path(
    operation_id = "listNotifications",
    tag = "admin",
    path = "/api/v1/admin/notifications",
    params(NotificationListQuery),
    responses((status = 200, description = "A page of notifications.", body = NotificationPage)),
    extensions(
        ("x-permission" = json!("admin.notification.read")),
        ("x-problems" = json!(["invalid_parameter", "invalid_cursor"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/admin/notifications")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    query: Query<NotificationListQuery>,
) -> Result<HttpResponse, Problem> {
    let filter = query.filter()?;
    let page = query.0.page();
    let found = state.notifications.list(&caller.context, filter, (page.limit()?, page.cursor())).await?;
    Ok(HttpResponse::Ok().json(NotificationPage::from(found)))
}

/// Acknowledge a notification
///
/// You look after it. Who was first is remembered; to all who come after, the answer is the same.
#[utoipa::path(
    operation_id = "acknowledgeNotification",
    tag = "admin",
    path = "/api/v1/admin/notifications/{id}/acknowledge",
    params(("id" = Uuid, Path, description = "The notification.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "The notification as it is now.", body = Notification)),
    extensions(("x-permission" = json!("admin.notification.acknowledge")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []), ("api_key" = []))
)]
#[post("/api/v1/admin/notifications/{id}/acknowledge")]
pub(super) async fn acknowledge(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = id.parse().unwrap_or(Id::from_uuid(Uuid::nil()));
    let notification = state.notifications.acknowledge(&caller.context, id).await?;
    Ok(HttpResponse::Ok().json(Notification::from(&notification)))
}
