//! One's own devices.

use actix_web::{HttpResponse, delete, get, patch, web};
use ashlar_identity::{
    DeviceName,
    device::{DeviceId, KnownDevice},
};
use ashlar_kernel::{FieldErrors, Patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    admin::id_of,
    dto::{DevicePlatform, field, moment},
    sessions::PageInfo,
};
use crate::http::{
    AppState,
    body::{Body, nullable},
    caller::Caller,
    problem::Problem,
};

/// A device on which you have signed in.
#[derive(Serialize, ToSchema)]
struct MyDevice {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: DeviceId,
    /// What you call it.
    #[schema(required, example = "My phone")]
    name: Option<String>,
    /// What it runs, as it says.
    platform: DevicePlatform,
    /// When you first signed in on it.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    first_seen_at: String,
    /// When you last signed in on it, to the minute.
    #[schema(format = DateTime, example = "2026-01-31T09:45:00.000Z")]
    last_seen_at: String,
}

/// A device in the list.
#[derive(Serialize, ToSchema)]
struct ListedDevice {
    #[serde(flatten)]
    device: MyDevice,
    /// Whether this request comes from it.
    #[schema(example = true)]
    current: bool,
}

/// Your devices.
#[derive(Serialize, ToSchema)]
struct DevicePage {
    /// The devices, last seen first; at most 200.
    data: Vec<ListedDevice>,
    /// There is one page.
    page: PageInfo,
}

/// A change of a device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateDeviceRequest {
    /// What you call it; null for nothing.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "My phone")]
    #[expect(clippy::option_option, reason = "three states: absent, null, a value")]
    name: Option<Option<String>>,
}

impl From<&KnownDevice> for MyDevice {
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

/// List your devices
///
/// Those on which you have signed in to this tenant. A device is known by the `device.id` of its logins or by the
/// `device_token` it sends, and forgotten when nobody signs in on it for ninety days.
#[utoipa::path(
    operation_id = "listMyDevices",
    tag = "identity",
    path = "/api/v1/me/devices",
    responses((status = 200, description = "Your devices.", body = DevicePage)),
    extensions(("x-permission" = json!("identity.session.read.own")), ("x-problems" = json!([]))),
    security(("bearer" = []))
)]
#[get("/api/v1/me/devices")]
pub(super) async fn list(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let mine = state.identity.devices(&caller.context).await?;
    let line =
        |device: &KnownDevice| ListedDevice { device: device.into(), current: mine.current == Some(device.id()) };
    let data = mine.devices.iter().map(line).collect();
    Ok(HttpResponse::Ok().json(DevicePage { data, page: PageInfo::after(None) }))
}

/// Name one of your devices
///
/// Null takes the name away.
#[utoipa::path(
    operation_id = "updateMyDevice",
    tag = "identity",
    path = "/api/v1/me/devices/{id}",
    params(("id" = Uuid, Path, description = "The device.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    request_body(content = UpdateDeviceRequest, description = "What changes.", example = json!({ "name": "My phone" })),
    responses((status = 200, description = "The device.", body = MyDevice)),
    extensions(("x-permission" = json!("identity.session.revoke.own")), ("x-problems" = json!(["not_found"]))),
    security(("bearer" = []))
)]
#[patch("/api/v1/me/devices/{id}")]
pub(super) async fn update(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
    body: Body<UpdateDeviceRequest>,
) -> Result<HttpResponse, Problem> {
    let mut errors = FieldErrors::default();
    let name = field(&mut errors, "/name", body.0.name, DeviceName::parse);
    errors.finish()?;
    let device = match name {
        Patch::Keep => state.identity.device(&caller.context, id_of(&id)).await?,
        Patch::Clear => state.identity.rename_device(&caller.context, id_of(&id), None).await?,
        Patch::Set(name) => state.identity.rename_device(&caller.context, id_of(&id), Some(name)).await?,
    };
    Ok(HttpResponse::Ok().json(MyDevice::from(&device)))
}

/// Remove one of your devices
///
/// Its sessions end, the present one too if it is this device. Where the number of devices is limited, this makes room for
/// another, and is possible three times in thirty days, unless configured otherwise. Needs a sign-in within the last ten
/// minutes.
#[utoipa::path(
    operation_id = "removeMyDevice",
    tag = "identity",
    path = "/api/v1/me/devices/{id}",
    params(("id" = Uuid, Path, description = "The device.", example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")),
    responses((status = 204, description = "The device is known no more.")),
    extensions(
        ("x-permission" = json!("identity.session.revoke.own")),
        ("x-problems" = json!(["reauthentication_required", "not_found", "device_transfer_limit"])),
    ),
    security(("bearer" = []))
)]
#[delete("/api/v1/me/devices/{id}")]
pub(super) async fn remove(
    caller: Caller,
    state: web::Data<AppState>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.identity.remove_device(&caller.context, id_of(&id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
