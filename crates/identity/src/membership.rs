//! What a person is in a tenant.

use ashlar_kernel::{Change, DomainEvent, EventSpec, Target, TenantId, Timestamp};
use serde::Serialize;

use crate::{Role, UserId};

/// A person's place in a tenant. One person may be a member of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    tenant: TenantId,
    user: UserId,
    role: Role,
    created_at: Timestamp,
}

impl Membership {
    /// Takes a person in.
    pub fn create(tenant: TenantId, user: UserId, role: Role, now: Timestamp) -> Change<Self, MembershipEvent> {
        let event = MembershipEvent::Created { user, role: role.as_str() };
        Change::new(Self { tenant, user, role, created_at: now }, event)
    }

    /// Where.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Who.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// As what.
    pub const fn role(&self) -> Role {
        self.role
    }
    /// Since when.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

/// A fact about a membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum MembershipEvent {
    /// A person was taken in.
    Created {
        /// Who.
        user: UserId,
        /// As what.
        role: &'static str,
    },
}

const CREATED: EventSpec = EventSpec {
    name: "identity.membership.created",
    schema_version: 1,
    summary: "A person became a member of the tenant.",
    targets: &["user"],
    data: &[("user", "Id of the account."), ("role", "What they are in the tenant: admin, staff or member.")],
};

impl DomainEvent for MembershipEvent {
    fn name(&self) -> &'static str {
        let Self::Created { .. } = self;
        CREATED.name
    }

    fn targets(&self) -> Vec<Target> {
        let Self::Created { user, .. } = self;
        vec![Target::new("user", user)]
    }
}

/// The catalogue entries of [`MembershipEvent`].
pub(crate) const fn membership_event_specs() -> &'static [EventSpec] {
    &[CREATED]
}
