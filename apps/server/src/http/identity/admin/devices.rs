//! On which devices the people of a tenant sign in.

use actix_web::{HttpResponse, delete, get, web};
use ashlar_identity::device::{DeviceId, KnownDevice};
use serde::Serialize;
use utoipa::ToSchema;

use super::id_of;
use crate::http::{
    AppState,
    caller::Caller,
    identity::{
        dto::{DevicePlatform, moment},
        sessions::PageInfo,
    },
    problem::Problem,
};

/// A device of somebody, as administrators see it.
#[derive(Serialize, ToSchema)]
struct UserDevice {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: DeviceId,
    /// What its owner calls it.
    #[schema(required, example = "My phone")]
    name: Option<String>,
    /// What it runs, as it says.
    platform: DevicePlatform,
    /// When they first signed in on it.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    first_seen_at: String,
    /// When they last signed in on it, to the minute.
    #[schema(format = DateTime, example = "2026-01-31T09:45:00.000Z")]
    last_seen_at: String,
}

/// The devices of somebody.
#[derive(Serialize, ToSchema)]
struct UserDevicePage {
    /// The devices, last seen first; at most 200.
    data: Vec<UserDevice>,
    /// There is one page.
    page: PageInfo,
}

impl From<&KnownDevice> for UserDevice {
    fn from(device: &KnownDevice) -> Self {
        Self {
            id: device.id(),
            name: device.name().map(|name| name.as_str().to_owned()),
            platform: device.platform().into(),
            first_seen_at: moment(device.first_seen_at()),
            last_seen_at: moment(device.last_seen_at()),
        }
    }
}

/// List somebody's devices
///
/// Those on which they sign in to this tenant. What a device says about itself is unproven.
#[utoipa::path(
    operation_id = "listUserDevices",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/devices",
    params(("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 200, description = "Their devices.", body = UserDevicePage)),
    extensions(("x-permission" = json!("identity.session.read")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []))
)]
#[get("/api/v1/admin/users/{id}/devices")]
pub(super) async fn list(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let devices = state.identity.user_devices(&caller.context, id_of(&id)).await?;
    let data = devices.iter().map(UserDevice::from).collect();
    Ok(HttpResponse::Ok().json(UserDevicePage { data, page: PageInfo::after(None) }))
}

/// Remove one of somebody's devices
///
/// For people who have lost it, where the number of devices is limited: there is room for another one at once. Its sessions
/// end, and the person is told by mail. Find out first who is asking you. Your own devices are removed at
/// `/api/v1/me/devices`. Needs a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "removeUserDevice",
    tag = "identity",
    path = "/api/v1/admin/users/{id}/devices/{device_id}",
    params(
        ("id" = Uuid, Path, description = "The account.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("device_id" = Uuid, Path, description = "The device.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c"),
    ),
    responses((status = 204, description = "The device is known no more.")),
    extensions(
        ("x-permission" = json!("identity.session.revoke")),
        ("x-problems" = json!(["not_found", "reauthentication_required", "self_administration"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/admin/users/{id}/devices/{device_id}")]
pub(super) async fn remove(
    caller: Caller,
    state: web::Data<AppState>,
    ids: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (user, device) = ids.into_inner();
    state.identity.remove_user_device(&caller.context, id_of(&user), id_of(&device)).await?;
    Ok(HttpResponse::NoContent().finish())
}
