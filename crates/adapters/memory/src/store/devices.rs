//! Devices, in process.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use ashlar_identity::{
    UserId,
    device::{DeviceEvent, DeviceId, KnownDevice, KnownDeviceRow},
    port::{DeviceTx, Devices},
};
use ashlar_kernel::{Change, StoreError, TenantId, Timestamp};
use async_trait::async_trait;

use super::{MemoryStore, transaction::MemoryTx};

/// The devices as a table: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct DeviceTable(Arc<BTreeMap<DeviceId, KnownDevice>>);

impl DeviceTable {
    fn of(&self, tenant: TenantId, user: UserId) -> impl Iterator<Item = &KnownDevice> {
        self.0.values().filter(move |device| device.tenant() == tenant && device.user() == user)
    }

    fn known(&self, tenant: TenantId, user: UserId) -> Vec<KnownDevice> {
        let mut known: Vec<_> = self.of(tenant, user).filter(|device| device.ended().is_none()).cloned().collect();
        known.sort_unstable_by_key(|device| Reverse((device.last_seen_at(), device.id())));
        known.truncate(200);
        known
    }

    fn known_since(&self, tenant: TenantId, user: UserId, since: Timestamp) -> Vec<KnownDevice> {
        let counts = |device: &&KnownDevice| device.ended().is_none_or(|(at, _)| at > since);
        self.of(tenant, user).filter(counts).cloned().collect()
    }

    fn known_everywhere_since(&self, user: UserId, since: Timestamp) -> Vec<KnownDevice> {
        let counts = |device: &&KnownDevice| device.user() == user && device.ended().is_none_or(|(at, _)| at > since);
        self.0.values().filter(counts).cloned().collect()
    }

    fn insert(&mut self, device: KnownDevice) -> Result<(), StoreError> {
        let is_taken = |other: &KnownDevice| {
            other.client_id() == device.client_id() || (other.place().is_some() && other.place() == device.place())
        };
        let is_known = |other: &&KnownDevice| other.ended().is_none();
        if self.of(device.tenant(), device.user()).filter(is_known).any(is_taken) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.0).insert(device.id(), device);
        Ok(())
    }

    fn update(&mut self, device: &KnownDevice) -> Result<(), StoreError> {
        let stored =
            self.0.get(&device.id()).filter(|stored| Some(stored.version()) == device.version().checked_sub(1));
        let last_seen_at = stored.ok_or(StoreError::Stale)?.last_seen_at();
        self.replace(KnownDeviceRow { last_seen_at, ..device.to_row() })
    }

    fn touch(&mut self, id: DeviceId, at: Timestamp) -> Result<(), StoreError> {
        match self.0.get(&id) {
            None => Ok(()),
            Some(device) => self.replace(KnownDeviceRow { last_seen_at: at, ..device.to_row() }),
        }
    }

    fn replace(&mut self, row: KnownDeviceRow) -> Result<(), StoreError> {
        let device = KnownDevice::restore(row)?;
        Arc::make_mut(&mut self.0).insert(device.id(), device);
        Ok(())
    }

    pub(super) fn forget(&mut self, user: UserId) {
        Arc::make_mut(&mut self.0).retain(|_, device| device.user() != user);
    }

    pub(super) fn held(&self, user: UserId) -> Vec<KnownDevice> {
        let mut held: Vec<_> = self.0.values().filter(|device| device.user() == user).cloned().collect();
        held.sort_unstable_by_key(|device| Reverse((device.last_seen_at(), device.id())));
        held
    }

    fn purge(&mut self, before: Timestamp, limit: u32) -> u64 {
        let last = |device: &KnownDevice| device.ended().map_or(device.last_seen_at(), |(at, _)| at);
        let old = self.0.values().filter(|device| last(device) < before).map(KnownDevice::id);
        let old: Vec<_> = old.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        let devices = Arc::make_mut(&mut self.0);
        old.iter().filter(|id| devices.remove(id).is_some()).map(|_| 1).sum()
    }
}

#[async_trait]
impl Devices for MemoryStore {
    async fn devices(&self, tenant: TenantId, user: UserId) -> Result<Vec<KnownDevice>, StoreError> {
        Ok(self.shared.lock().tables.devices.known(tenant, user))
    }

    async fn purge_devices(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.devices.purge(before, limit))
    }
}

#[async_trait]
impl DeviceTx for MemoryTx {
    async fn devices(
        &mut self,
        tenant: TenantId,
        user: UserId,
        since: Timestamp,
    ) -> Result<Vec<KnownDevice>, StoreError> {
        Ok(self.draft.devices.known_since(tenant, user, since))
    }

    async fn devices_everywhere(&mut self, user: UserId, since: Timestamp) -> Result<Vec<KnownDevice>, StoreError> {
        Ok(self.draft.devices.known_everywhere_since(user, since))
    }

    async fn insert_device(&mut self, change: Change<KnownDevice, DeviceEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, device| {
            tables.require_user(device.user())?;
            tables.devices.insert(device)
        })
    }

    async fn update_device(&mut self, change: Change<KnownDevice, DeviceEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, device| tables.devices.update(&device))
    }

    async fn touch_device(&mut self, id: DeviceId, at: Timestamp) -> Result<(), StoreError> {
        self.draft.devices.touch(id, at)
    }
}
