//! What a key is good for.

use ashlar_kernel::{FieldFault, Permission, PermissionSet};

use super::KeyKind;
use crate::permission;

/// The name of a permission that a key may use on behalf of its owner.
///
/// Kept as text: a scope of a domain that a later version no longer has is no reason to refuse the key for its others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

/// Why a text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScope {
    /// There is none.
    #[error("a key needs 1 to 32 scopes")]
    Count,
    /// It is not written like one.
    #[error("a scope is the name of a permission, such as identity.profile.read.own")]
    Format,
    /// The owner does not hold it, or no key of this kind may.
    #[error("you do not hold this permission, or no key of this kind may use it")]
    NotGrantable,
}

impl FieldFault for InvalidScope {
    fn code(&self) -> &'static str {
        match self {
            Self::Count => "out_of_range",
            Self::Format => "invalid_format",
            Self::NotGrantable => "not_grantable",
        }
    }
}

/// The most scopes of a key.
pub(crate) const MOST: usize = 32;
const LONGEST: usize = 64;

/// Everything a publishable key can be good for. Who holds it is anybody who reads the source of a web page.
pub const PUBLISHABLE_SCOPES: [Permission; 2] =
    [Permission::new("leads:create"), Permission::new("newsletter:subscribe")];

impl Scope {
    /// Accepts a name.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.:".contains(&byte);
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let fits = text.len() <= LONGEST && text.contains(['.', ':']) && text.bytes().all(is_letter);
        if begins && fits { Ok(Self(text.to_owned())) } else { Err(InvalidScope::Format) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a key of this kind could be good for, if its owner holds `permissions`.
pub(crate) fn grantable(kind: KeyKind, permissions: &PermissionSet) -> PermissionSet {
    match kind {
        KeyKind::Secret => permissions.iter().filter(|held| permission::is_for_keys(*held)).collect(),
        KeyKind::Publishable if permissions.allows(permission::MANAGE_API_KEYS) => {
            PUBLISHABLE_SCOPES.into_iter().collect()
        }
        KeyKind::Publishable => PermissionSet::default(),
    }
}

/// What a key with `scopes` is good for now: no more than its owner.
pub(crate) fn effective(kind: KeyKind, scopes: &[Scope], permissions: &PermissionSet) -> PermissionSet {
    let is_in_scope = |held: &Permission| scopes.iter().any(|scope| scope.as_str() == held.as_str());
    grantable(kind, permissions).iter().filter(is_in_scope).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn scopes(names: &[&str]) -> Vec<Scope> {
        names.iter().map(|name| Scope::parse(name).unwrap()).collect()
    }

    fn names(set: &PermissionSet) -> Vec<&'static str> {
        set.iter().map(|permission| permission.as_str()).collect()
    }

    #[test]
    fn scopes_are_names_of_permissions() {
        for good in ["identity.profile.read.own", "leads:create", "a.b", "x1_y.z2"] {
            assert_eq!(Scope::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "*", "a", "A.b", ".a", "a b.c", "a.b\n", "\u{e4}.b", &format!("a.{}", "x".repeat(63))] {
            assert_eq!(Scope::parse(bad), Err(InvalidScope::Format), "{bad:?}");
        }
    }

    #[test]
    fn a_key_can_no_more_than_its_owner() {
        let both = scopes(&["identity.profile.read.own", "demo.lamp.light", "leads:create"]);
        let lamp = Permission::new("demo.lamp.light");
        let owner: PermissionSet =
            [permission::READ_OWN_PROFILE, lamp, permission::MANAGE_API_KEYS].into_iter().collect();
        let demoted: PermissionSet = [permission::READ_OWN_PROFILE].into_iter().collect();

        assert_eq!(names(&effective(KeyKind::Secret, &both, &owner)), ["demo.lamp.light", "identity.profile.read.own"]);
        assert_eq!(names(&effective(KeyKind::Secret, &both, &demoted)), ["identity.profile.read.own"]);
        assert_eq!(names(&effective(KeyKind::Secret, &[], &owner)), [""; 0]);
        assert_eq!(names(&effective(KeyKind::Publishable, &both, &owner)), ["leads:create"]);
        assert_eq!(names(&effective(KeyKind::Publishable, &both, &demoted)), [""; 0]);
    }

    #[test]
    fn what_is_for_people_is_in_no_scope() {
        for role in Role::ALL {
            let grantable = grantable(KeyKind::Secret, &role.permissions());
            let of_identity: Vec<_> =
                names(&grantable).into_iter().filter(|name| name.starts_with("identity.")).collect();
            assert_eq!(of_identity, ["identity.profile.read.own", "identity.profile.update.own"], "{role:?}");
        }
    }
}
