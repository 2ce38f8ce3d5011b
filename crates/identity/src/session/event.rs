//! What happens to sessions.

use ashlar_kernel::{DomainEvent, EventSpec, Outcome, Target, TenantId};
use serde::Serialize;

use crate::{SessionId, UserId, device::DeviceId};

/// A fact about a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SessionEvent {
    /// A sign-in began.
    Created {
        /// Which.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// By which methods.
        amr: Vec<String>,
    },
    /// A refresh token was exchanged for its successor.
    Refreshed {
        /// Of which session.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// Generation of the successor.
        generation: u32,
    },
    /// The previous refresh token was presented again within the grace, and got the same successor.
    RefreshRepeated {
        /// Of which session.
        session: SessionId,
        /// Whose.
        user: UserId,
    },
    /// An old refresh token was presented: the session was ended.
    RefreshReuseDetected {
        /// Of which session.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// Generation of the presented token.
        presented: u32,
    },
    /// The session was ended.
    Revoked {
        /// Which.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// Why.
        reason: &'static str,
    },
    /// Every living session of a person was ended at once, but for one perhaps.
    RevokedAll {
        /// Whose.
        user: UserId,
        /// In which tenant; in every one if none.
        #[serde(skip_serializing_if = "Option::is_none")]
        tenant: Option<TenantId>,
        /// On which device; on every one if none.
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<DeviceId>,
        /// The one that goes on.
        #[serde(skip_serializing_if = "Option::is_none")]
        kept: Option<SessionId>,
        /// Why.
        reason: &'static str,
    },
    /// The holder proved again who they are.
    Reauthenticated {
        /// In which.
        session: SessionId,
        /// Who.
        user: UserId,
    },
    /// The session goes on in another tenant.
    TenantSwitched {
        /// Which.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// The tenant it was in.
        from: TenantId,
        /// The tenant it is in.
        to: TenantId,
    },
}

impl SessionEvent {
    const fn spec(&self) -> &'static EventSpec {
        match self {
            Self::Created { .. } => &CREATED,
            Self::Refreshed { .. } => &REFRESHED,
            Self::RefreshRepeated { .. } => &REFRESH_RETRY,
            Self::RefreshReuseDetected { .. } => &REUSE_DETECTED,
            Self::Revoked { .. } => &REVOKED,
            Self::RevokedAll { .. } => &REVOKED_ALL,
            Self::Reauthenticated { .. } => &REAUTHENTICATED,
            Self::TenantSwitched { .. } => &TENANT_SWITCHED,
        }
    }
}

impl DomainEvent for SessionEvent {
    fn name(&self) -> &'static str {
        self.spec().name
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Created { session, user, .. }
            | Self::Refreshed { session, user, .. }
            | Self::RefreshRepeated { session, user }
            | Self::RefreshReuseDetected { session, user, .. }
            | Self::Reauthenticated { session, user }
            | Self::TenantSwitched { session, user, .. }
            | Self::Revoked { session, user, .. } => vec![Target::new("session", session), Target::new("user", user)],
            Self::RevokedAll { user, .. } => vec![Target::new("user", user)],
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::RefreshReuseDetected { .. } => Outcome::Denied,
            _ => Outcome::Ok,
        }
    }
}

const REASONS: &str = "logout, user, admin, reuse, device_replaced, user_disabled or password_change.";
const TARGETS: &[&str] = &["session", "user"];
const SESSION: (&str, &str) = ("session", "Id of the session.");
const USER: (&str, &str) = ("user", "Id of the account.");

const CREATED: EventSpec = EventSpec {
    name: "identity.session.created",
    schema_version: 1,
    summary: "A sign-in began.",
    targets: TARGETS,
    data: &[SESSION, USER, ("amr", "Authentication methods (RFC 8176).")],
};
const REFRESHED: EventSpec = EventSpec {
    name: "identity.session.refreshed",
    schema_version: 1,
    summary: "A refresh token was exchanged for its successor.",
    targets: TARGETS,
    data: &[SESSION, USER, ("generation", "Generation of the successor; counts from 0 at the login.")],
};
const REFRESH_RETRY: EventSpec = EventSpec {
    name: "identity.session.refresh_retry",
    schema_version: 1,
    summary: "The previous refresh token was presented again within the grace and got the same successor: a lost answer or a second tab.",
    targets: TARGETS,
    data: &[SESSION, USER],
};
const REUSE_DETECTED: EventSpec = EventSpec {
    name: "identity.session.refresh_reuse_detected",
    schema_version: 1,
    summary: "An old refresh token was presented, so somebody may hold a copy. The session and all its tokens are dead.",
    targets: TARGETS,
    data: &[SESSION, USER, ("presented", "Generation of the presented token.")],
};
const REVOKED: EventSpec = EventSpec {
    name: "identity.session.revoked",
    schema_version: 1,
    summary: "A session was ended before its time.",
    targets: TARGETS,
    data: &[SESSION, USER, ("reason", REASONS)],
};
const REVOKED_ALL: EventSpec = EventSpec {
    name: "identity.session.revoked_all",
    schema_version: 1,
    summary: "Every living session of a person was ended at once, in one tenant or in all of them, but for `kept`.",
    targets: &["user"],
    data: &[
        USER,
        ("tenant", "Id of the tenant; absent when the sessions in every tenant were ended."),
        ("device", "Id of the device, where only the sessions on one device were ended."),
        ("kept", "Id of the session that goes on, if one does."),
        ("reason", REASONS),
    ],
};
const REAUTHENTICATED: EventSpec = EventSpec {
    name: "identity.reauth.succeeded",
    schema_version: 1,
    summary: "Somebody who is signed in proved again who they are.",
    targets: TARGETS,
    data: &[SESSION, USER],
};
const TENANT_SWITCHED: EventSpec = EventSpec {
    name: "identity.session.tenant_switched",
    schema_version: 1,
    summary: "A person goes on in another tenant with the same session.",
    targets: TARGETS,
    data: &[SESSION, USER, ("from", "Id of the tenant before."), ("to", "Id of the tenant since.")],
};

/// The catalogue entries of [`SessionEvent`].
pub(crate) const fn session_event_specs() -> &'static [EventSpec] {
    &[CREATED, REFRESHED, REFRESH_RETRY, REUSE_DETECTED, REVOKED, REVOKED_ALL, REAUTHENTICATED, TENANT_SWITCHED]
}
