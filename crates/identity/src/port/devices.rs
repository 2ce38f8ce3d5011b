//! Where devices are kept. Parts of [`IdentityStore`](super::IdentityStore) and [`IdentityTx`](super::IdentityTx).

use ashlar_kernel::{Change, StoreError, TenantId, Timestamp, UnitOfWork};
use async_trait::async_trait;

use crate::{
    UserId,
    device::{DeviceEvent, DeviceId, KnownDevice},
};

/// Reads of devices.
#[async_trait]
pub trait Devices: Send + Sync {
    /// The devices of a person in a tenant that are known now, last seen first; at most 200. One statement.
    async fn devices(&self, tenant: TenantId, user: UserId) -> Result<Vec<KnownDevice>, StoreError>;

    /// Deletes at most `limit` devices that ended or, if they have not, were last seen before `before`, and counts them.
    async fn purge_devices(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// Writes of devices.
#[async_trait]
pub trait DeviceTx: UnitOfWork {
    /// The devices of a person in a tenant that are known now, or were until after `since`.
    async fn devices(
        &mut self,
        tenant: TenantId,
        user: UserId,
        since: Timestamp,
    ) -> Result<Vec<KnownDevice>, StoreError>;

    /// The devices of a person in every tenant that are known now, or were until after `since`.
    async fn devices_everywhere(&mut self, user: UserId, since: Timestamp) -> Result<Vec<KnownDevice>, StoreError>;

    /// Adds a device; [`Stale`](StoreError::Stale) if another one of the person in the tenant has its client's id or its
    /// place now.
    async fn insert_device(&mut self, change: Change<KnownDevice, DeviceEvent>) -> Result<(), StoreError>;

    /// Saves a changed device, but for when it was last seen; [`Stale`](StoreError::Stale) unless the stored version is
    /// the one before.
    async fn update_device(&mut self, change: Change<KnownDevice, DeviceEvent>) -> Result<(), StoreError>;

    /// Notes that somebody signed in on a device. An observation and no change of state, hence no event.
    async fn touch_device(&mut self, id: DeviceId, at: Timestamp) -> Result<(), StoreError>;
}
