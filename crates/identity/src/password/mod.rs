//! Passwords: what is accepted, and what is kept of them.

mod class;
mod common;
mod folding;
mod mix;
mod policy;
mod rehash;
mod weakness;

use ashlar_kernel::{ExposeSecret, FieldFault, Secret};

pub use class::HashClass;
pub(crate) use mix::HashMix;
pub use policy::{PasswordContext, PasswordFault, PasswordPolicy, PasswordRejected, password_codes};
pub(crate) use rehash::rehash_event_specs;
pub use rehash::{Rehash, RehashEvent};
pub(crate) use weakness::weak_password_event_specs;
pub use weakness::{WeakPassword, WeakPasswordEvent};

/// A password as it was typed: at most 1,024 bytes of any Unicode but control characters. Whether it is a good one is
/// for the [`PasswordPolicy`] to say.
#[derive(Clone)]
pub struct Password(Secret);

/// Why a text cannot be a password at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Nothing.
    #[error("empty")]
    Empty,
    /// More than 1,024 bytes.
    #[error("longer than 1024 bytes")]
    TooLong,
    /// Control characters.
    #[error("holds control characters")]
    ControlCharacter,
}

impl FieldFault for InvalidPassword {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "too_short",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

impl Password {
    /// Accepts a text.
    pub fn parse(text: Secret) -> Result<Self, InvalidPassword> {
        let raw = text.expose_secret();
        if raw.is_empty() {
            return Err(InvalidPassword::Empty);
        }
        if raw.len() > 1_024 {
            return Err(InvalidPassword::TooLong);
        }
        if raw.chars().any(char::is_control) {
            return Err(InvalidPassword::ControlCharacter);
        }
        Ok(Self(text))
    }

    /// The text, for hashing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The stored form of a password: a PHC string that names its algorithm and parameters, or what another system made of
/// it and the hasher reads too. Has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// What a hash that no password is behind begins with.
    pub const UNUSABLE: char = '!';

    /// The hash no password is behind: of accounts that cannot be signed in to until a password is set.
    pub fn unusable() -> Self {
        Self(Self::UNUSABLE.to_string())
    }

    /// Whether no password is behind it.
    pub fn is_unusable(&self) -> bool {
        self.0.starts_with(Self::UNUSABLE)
    }

    /// Wraps what a hasher made or a store kept.
    pub const fn restore(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_excess_are_refused() {
        let parse = |text: &str| Password::parse(Secret::from(text)).map(|_| ());
        assert_eq!(parse(""), Err(InvalidPassword::Empty));
        assert_eq!(parse("a\u{0}b"), Err(InvalidPassword::ControlCharacter));
        assert_eq!(parse(&"x".repeat(1_025)), Err(InvalidPassword::TooLong));
        assert_eq!(parse(" p\u{e4}ss \u{1f512} "), Ok(()));
    }
}
