//! Ending or moving sessions on behalf of a tenant.

use ashlar_kernel::{Change, TenantId, Timestamp};

use super::{RevocationReason, Session, SessionEvent};
use crate::UserId;

/// The end of every living session of a person: one fact, however many sessions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSweep {
    /// Whose.
    pub user: UserId,
    /// In which tenant; in every one if none.
    pub tenant: Option<TenantId>,
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
        let event = SessionEvent::RevokedAll { user, tenant, reason: reason.as_str() };
        Change::new(Self { user, tenant, reason, at }, event)
    }
}

impl Session {
    /// Goes on in another tenant; none if it is there already. Its refresh token stays good, its access tokens do not.
    pub fn switch_tenant(self, to: TenantId) -> Option<Change<Self, SessionEvent>> {
        if self.tenant == to {
            return None;
        }
        let event = SessionEvent::TenantSwitched { session: self.id, user: self.user, from: self.tenant, to };
        Some(Change::new(Self { tenant: to, version: self.version + 1, ..self }, event))
    }
}
