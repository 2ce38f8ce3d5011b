//! The permissions of this domain, and the roles that hold them.

use std::str::FromStr;

use ashlar_kernel::{FieldFault, Permission, PermissionSet};

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
/// Take along everything that is held about oneself.
pub const EXPORT_OWN_ACCOUNT: Permission = Permission::new("identity.account.export.own");
/// Delete one's own account.
pub const DELETE_OWN_ACCOUNT: Permission = Permission::new("identity.account.delete.own");
/// List the tenants one is a member of.
pub const READ_OWN_MEMBERSHIPS: Permission = Permission::new("identity.membership.read.own");
/// Go on in another tenant one is a member of.
pub const SWITCH_OWN_TENANT: Permission = Permission::new("identity.session.switch_tenant.own");
/// See who tried to sign in to one's own account.
pub const READ_OWN_LOGINS: Permission = Permission::new("identity.login_attempt.read.own");
/// See who tried to sign in to the tenant.
pub const READ_LOGINS: Permission = Permission::new("identity.login_attempt.read");
/// See the people of the tenant.
pub const READ_USERS: Permission = Permission::new("identity.user.read");
/// Open, edit, suspend, activate, unlock and delete the accounts of the tenant.
pub const MANAGE_USERS: Permission = Permission::new("identity.user.manage");
/// See where the people of the tenant are signed in.
pub const READ_SESSIONS: Permission = Permission::new("identity.session.read");
/// Sign the people of the tenant out.
pub const REVOKE_SESSIONS: Permission = Permission::new("identity.session.revoke");
/// Take people into the tenant, change their roles, and remove them from it.
pub const MANAGE_MEMBERSHIPS: Permission = Permission::new("identity.membership.manage");
/// Make others administrators of the tenant.
pub const GRANT_ADMIN: Permission = Permission::new("identity.membership.grant_admin");
/// See the tenants of the installation. Of its operators.
pub const READ_TENANTS: Permission = Permission::new("identity.tenant.read");
/// Open, suspend and resume tenants. Of the installation's operators.
pub const MANAGE_TENANTS: Permission = Permission::new("identity.tenant.manage");
/// See the keys that sign access tokens. Of the installation's operators.
pub const READ_SIGNING_KEYS: Permission = Permission::new("identity.signing_key.read");
/// Have another key sign access tokens. Of the installation's operators.
pub const ROTATE_SIGNING_KEYS: Permission = Permission::new("identity.signing_key.rotate");
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
    (CHANGE_OWN_CREDENTIALS, "Change one's own password, address and second factor."),
    (EXPORT_OWN_ACCOUNT, "Take along everything that is held about oneself."),
    (DELETE_OWN_ACCOUNT, "Delete one's own account."),
    (READ_OWN_MEMBERSHIPS, "List the tenants one is a member of."),
    (SWITCH_OWN_TENANT, "Go on in another tenant one is a member of."),
    (READ_OWN_API_KEYS, "See one's own API keys."),
    (MANAGE_OWN_API_KEYS, "Make, rotate and end one's own API keys."),
    (MANAGE_API_KEYS, "Make publishable API keys, and keys that live longer than a year."),
    (READ_OWN_LOGINS, "See who tried to sign in to one's own account."),
    (READ_LOGINS, "See who tried to sign in to the tenant."),
    (READ_USERS, "See the people of the tenant."),
    (MANAGE_USERS, "Open, edit, suspend, activate, unlock and delete the accounts of the tenant."),
    (READ_SESSIONS, "See where the people of the tenant are signed in."),
    (REVOKE_SESSIONS, "Sign the people of the tenant out."),
    (MANAGE_MEMBERSHIPS, "Take people into the tenant, change their roles, and remove them from it."),
    (GRANT_ADMIN, "Make others administrators of the tenant."),
    (READ_TENANTS, "See the tenants of the installation."),
    (MANAGE_TENANTS, "Open, suspend and resume tenants."),
    (READ_SIGNING_KEYS, "See the keys that sign access tokens."),
    (ROTATE_SIGNING_KEYS, "Have another key sign access tokens."),
];

/// Permissions of the leads domain, by their names: domains do not know each other, roles are known to all of them. See
/// `docs/adr/0021-roles-name-permissions-of-every-domain.md`.
mod leads {
    use ashlar_kernel::Permission;

    /// For those who work with their own leads and nobody's.
    pub(super) const OWN: [Permission; 5] = [
        Permission::new("leads.lead.read"),
        Permission::new("leads.lead.create"),
        Permission::new("leads.lead.update"),
        Permission::new("leads.client.read"),
        Permission::new("leads.client.update"),
    ];
    /// For those who work with everybody's.
    pub(super) const ALL: [Permission; 10] = [
        Permission::new("leads.lead.read_all"),
        Permission::new("leads.lead.delete"),
        Permission::new("leads.lead.unspam"),
        Permission::new("leads.lead.import"),
        Permission::new("leads.lead.export"),
        Permission::new("leads.subscriber.read"),
        Permission::new("leads.newsletter.manage"),
        Permission::new("leads.lead.merge"),
        Permission::new("leads.contact.read"),
        Permission::new("leads.contact.update"),
    ];
    /// For those who put things right.
    pub(super) const RIGHT: [Permission; 4] = [
        Permission::new("leads.lead.reopen"),
        Permission::new("leads.lead.purge"),
        Permission::new("leads.subscriber.erase"),
        Permission::new("leads.suppression.lift"),
    ];
}

