//! Find the device of a sign-in, or make room for it.

use ashlar_kernel::{Context, Id, StoreError, Timestamp};

use crate::{
    Device, LoginAttempt, RevocationReason, Session, SessionId, SessionSweep, TrustedDevice, UserId,
    device::{Acquaintance, Admission, DeviceEnd, DeviceId, DevicePolicy, DeviceRefusal, KnownDevice, SignInDevice},
    port::IdentityTx,
    use_case::{Attempts, Identity},
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
        let since = DevicePolicy::looks_back_to(context.now);
        if policy.limit.is_some() {
            tx.user(user).await?;
        }
        let devices = tx.devices(context.tenant, user, since).await?;
        if let Some(known) = policy.recognise(&devices, device) {
            return Ok(self.known_seat(tx, context, known).await?);
        }
        if policy.limit.is_none() {
            tx.user(user).await?;
        }
        // Looked for again, now that nobody else signs in: two runs of one script at once are one device. And elsewhere, to
        // know whether it is new to the person.
        let everywhere = tx.devices_everywhere(user, since).await?;
        let is_first = everywhere.is_empty();
        let (devices, others): (Vec<_>, Vec<_>) =
            everywhere.into_iter().partition(|known| known.tenant() == context.tenant);
        match policy.admit(&devices, device, context.now) {
            Admission::Refused(refusal) => Err(SeatError::Refused(refusal)),
            Admission::Known(known) => Ok(self.known_seat(tx, context, &known).await?),
            Admission::New { place, replaced } => {
                let mut ended = Vec::new();
                for old in replaced {
                    ended.extend(make_room(tx, old, context.now).await?);
                }
                let is_known_elsewhere = policy.recognise(&others, device).is_some();
                let acquaintance = Acquaintance { is_first, is_known_elsewhere };
                let whose = (context.tenant, user);
                let id = Id::new(&*self.0.ports.ids);
                let change = KnownDevice::register(id, whose, device, (place, acquaintance), context.now);
                let given = TrustedDevice::named(change.state().client_id());
                tx.insert_device(change).await?;
                Ok(Seat { device: id, given, ended })
            }
        }
    }

    async fn known_seat(
        &self,
        tx: &mut dyn IdentityTx,
        context: &Context,
        known: &KnownDevice,
    ) -> Result<Seat, StoreError> {
        if known.is_due(context.now) {
            tx.touch_device(known.id(), context.now).await?;
        }
        Ok(Seat { device: known.id(), given: TrustedDevice::named(known.client_id()), ended: Vec::new() })
    }

    /// Notes that somebody who was right in everything was not signed in.
    pub(in crate::use_case) async fn note_device_refused(
        &self,
        context: &Context,
        (user, refusal): (UserId, DeviceRefusal),
    ) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let noted = async {
                let mut tx = self.0.ports.store.begin(context).await?;
                tx.record_login(LoginAttempt::refused_on_device(user, refusal, context.now)).await?;
                tx.commit().await
            };
            match noted.await {
                Err(error) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    /// The device that a session is on, as it would sign in to another tenant.
    pub(in crate::use_case) async fn device_of_session(
        &self,
        tx: &mut dyn IdentityTx,
        context: &Context,
        session: &Session,
    ) -> Result<SignInDevice, StoreError> {
        let devices = tx.devices(session.tenant(), session.user(), context.now).await?;
        let known = devices.iter().find(|known| Some(known.id()) == session.device_id());
        let unknown = || self.sign_in_device(context, session.device().cloned(), None);
        Ok(known.map_or_else(unknown, SignInDevice::as_known))
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
