//! Find the device of a sign-in, or make room for it.

use ashlar_kernel::{Context, Id, StoreError, Timestamp};

use crate::{
    Device, RevocationReason, SessionId, SessionSweep, TrustedDevice, UserId,
    device::{Admission, DeviceEnd, DeviceId, DevicePolicy, DeviceRefusal, KnownDevice, SignInDevice},
    port::IdentityTx,
    use_case::Identity,
};

/// A device on which a session may begin.
pub(in crate::use_case) struct Seat {
    /// Which.
    pub(in crate::use_case) device: DeviceId,
    /// What it shows next time, where it has no name of its own.
    pub(in crate::use_case) given: Option<TrustedDevice>,
    /// The sessions that ended because another device made room.
    pub(in crate::use_case) ended: Vec<SessionId>,
}

/// Why no session begins on a device.
pub(in crate::use_case) enum SeatError {
    Refused(DeviceRefusal),
    Store(StoreError),
}

impl From<StoreError> for SeatError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Identity {
    /// The device of a sign-in: what the client has said, and the one it has shown to be.
    pub(in crate::use_case) fn sign_in_device(
        &self,
        context: &Context,
        said: Option<Device>,
        trusted: Option<TrustedDevice>,
    ) -> SignInDevice {
        let trusted = trusted.unwrap_or_else(|| TrustedDevice::new(&*self.0.ports.entropy));
        SignInDevice::new(said, trusted, &self.0.device_key, context)
    }

    /// Finds the device, or registers it as the policy says, in the unit of work in which the session begins. Where devices
    /// are counted, whoever else signs in to the account waits.
    pub(in crate::use_case) async fn seat(
        &self,
        tx: &mut dyn IdentityTx,
        context: &Context,
        (user, device): (UserId, &SignInDevice),
    ) -> Result<Seat, SeatError> {
        let policy = &self.0.settings.devices;
        if policy.limit.is_some() {
            tx.user(user).await?;
        }
        let devices = tx.devices(context.tenant, user, DevicePolicy::looks_back_to(context.now)).await?;
        let given = |known: &KnownDevice| TrustedDevice::named(known.client_id());
        match policy.admit(&devices, device, context.now) {
            Admission::Refused(refusal) => Err(SeatError::Refused(refusal)),
            Admission::Known(known) => {
                if known.is_due(context.now) {
                    tx.touch_device(known.id(), context.now).await?;
                }
                Ok(Seat { device: known.id(), given: given(&known), ended: Vec::new() })
            }
            Admission::New { place, replaced } => {
                let mut ended = Vec::new();
                for old in replaced {
                    ended.extend(make_room(tx, old, context.now).await?);
                }
                let whose = (context.tenant, user);
                let id = Id::new(&*self.0.ports.ids);
                let change = KnownDevice::register(id, whose, device, (place, devices.is_empty()), context.now);
                let given = given(change.state());
                tx.insert_device(change).await?;
                Ok(Seat { device: id, given, ended })
            }
        }
    }
}

/// Takes a device's place away; the sessions on it, which end.
async fn make_room(tx: &mut dyn IdentityTx, old: KnownDevice, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
    let sweep = SessionSweep::on(&old, RevocationReason::DeviceReplaced, now);
    if let Some(change) = old.end(DeviceEnd::Replaced, now) {
        tx.update_device(change).await?;
    }
    tx.end_sessions(sweep).await
}
