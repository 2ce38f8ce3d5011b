//! What a person is in a tenant.

use ashlar_kernel::{Change, DiffEntry, DomainEvent, EventSpec, StoreError, Target, TenantId, Timestamp};
use serde::Serialize;

use crate::{Role, UserId};

/// A person's place in a tenant. One person may be a member of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    tenant: TenantId,
    user: UserId,
    role: Role,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u32,
}

/// A stored membership as plain data; [`Membership::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `Membership`, in their stored form")]
pub struct MembershipRow {
    pub tenant_id: uuid::Uuid,
    pub user_id: uuid::Uuid,
    pub role: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

impl Membership {
    /// Takes a person in.
    pub fn create(tenant: TenantId, user: UserId, role: Role, now: Timestamp) -> Change<Self, MembershipEvent> {
        let event = MembershipEvent::Created { user, role: role.as_str() };
        Change::new(Self { tenant, user, role, created_at: now, updated_at: now, version: 1 }, event)
    }

    /// Gives the person another role; none if it is the one they have.
    pub fn change_role(self, role: Role, now: Timestamp) -> Option<Change<Self, MembershipEvent>> {
        if role == self.role {
            return None;
        }
        let (from, to) = (self.role.as_str(), role.as_str());
        let event = MembershipEvent::RoleChanged { user: self.user, from, to };
        Some(Change::new(Self { role, updated_at: now, version: self.version + 1, ..self }, event))
    }

    /// Lets the person go. The state is the membership as it was.
    pub fn remove(self) -> Change<Self, MembershipEvent> {
        let event = MembershipEvent::Removed { user: self.user, role: self.role.as_str() };
        Change::new(self, event)
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
    /// When the role was last changed.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
    /// Counts edits, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: &MembershipRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        Ok(Self {
            tenant: TenantId::from_uuid(row.tenant_id),
            user: UserId::from_uuid(row.user_id),
            role: Role::restore(&row.role).ok_or_else(|| corrupt("membership.role"))?,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("membership.version"))?,
        })
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
    /// A person got another role.
    RoleChanged {
        /// Who.
        user: UserId,
        /// What they were.
        from: &'static str,
        /// What they are.
        to: &'static str,
    },
    /// A person is no member any more.
    Removed {
        /// Who.
        user: UserId,
        /// What they were.
        role: &'static str,
    },
}

const USER: (&str, &str) = ("user", "Id of the account.");
const ROLES: &str = "What they are in the tenant: admin, staff, sales, instructor or member.";

const CREATED: EventSpec = EventSpec {
    name: "identity.membership.created",
    schema_version: 1,
    summary: "A person became a member of the tenant.",
    targets: &["user"],
    data: &[USER, ("role", ROLES)],
};
const ROLE_CHANGED: EventSpec = EventSpec {
    name: "identity.membership.role_changed",
    schema_version: 1,
    summary: "An administrator gave a member another role. It counts from the next request.",
    targets: &["user"],
    data: &[USER, ("from", "What they were."), ("to", ROLES)],
};
const REMOVED: EventSpec = EventSpec {
    name: "identity.membership.removed",
    schema_version: 1,
    summary: "A person is no member of the tenant any more; their sessions in it have ended.",
    targets: &["user"],
    data: &[USER, ("role", "What they were.")],
};

impl DomainEvent for MembershipEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => CREATED.name,
            Self::RoleChanged { .. } => ROLE_CHANGED.name,
            Self::Removed { .. } => REMOVED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Created { user, .. } | Self::RoleChanged { user, .. } | Self::Removed { user, .. }) = self;
        vec![Target::new("user", user)]
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::RoleChanged { from, to, .. } => vec![DiffEntry::plain("/role", *from, *to)],
            Self::Created { .. } | Self::Removed { .. } => Vec::new(),
        }
    }
}

/// The catalogue entries of [`MembershipEvent`].
pub(crate) const fn membership_event_specs() -> &'static [EventSpec] {
    &[CREATED, ROLE_CHANGED, REMOVED]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_role_again_is_no_change() {
        let ada = UserId::from_uuid(uuid::Uuid::from_u128(1));
        let now = Timestamp::UNIX_EPOCH;
        let (ada, _) = Membership::create(TenantId::MAIN, ada, Role::Staff, now).into_parts();

        assert!(ada.clone().change_role(Role::Staff, now).is_none());
        let promoted = ada.change_role(Role::Admin, now).unwrap();
        assert_eq!((promoted.state().role(), promoted.state().version()), (Role::Admin, 2));
        assert_eq!(promoted.events()[0].diff(), [DiffEntry::plain("/role", "staff", "admin")]);
    }
}
