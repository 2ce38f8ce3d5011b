//! The permissions of this domain, and the roles that hold them.

use ashlar_kernel::{Permission, PermissionSet};

/// Read one's own account.
pub const READ_OWN_PROFILE: Permission = Permission::new("identity.profile.read.own");
/// Edit one's own profile.
pub const UPDATE_OWN_PROFILE: Permission = Permission::new("identity.profile.update.own");
/// List one's own sessions.
pub const READ_OWN_SESSIONS: Permission = Permission::new("identity.session.read.own");
/// End one's own sessions.
pub const REVOKE_OWN_SESSIONS: Permission = Permission::new("identity.session.revoke.own");

/// Change one's own password, address and second factor.
pub const CHANGE_OWN_CREDENTIALS: Permission = Permission::new("identity.credential.update.own");

/// Every permission of this domain with its meaning, for the documentation.
pub const ALL: &[(Permission, &str)] = &[
    (READ_OWN_PROFILE, "Read one's own account."),
    (UPDATE_OWN_PROFILE, "Edit one's own profile."),
    (READ_OWN_SESSIONS, "List one's own sessions."),
    (REVOKE_OWN_SESSIONS, "End one's own sessions."),
    (CHANGE_OWN_CREDENTIALS, "Change one's own password, address and second factor."),
];

/// What a person is in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything in the tenant.
    Admin,
    /// The daily work: content, leads, reading users.
    Staff,
    /// Their own things.
    Member,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Staff, Self::Member];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Staff => "staff",
            Self::Member => "member",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// What the role may do in this domain. Everybody owns their own things.
    pub fn permissions(self) -> PermissionSet {
        match self {
            Self::Admin | Self::Staff | Self::Member => {
                let own = [READ_OWN_PROFILE, UPDATE_OWN_PROFILE, READ_OWN_SESSIONS, REVOKE_OWN_SESSIONS];
                own.into_iter().chain([CHANGE_OWN_CREDENTIALS]).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_survive_storage() {
        for role in Role::ALL {
            assert_eq!(Role::restore(role.as_str()), Some(role));
        }
        assert_eq!(Role::restore("root"), None);
    }

    #[test]
    fn every_permission_is_named_after_the_domain_and_held_by_somebody() {
        for (permission, _) in ALL {
            assert!(permission.as_str().starts_with("identity."), "{permission}");
            assert!(Role::ALL.iter().any(|role| role.permissions().allows(*permission)), "{permission}");
        }
    }
}
