//! The names of what is remembered.

use crate::TenantId;

/// Names a value of one tenant in one space. Tenants cannot read each other's values: none of their keys are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    tenant: TenantId,
    space: &'static str,
    name: String,
}

impl CacheKey {
    /// The key of `name` among the values that `space` is for.
    pub fn new(tenant: TenantId, space: &'static str, name: impl Into<String>) -> Self {
        Self { tenant, space, name: name.into() }
    }

    /// The space.
    pub const fn space(&self) -> &'static str {
        self.space
    }

    /// The key as one text that no other key has: the length tells where the space ends.
    pub fn as_text(&self) -> String {
        let Self { tenant, space, name } = self;
        format!("{}:{}:{space}:{name}", tenant.as_uuid().simple(), space.len())
    }
}

/// Names something of one tenant that values depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CacheTag {
    tenant: TenantId,
    name: String,
}

impl CacheTag {
    /// The tag `name`.
    pub fn new(tenant: TenantId, name: impl Into<String>) -> Self {
        Self { tenant, name: name.into() }
    }

    /// The tag as one text that no other tag has.
    pub fn as_text(&self) -> String {
        format!("{}:{}", self.tenant.as_uuid().simple(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn no_two_keys_have_one_text() {
        let tenants = [TenantId::MAIN, TenantId::from_uuid(Uuid::from_u128(1))];
        let names = [("a", "b:c"), ("a:b", "c"), ("a", "b"), ("a:", "b"), ("a", ":b"), ("", "a:b"), ("a:b", "")];
        let keys = tenants.into_iter().flat_map(|tenant| names.map(|(space, name)| CacheKey::new(tenant, space, name)));
        let texts: HashSet<String> = keys.map(|key| key.as_text()).collect();
        assert_eq!(texts.len(), tenants.len() * names.len());
    }
}
