//! Between rows and the domain's types.

use ashlar_identity::device::{KnownDevice, KnownDeviceRow};
use ashlar_kernel::{StoreError, Timestamp};
use sea_orm::ActiveValue::Set;

use super::entity::{ActiveModel, Model};

/// Every column that changes.
pub(super) fn changed(row: KnownDeviceRow, now: Timestamp) -> ActiveModel {
    ActiveModel {
        name: Set(row.name),
        ended_at: Set(row.ended_at),
        ended_reason: Set(row.ended_reason),
        updated_at: Set(now),
        version: Set(row.version),
        ..Default::default()
    }
}

pub(super) fn new(row: KnownDeviceRow, now: Timestamp) -> ActiveModel {
    ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        user_id: Set(row.user_id),
        client_id: Set(row.client_id.clone()),
        trace: Set(row.trace.clone()),
        platform: Set(row.platform.clone()),
        place: Set(row.place),
        last_seen_at: Set(row.last_seen_at),
        created_at: Set(row.first_seen_at),
        ..changed(row, now)
    }
}

pub(crate) fn restore(row: Model) -> Result<KnownDevice, StoreError> {
    KnownDevice::restore(KnownDeviceRow {
        id: row.id,
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        client_id: row.client_id,
        trace: row.trace,
        name: row.name,
        platform: row.platform,
        place: row.place,
        first_seen_at: row.created_at,
        last_seen_at: row.last_seen_at,
        ended_at: row.ended_at,
        ended_reason: row.ended_reason,
        version: row.version,
    })
}
