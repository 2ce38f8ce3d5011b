//! Public handles.

use ashlar_kernel::FieldFault;

/// A public handle: 3 to 32 ASCII letters, digits, `.`, `_` and `-`, with a letter or digit at both ends.
///
/// ASCII only, so that no two handles look alike; never an `@`, so that it cannot be mistaken for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

/// The text is no handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsername {
    /// Fewer than 3 characters.
    #[error("shorter than 3 characters")]
    TooShort,
    /// More than 32 characters.
    #[error("longer than 32 characters")]
    TooLong,
    /// A character that is not allowed, or not at an end.
    #[error("only letters a-z, digits, '.', '_' and '-', with a letter or digit at both ends")]
    Format,
}

impl FieldFault for InvalidUsername {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Format => "invalid_format",
        }
    }
}

impl Username {
    /// Accepts a handle.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        match text.chars().count() {
            0..=2 => Err(InvalidUsername::TooShort),
            33.. => Err(InvalidUsername::TooLong),
            _ if !text.chars().all(inner) || !edge(text.chars().next()) || !edge(text.chars().next_back()) => {
                Err(InvalidUsername::Format)
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The handle as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which handles are compared: upper and lower case are one.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_plain_ascii_words() {
        for good in ["ada", "Ada.Lovelace", "a-1", "a__b", &"x".repeat(32)] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        assert_eq!(Username::parse("ab"), Err(InvalidUsername::TooShort));
        assert_eq!(Username::parse(&"x".repeat(33)), Err(InvalidUsername::TooLong));
        for bad in ["-ada", "ada.", "a da", "a@b", "\u{430}da", "ada\u{0}"] {
            assert_eq!(Username::parse(bad), Err(InvalidUsername::Format), "{bad:?}");
        }
    }

    #[test]
    fn case_does_not_make_another_handle() {
        assert_eq!(Username::parse("Ada").unwrap().key(), Username::parse("aDA").unwrap().key());
    }
}
