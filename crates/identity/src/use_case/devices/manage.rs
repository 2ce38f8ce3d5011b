//! See, name and remove one's own devices.

use ashlar_kernel::{Context, Id, NotFound, StoreError, TenantId};

use super::DevicesError;
use crate::{
    DeviceName, RevocationReason, SessionId, SessionSweep, UserId,
    device::{DeviceEnd, DeviceId, DevicePolicy, KnownDevice},
    insist_on_fresh, permission,
    use_case::{Attempts, Identity},
};

/// The devices of a person.
pub struct MyDevices {
    /// Those that are known, last seen first.
    pub devices: Vec<KnownDevice>,
    /// The one that this request comes from, where that is known.
    pub current: Option<DeviceId>,
}

impl Identity {
    /// A device of somebody, for whoever writes to them; nobody is asked who they are.
    pub async fn device_of(
        &self,
        tenant: TenantId,
        user: UserId,
        id: DeviceId,
    ) -> Result<Option<KnownDevice>, StoreError> {
        Ok(named(self.0.ports.store.devices(tenant, user).await?, id))
    }

    /// The devices on which the caller has signed in to this tenant.
    pub async fn devices(&self, context: &Context) -> Result<MyDevices, DevicesError> {
        let caller = context.require(permission::READ_OWN_SESSIONS)?;
        let store = &self.0.ports.store;
        let session = store.session(Id::from_uuid(caller.session)).await?;
        let devices = store.devices(context.tenant, UserId::from_uuid(caller.user)).await?;
        Ok(MyDevices { devices, current: session.and_then(|found| found.session.device_id()) })
    }

    /// One of the caller's devices in this tenant.
    pub async fn device(&self, context: &Context, id: DeviceId) -> Result<KnownDevice, DevicesError> {
        let user = UserId::from_uuid(context.require(permission::READ_OWN_SESSIONS)?.user);
        let devices = self.0.ports.store.devices(context.tenant, user).await?;
        named(devices, id).ok_or(NotFound.into())
    }

    /// Gives one of the caller's devices another name, or none.
    pub async fn rename_device(
        &self,
        context: &Context,
        id: DeviceId,
        name: Option<DeviceName>,
    ) -> Result<KnownDevice, DevicesError> {
        let user = UserId::from_uuid(context.require(permission::REVOKE_OWN_SESSIONS)?.user);
        let mut attempts = Attempts::default();
        loop {
            match self.try_rename(context, (user, id), name.clone()).await {
                Err(DevicesError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_rename(
        &self,
        context: &Context,
        (user, id): (UserId, DeviceId),
        name: Option<DeviceName>,
    ) -> Result<KnownDevice, DevicesError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let devices = tx.devices(context.tenant, user, context.now).await?;
        let device = named(devices, id).ok_or(NotFound)?;
        let Some(change) = device.clone().rename(name) else {
            return Ok(device);
        };
        let device = change.state().clone();
        tx.update_device(change).await?;
        tx.commit().await?;
        Ok(device)
    }

    /// Removes one of the caller's devices and ends its sessions. Where devices are counted it makes room for another, and
    /// that is possible so and so often. For people who have proved lately who they are.
    pub async fn remove_device(&self, context: &Context, id: DeviceId) -> Result<(), DevicesError> {
        let user = UserId::from_uuid(context.require(permission::REVOKE_OWN_SESSIONS)?.user);
        insist_on_fresh(context)?;
        let mut attempts = Attempts::default();
        let ended = loop {
            match self.try_remove(context, user, id).await {
                Err(DevicesError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.end_here(context, &ended);
        Ok(())
    }

    async fn try_remove(&self, context: &Context, user: UserId, id: DeviceId) -> Result<Vec<SessionId>, DevicesError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        // Who signs in at the same time waits, so that nobody gets a place twice.
        tx.user(user).await?;
        let devices = tx.devices(context.tenant, user, DevicePolicy::looks_back_to(context.now)).await?;
        let device = named(devices.clone(), id).ok_or(NotFound)?;
        if let Some(refusal) = self.0.settings.devices.refuses_transfer(&devices, context.now) {
            return Err(refusal.into());
        }
        let sweep = SessionSweep::on(&device, RevocationReason::User, context.now);
        let change = device.end(DeviceEnd::Removed, context.now).ok_or(StoreError::Stale)?;
        tx.update_device(change).await?;
        let ended = tx.end_sessions(sweep).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

/// The device of this id, if it is known now.
pub(in crate::use_case) fn named(devices: Vec<KnownDevice>, id: DeviceId) -> Option<KnownDevice> {
    devices.into_iter().find(|device| device.id() == id && device.ended().is_none())
}
