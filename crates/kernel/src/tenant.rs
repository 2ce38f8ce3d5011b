//! The customers of one installation, kept apart.

use std::fmt;

use uuid::Uuid;

use crate::{FieldFault, Id};

/// An organisation whose data nobody else sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its identifier.
    pub id: TenantId,
    /// The short name in `X-Tenant` and host names.
    pub slug: TenantSlug,
    /// What people call it.
    pub name: String,
}

/// Identifies a [`Tenant`].
pub type TenantId = Id<Tenant>;

impl TenantId {
    /// The tenant `main`, which exists from the first start: a single-site user never meets the word tenant.
    pub const MAIN: Self = Self::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
}

/// A tenant's short name: 1 to 63 of `a-z`, `0-9` and `-`, as a DNS label (RFC 1123).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenantSlug(String);

/// The text is not a DNS label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tenant's short name is 1 to 63 lower-case letters, digits and inner hyphens")]
pub struct InvalidTenantSlug;

impl TenantSlug {
    /// The slug of [`TenantId::MAIN`].
    pub const MAIN: &'static str = "main";

    /// Accepts a short name.
    pub fn parse(text: &str) -> Result<Self, InvalidTenantSlug> {
        let characters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let edges = !text.starts_with('-') && !text.ends_with('-');
        if (1..=63).contains(&text.len()) && characters && edges {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTenantSlug)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FieldFault for InvalidTenantSlug {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

impl fmt::Display for TenantSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_dns_labels() {
        for good in ["main", "a", "acme-2", &"x".repeat(63)] {
            assert!(TenantSlug::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", "\u{e4}", &"x".repeat(64)] {
            assert!(TenantSlug::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_main_tenant_has_a_version_seven_id() {
        assert_eq!(TenantId::MAIN.as_uuid().get_version_num(), 7);
    }
}
