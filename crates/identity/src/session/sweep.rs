//! Ending or moving sessions on behalf of a tenant.

use ashlar_kernel::{Change, TenantId, Timestamp};

use super::{RevocationReason, Session, SessionEvent, SessionId};
use crate::{
    UserId,
    device::{DeviceId, KnownDevice},
};

/// The end of every living session of a person, but for one perhaps: one fact, however many sessions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSweep {
    /// Whose.
    pub user: UserId,
    /// In which tenant; in every one if none.
    pub tenant: Option<TenantId>,
    /// On which device; on every one if none.
    pub device: Option<DeviceId>,
    /// This one goes on.
    pub except: Option<SessionId>,
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub at: Timestamp,
}

impl SessionSweep {
    /// Ends the sessions of `user` in `tenant`, or everywhere.
    pub fn of(
        user: UserId,
        tenant: Option<TenantId>,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Change<Self, SessionEvent> {
        Self { user, tenant, device: None, except: None, reason, at }.change()
    }

    /// Ends the sessions of `user` everywhere, but for `except`.
    pub fn sparing(
        except: Option<SessionId>,
        user: UserId,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Change<Self, SessionEvent> {
        Self { user, tenant: None, device: None, except, reason, at }.change()
    }

    /// Ends the sessions on one device.
    pub fn on(device: &KnownDevice, reason: RevocationReason, at: Timestamp) -> Change<Self, SessionEvent> {
        Self { user: device.user(), tenant: None, device: Some(device.id()), except: None, reason, at }.change()
    }

    fn change(self) -> Change<Self, SessionEvent> {
        let Self { user, tenant, device, except, reason, .. } = self;
        let event = SessionEvent::RevokedAll { user, tenant, device, kept: except, reason: reason.as_str() };
        Change::new(self, event)
    }
}

impl Session {
    /// Goes on in another tenant, on what its device is there; none if it is there already. Its refresh token stays good, its
    /// access tokens do not.
    pub fn switch_tenant(self, to: TenantId, device: DeviceId) -> Option<Change<Self, SessionEvent>> {
        if self.tenant == to {
            return None;
        }
        let event = SessionEvent::TenantSwitched { session: self.id, user: self.user, from: self.tenant, to };
        let moved = Self { tenant: to, device_id: Some(device), version: self.version + 1, ..self };
        Some(Change::new(moved, event))
    }
}
