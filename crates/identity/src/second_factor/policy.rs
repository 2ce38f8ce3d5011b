//! Who has to have a second factor.

use ashlar_kernel::{Permission, PermissionSet};

use crate::{Account, Role, permission};

/// Who has to have a second factor.
///
/// Whoever has to and has none still signs in, but only into setting one up; whoever is signed in already keeps what it
/// takes to set one up, and the rest is withheld until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorPolicy {
    /// Nobody.
    Optional,
    /// Administrators and staff of tenants, and operators of the installation.
    AdminAndStaff,
    /// Everybody.
    Everybody,
}

/// What people may do before they have the second factor that is asked of them.
const UNTIL_THEN: [Permission; 4] = [
    permission::READ_OWN_PROFILE,
    permission::CHANGE_OWN_CREDENTIALS,
    permission::READ_OWN_SESSIONS,
    permission::REVOKE_OWN_SESSIONS,
];

impl SecondFactorPolicy {
    /// Whether the person has to have a second factor.
    pub fn concerns(self, account: &Account) -> bool {
        match self {
            Self::Optional => false,
            Self::AdminAndStaff => account.is_operator || self.concerns_role(account.role),
            Self::Everybody => true,
        }
    }

    /// Whether people of this role have to have a second factor.
    pub const fn concerns_role(self, role: Role) -> bool {
        match self {
            Self::Optional => false,
            Self::AdminAndStaff => matches!(role, Role::Admin | Role::Staff),
            Self::Everybody => true,
        }
    }

    /// Whether the person has to have a second factor, and has none.
    pub fn is_unmet_by(self, account: &Account) -> bool {
        self.concerns(account) && !account.has_second_factor
    }

    /// Of what the person `holds`, what they may do now, and what is withheld until they have a second factor.
    pub fn divide(self, account: &Account, holds: PermissionSet) -> (PermissionSet, PermissionSet) {
        if !self.is_unmet_by(account) {
            return (holds, PermissionSet::default());
        }
        let is_left = |permission: &Permission| UNTIL_THEN.contains(permission);
        (holds.iter().filter(is_left).collect(), holds.iter().filter(|permission| !is_left(permission)).collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{Email, NewUser, PasswordHash, User, UserId};

    fn account(role: Role, is_operator: bool, has_second_factor: bool) -> Account {
        let new = NewUser {
            id: UserId::from_uuid(uuid::Uuid::nil()),
            email: Email::parse("ada@example.org").unwrap(),
            username: None,
            password: PasswordHash::restore(String::new()),
            display_name: None,
            email_verified_at: None,
        };
        let user = User::register(new, ashlar_kernel::Timestamp::UNIX_EPOCH + TimeDelta::hours(1));
        Account { has_second_factor, is_operator, ..Account::of(user.state(), role) }
    }

    #[test]
    fn who_has_to_have_one_follows_from_role_and_policy() {
        let concerned = |policy: SecondFactorPolicy| {
            let roles = Role::ALL.into_iter().filter(move |role| policy.concerns(&account(*role, false, false)));
            roles.collect::<Vec<_>>()
        };
        assert_eq!(concerned(SecondFactorPolicy::Optional), []);
        assert_eq!(concerned(SecondFactorPolicy::AdminAndStaff), [Role::Admin, Role::Staff]);
        assert_eq!(concerned(SecondFactorPolicy::Everybody), Role::ALL);
        assert!(SecondFactorPolicy::AdminAndStaff.concerns(&account(Role::Member, true, false)));
    }

    #[test]
    fn what_is_withheld_comes_back_with_a_second_factor() {
        let policy = SecondFactorPolicy::AdminAndStaff;
        let holds = Role::Admin.permissions();
        let (may, withheld) = policy.divide(&account(Role::Admin, false, false), holds.clone());
        assert!(may.allows(permission::CHANGE_OWN_CREDENTIALS) && !may.allows(permission::READ_USERS));
        assert!(withheld.allows(permission::READ_USERS) && withheld.allows(permission::MANAGE_OWN_API_KEYS));
        assert_eq!(may.iter().count() + withheld.iter().count(), holds.iter().count());

        let (may, withheld) = policy.divide(&account(Role::Admin, false, true), holds.clone());
        assert_eq!((may, withheld), (holds, PermissionSet::default()));
    }
}
