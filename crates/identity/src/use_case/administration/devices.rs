//! See on which devices the people of a tenant sign in, and make room for people who have lost one.

use ashlar_kernel::{Context, NotFound, StoreError};

use super::{super::Attempts, AdministrationError, Identity};
use crate::{
    RevocationReason, SessionId, SessionSweep, UserId,
    device::{DeviceId, KnownDevice},
    permission,
    use_case::devices::named,
};

impl Identity {
    /// The devices on which somebody signs in to the caller's tenant, last seen first.
    pub async fn user_devices(&self, context: &Context, user: UserId) -> Result<Vec<KnownDevice>, AdministrationError> {
        context.require(permission::READ_SESSIONS)?;
        self.person(context, user).await?;
        Ok(self.0.ports.store.devices(context.tenant, user).await?)
    }

    /// Removes a device of somebody in the caller's tenant and ends its sessions, so that there is room for another one: for
    /// people who have lost theirs. Its owner is told by mail. It is never refused for the number of exchanges, and counts
    /// as one; therefore nobody does it for themselves. Guests too: devices are counted by each tenant.
    pub async fn remove_user_device(
        &self,
        context: &Context,
        user: UserId,
        device: DeviceId,
    ) -> Result<(), AdministrationError> {
        let caller = context.require(permission::REVOKE_SESSIONS)?;
        if caller.user == user.as_uuid() {
            return Err(AdministrationError::Oneself);
        }
        crate::insist_on_fresh(context)?;
        self.person(context, user).await?;
        let mut attempts = Attempts::default();
        let ended = loop {
            match self.try_remove_for(context, user, device).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.note_ends(context, &ended);
        Ok(())
    }

    async fn try_remove_for(
        &self,
        context: &Context,
        user: UserId,
        id: DeviceId,
    ) -> Result<Vec<SessionId>, AdministrationError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        // Who signs in at the same time waits.
        tx.user(user).await?;
        let device = named(tx.devices(context.tenant, user, context.now).await?, id).ok_or(NotFound)?;
        let sweep = SessionSweep::on(&device, RevocationReason::Admin, context.now);
        tx.update_device(device.take_away(context.now).ok_or(StoreError::Stale)?).await?;
        let ended = tx.end_sessions(sweep).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
