//! What people type to say who they are.

use ashlar_kernel::{FieldFault, MacKey, TenantId};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::canonical;

/// An e-mail address or a handle, in the form by which accounts are found.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    canonical: String,
    is_email: bool,
}

/// Why a text cannot identify anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentifier {
    /// Nothing but blanks.
    #[error("empty")]
    Empty,
    /// More than 254 bytes.
    #[error("longer than 254 bytes")]
    TooLong,
    /// Control characters, blanks inside, or a domain that is none.
    #[error("neither an e-mail address nor a handle")]
    Format,
}

impl FieldFault for InvalidIdentifier {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "too_short",
            Self::TooLong => "too_long",
            Self::Format => "invalid_format",
        }
    }
}

impl Identifier {
    /// Accepts an address or a handle.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidIdentifier::Empty);
        }
        if text.len() > canonical::MAX_BYTES {
            return Err(InvalidIdentifier::TooLong);
        }
        let canonical = canonical::identifier(text).ok_or(InvalidIdentifier::Format)?;
        let is_email = canonical.contains('@');
        Ok(Self { canonical, is_email })
    }

    /// What was typed, in the form in which it is compared.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical e-mail address, if it is one.
    pub fn email_key(&self) -> Option<&str> {
        self.is_email.then_some(self.canonical.as_str())
    }

    /// The canonical handle, if it is one.
    pub fn username_key(&self) -> Option<&str> {
        (!self.is_email).then_some(self.canonical.as_str())
    }

    /// A pseudonym for logs and counters: the same for every spelling, worthless without the key, and different in
    /// each tenant.
    pub fn pseudonym(&self, key: &MacKey, tenant: TenantId) -> String {
        let tag = key.tag(&[tenant.as_uuid().as_bytes(), self.canonical.as_bytes()]);
        URL_SAFE_NO_PAD.encode(tag.split_at(16).0)
    }
}

// Identifiers are personal data; see `pseudonym`.
impl std::fmt::Debug for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identifier(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Email, Username};

    #[test]
    fn an_identifier_finds_the_account_whatever_the_spelling() {
        let email = Email::parse("Ada@B\u{fc}cher.example").unwrap();
        let typed = Identifier::parse("  ADA@b\u{fc}cher.EXAMPLE ").unwrap();
        assert_eq!(typed.email_key(), Some(email.key()));
        assert_eq!(typed.username_key(), None);

        let handle = Username::parse("Ada.L").unwrap();
        assert_eq!(Identifier::parse("aDA.l").unwrap().username_key(), Some(handle.key().as_str()));
    }

    #[test]
    fn the_pseudonym_depends_on_tenant_and_key_and_not_on_spelling() {
        let key = MacKey::from_bytes([1; 32]);
        let other_tenant = TenantId::from_uuid(uuid::Uuid::from_u128(5));
        let name = |text: &str| Identifier::parse(text).unwrap().pseudonym(&key, TenantId::MAIN);
        assert_eq!(name("Ada@example.org"), name("ada@EXAMPLE.org"));
        assert_ne!(name("ada"), Identifier::parse("ada").unwrap().pseudonym(&key, other_tenant));
        assert_ne!(name("ada"), Identifier::parse("ada").unwrap().pseudonym(&key.derive("x"), TenantId::MAIN));
        assert!(!name("ada@example.org").contains("ada"));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Identifier::parse("  "), Err(InvalidIdentifier::Empty));
        assert_eq!(Identifier::parse(&"x".repeat(255)), Err(InvalidIdentifier::TooLong));
        assert_eq!(Identifier::parse("a\u{0}b"), Err(InvalidIdentifier::Format));
    }
}
