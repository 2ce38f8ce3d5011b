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

/// See one's own API keys.
pub const READ_OWN_API_KEYS: Permission = Permission::new("identity.api_key.read.own");
/// Make, rotate and end one's own API keys.
pub const MANAGE_OWN_API_KEYS: Permission = Permission::new("identity.api_key.manage.own");
/// Make publishable API keys, and keys that live longer than a year.
pub const MANAGE_API_KEYS: Permission = Permission::new("identity.api_key.manage");

/// Every permission of this domain with its meaning, for the documentation.
pub const ALL: &[(Permission, &str)] = &[
    (READ_OWN_PROFILE, "Read one's own account."),
    (UPDATE_OWN_PROFILE, "Edit one's own profile."),
    (READ_OWN_SESSIONS, "List one's own sessions."),
    (REVOKE_OWN_SESSIONS, "End one's own sessions."),
    (READ_OWN_API_KEYS, "See one's own API keys."),
    (MANAGE_OWN_API_KEYS, "Make, rotate and end one's own API keys."),
    (MANAGE_API_KEYS, "Make publishable API keys, and keys that live longer than a year."),
];

/// What everybody may do with their own things.
const OWN: [Permission; 6] = [
    READ_OWN_PROFILE,
    UPDATE_OWN_PROFILE,
    READ_OWN_SESSIONS,
    REVOKE_OWN_SESSIONS,
    READ_OWN_API_KEYS,
    MANAGE_OWN_API_KEYS,
];

/// Whether an API key can be good for a permission. Of this domain, next to nothing: passwords, sessions, members and
/// keys are the business of people. Of the others, everything.
pub fn is_for_keys(permission: Permission) -> bool {
    [READ_OWN_PROFILE, UPDATE_OWN_PROFILE].contains(&permission) || !permission.as_str().starts_with("identity.")
}

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
            Self::Admin => OWN.into_iter().chain([MANAGE_API_KEYS]).collect(),
            Self::Staff | Self::Member => OWN.into_iter().collect(),
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
