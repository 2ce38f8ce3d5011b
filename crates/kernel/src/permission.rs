//! What a caller may do.

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde::Serialize;

/// One thing a role may allow, named `<domain>.<action>[.own]`, e.g. `identity.profile.update.own`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Permission(&'static str);

impl Permission {
    /// Names a permission.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The permissions a caller holds. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionSet(Arc<BTreeSet<Permission>>);

impl PermissionSet {
    /// Whether `permission` is among them.
    pub fn allows(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(Arc::new(permissions.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_allows_what_it_holds_and_nothing_else() {
        const READ: Permission = Permission::new("demo.read");
        const WRITE: Permission = Permission::new("demo.write");
        let set = PermissionSet::from_iter([READ]);
        assert!(set.allows(READ));
        assert!(!set.allows(WRITE));
        assert!(!PermissionSet::default().allows(READ));
    }
}
