//! Writes: each saves a change and then, as its last statement, the events that explain it.

use ashlar_identity::{
    UserId,
    device::{DeviceEvent, DeviceId, KnownDevice},
    port::DeviceTx,
};
use ashlar_kernel::{Change, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::{
    entity::{ActiveModel, Column, Entity},
    mapping,
    store::is_theirs,
};
use crate::{errors::UniqueKey, transaction::SqlTx};

const CLIENT_ID: UniqueKey =
    UniqueKey { constraint: "device_client_id_idx", columns: "device.tenant_id, device.user_id, device.client_id" };
const PLACE: UniqueKey =
    UniqueKey { constraint: "device_place_idx", columns: "device.tenant_id, device.user_id, device.place" };

impl SqlTx {
    async fn look_for_devices(&mut self, whose: Condition, since: Timestamp) -> Result<Vec<KnownDevice>, StoreError> {
        self.enter()?;
        let counts = Condition::any().add(Column::EndedAt.is_null()).add(Column::EndedAt.gt(since));
        let found = Entity::find().filter(whose).filter(counts).order_by_asc(Column::Id);
        let rows = found.all(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore).collect()
    }
}

#[async_trait]
impl DeviceTx for SqlTx {
    async fn devices(
        &mut self,
        tenant: TenantId,
        user: UserId,
        since: Timestamp,
    ) -> Result<Vec<KnownDevice>, StoreError> {
        self.look_for_devices(is_theirs(tenant, user), since).await
    }

    async fn devices_everywhere(&mut self, user: UserId, since: Timestamp) -> Result<Vec<KnownDevice>, StoreError> {
        self.look_for_devices(Condition::all().add(Column::UserId.eq(user.as_uuid())), since).await
    }

    async fn insert_device(&mut self, change: Change<KnownDevice, DeviceEvent>) -> Result<(), StoreError> {
        let (device, events) = self.open(change)?;
        let row = mapping::new(device.to_row(), self.context().now);
        Entity::insert(row).exec_without_returning(&self.tx).await.map_err(|error| {
            let was_late = [CLIENT_ID, PLACE].iter().any(|key| key.is_broken_by(&error));
            if was_late { StoreError::Stale } else { self.write_error(error) }
        })?;
        self.explain(events).await
    }

    async fn update_device(&mut self, change: Change<KnownDevice, DeviceEvent>) -> Result<(), StoreError> {
        let (device, events) = self.open(change)?;
        let row = device.to_row();
        let before = row.version - 1;
        let done = Entity::update_many()
            .set(mapping::changed(row, self.context().now))
            .filter(Column::Id.eq(device.id().as_uuid()))
            .filter(Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    async fn touch_device(&mut self, id: DeviceId, at: Timestamp) -> Result<(), StoreError> {
        self.enter()?;
        let touched = ActiveModel { last_seen_at: Set(at), ..Default::default() };
        let done = Entity::update_many().set(touched).filter(Column::Id.eq(id.as_uuid())).exec(&self.tx).await;
        done.map_err(|error| self.write_error(error))?;
        self.leave();
        Ok(())
    }
}
