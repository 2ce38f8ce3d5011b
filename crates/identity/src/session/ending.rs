//! Ending many sessions at once.

use ashlar_kernel::{Change, TenantId, Timestamp};

use super::{RevocationReason, SessionEvent, SessionId};
use crate::UserId;

/// All living sessions of a person, but for one perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndSessions {
    /// Whose.
    pub user: UserId,
    /// In one tenant only.
    pub tenant: Option<TenantId>,
    /// This one goes on.
    pub except: Option<SessionId>,
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub at: Timestamp,
}

impl EndSessions {
    /// The fact that they ended.
    pub fn change(self) -> Change<Self, SessionEvent> {
        let event = SessionEvent::AllRevoked { user: self.user, kept: self.except, reason: self.reason.as_str() };
        Change::new(self, event)
    }
}