/// Permissions of the audit trail, by their names as well.
mod audit {
    use ashlar_kernel::Permission;

    /// For those who may know what everybody did.
    pub(super) const ALL: [Permission; 3] =
        [Permission::new("audit.read"), Permission::new("audit.read_pii"), Permission::new("audit.erase_pii")];
}

/// Permissions of jobs and of what administrators look after, by their names as well.
mod admin {
    use ashlar_kernel::Permission;

    /// For those who look after a tenant.
    pub(super) const OF_A_TENANT: [Permission; 5] = [
        Permission::new("jobs.job.read"),
        Permission::new("jobs.job.manage"),
        Permission::new("admin.dashboard.read"),
        Permission::new("admin.notification.read"),
        Permission::new("admin.notification.acknowledge"),
    ];
    /// For those who look after the installation.
    pub(super) const OF_THE_INSTALLATION: [Permission; 3] = [
        Permission::new("jobs.schedule.read"),
        Permission::new("jobs.schedule.run"),
        Permission::new("admin.log.read"),
    ];
}

/// What everybody may do with their own things.
const OWN: [Permission; 12] = [
    CHANGE_OWN_CREDENTIALS,
    READ_OWN_PROFILE,
    UPDATE_OWN_PROFILE,
    READ_OWN_SESSIONS,
    REVOKE_OWN_SESSIONS,
    READ_OWN_LOGINS,
    EXPORT_OWN_ACCOUNT,
    DELETE_OWN_ACCOUNT,
    READ_OWN_MEMBERSHIPS,
    SWITCH_OWN_TENANT,
    READ_OWN_API_KEYS,
    MANAGE_OWN_API_KEYS,
];

/// Whether an API key can be good for a permission. Of this domain, next to nothing: passwords, sessions, members and
/// keys are the business of people. Of the others, everything.
pub fn is_for_keys(permission: Permission) -> bool {
    [READ_OWN_PROFILE, UPDATE_OWN_PROFILE].contains(&permission) || !permission.as_str().starts_with("identity.")
}

/// What an operator of the installation may do, besides what is their own. Nothing inside a tenant: no token carries
/// both.
pub fn operator_permissions() -> PermissionSet {
    let more = [READ_TENANTS, MANAGE_TENANTS, READ_SIGNING_KEYS, ROTATE_SIGNING_KEYS];
    OWN.into_iter().chain(more).chain(admin::OF_THE_INSTALLATION).collect()
}

/// What a person is in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything in the tenant.
    Admin,
    /// The daily work: content, leads, reading users.
    Staff,
    /// Leads that are their own or nobody's.
    Sales,
    /// Courses that are their own.
    Instructor,
    /// Their own things.
    Member,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Staff, Self::Sales, Self::Instructor, Self::Member];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Staff => "staff",
            Self::Sales => "sales",
            Self::Instructor => "instructor",
            Self::Member => "member",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether people of this role work with leads, and may look after them.
    pub const fn works_with_leads(self) -> bool {
        matches!(self, Self::Admin | Self::Staff | Self::Sales)
    }

    /// What the role may do, in this domain and the others. Everybody owns their own things.
    pub fn permissions(self) -> PermissionSet {
        self.own_domain().iter().chain(self.elsewhere()).collect()
    }

    /// What the role may do in other domains.
    fn elsewhere(self) -> Vec<Permission> {
        let parts: &[&[Permission]] = match self {
            Self::Admin => &[&leads::OWN, &leads::ALL, &leads::RIGHT, &audit::ALL, &admin::OF_A_TENANT],
            Self::Staff => &[&leads::OWN, &leads::ALL],
            Self::Sales => &[&leads::OWN],
            Self::Instructor | Self::Member => &[],
        };
        parts.concat()
    }

    /// What the role may do in this domain.
    fn own_domain(self) -> PermissionSet {
        let more: &[Permission] = match self {
            Self::Admin => &[
                READ_USERS,
                MANAGE_USERS,
                READ_SESSIONS,
                REVOKE_SESSIONS,
                READ_LOGINS,
                MANAGE_MEMBERSHIPS,
                GRANT_ADMIN,
                MANAGE_API_KEYS,
            ],
            Self::Staff => &[READ_USERS],
            Self::Sales | Self::Instructor | Self::Member => &[],
        };
        OWN.iter().chain(more).copied().collect()
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of admin, staff, sales, instructor and member")]
pub struct InvalidRole;

impl FieldFault for InvalidRole {
    fn code(&self) -> &'static str {
        "invalid_value"
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        Self::restore(text).ok_or(InvalidRole)
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
            let sets = Role::ALL.iter().map(|role| role.permissions()).chain([operator_permissions()]);
            assert!(sets.into_iter().any(|set| set.allows(*permission)), "{permission}");
        }
    }

    #[test]
    fn an_operator_holds_nothing_that_a_role_adds_and_no_role_what_an_operator_adds() {
        let operator = operator_permissions();
        let own = Role::Member.permissions();
        assert!(own.iter().all(|permission| operator.allows(permission)));
        for role in Role::ALL {
            let shared = role.permissions().iter().filter(|permission| operator.allows(*permission)).count();
            assert_eq!(shared, own.iter().count(), "{role:?}");
        }
    }

    #[test]
    fn only_administrators_grant_their_own_role() {
        let granting: Vec<_> = Role::ALL.into_iter().filter(|role| role.permissions().allows(GRANT_ADMIN)).collect();
        assert_eq!(granting, [Role::Admin]);
    }
}
