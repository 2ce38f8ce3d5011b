//! The fields people edit about themselves.

use ashlar_kernel::FieldFault;
use url::Url;

use crate::canonical;

/// What others call a person: 1 to 100 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// Why a text is no display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDisplayName {
    /// Nothing but blanks.
    #[error("empty")]
    Empty,
    /// More than 100 characters.
    #[error("longer than 100 characters")]
    TooLong,
    /// Control characters, or ones that change the direction of the text around them.
    #[error("holds control characters")]
    ControlCharacter,
}

impl FieldFault for InvalidDisplayName {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "too_short",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

impl DisplayName {
    /// Accepts a name, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidDisplayName> {
        let name = text.trim();
        match name.chars().count() {
            0 => Err(InvalidDisplayName::Empty),
            101.. => Err(InvalidDisplayName::TooLong),
            _ if name.chars().any(canonical::is_deceptive) => Err(InvalidDisplayName::ControlCharacter),
            _ => Ok(Self(name.to_owned())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a picture is: an absolute `https` URL of at most 2,048 bytes, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvatarUrl(String);

const LONGEST_URL: usize = 2_048;

/// Why a text is no picture URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAvatarUrl {
    /// More than 2,048 bytes.
    #[error("longer than 2048 bytes")]
    TooLong,
    /// Not an absolute `https` URL.
    #[error("not an absolute https URL")]
    Format,
}

impl FieldFault for InvalidAvatarUrl {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Format => "invalid_format",
        }
    }
}

impl AvatarUrl {
    /// Accepts a URL.
    pub fn parse(text: &str) -> Result<Self, InvalidAvatarUrl> {
        if text.len() > LONGEST_URL {
            return Err(InvalidAvatarUrl::TooLong);
        }
        // The URL standard drops some of them and encodes the rest; who sends one means no URL.
        if text.chars().any(char::is_control) {
            return Err(InvalidAvatarUrl::Format);
        }
        let url = Url::parse(text).map_err(|_syntax| InvalidAvatarUrl::Format)?;
        let plain = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !url.has_host() || !plain {
            return Err(InvalidAvatarUrl::Format);
        }
        // What is encoded gets longer, and it is read back as it is kept.
        if url.as_str().len() > LONGEST_URL { Err(InvalidAvatarUrl::TooLong) } else { Ok(Self(url.into())) }
    }

    /// The URL, normalised.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A language tag (BCP 47), in its canonical spelling: `de-CH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(String);

/// The text is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a BCP 47 language tag, such as en or de-CH")]
pub struct InvalidLocale;

impl FieldFault for InvalidLocale {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

impl Locale {
    /// Accepts a tag of at most 35 characters, the length RFC 5646 section 4.4.1 says fits every registered tag.
    pub fn parse(text: &str) -> Result<Self, InvalidLocale> {
        if text.len() > 35 {
            return Err(InvalidLocale);
        }
        let locale = icu_locale_core::Locale::try_from_str(text).map_err(|_syntax| InvalidLocale)?;
        Ok(Self(locale.to_string()))
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_hold_no_control_characters() {
        assert_eq!(
            DisplayName::parse("  Ada \u{1f469}\u{200d}\u{1f4bb} ").unwrap().as_str(),
            "Ada \u{1f469}\u{200d}\u{1f4bb}"
        );
        assert_eq!(DisplayName::parse(" \t "), Err(InvalidDisplayName::Empty));
        assert!(DisplayName::parse(&"\u{e4}".repeat(100)).is_ok());
        assert_eq!(DisplayName::parse(&"\u{e4}".repeat(101)), Err(InvalidDisplayName::TooLong));
        for bad in [
            "a\u{0}b",
            "a\nb",
            "a\u{1b}[31mb",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{85}b",
            "\u{200b}",
            "\u{3164}",
            "\u{feff}",
            "a\u{2028}b",
            "a\u{61c}b",
            "\u{e0041}",
        ] {
            assert_eq!(DisplayName::parse(bad), Err(InvalidDisplayName::ControlCharacter), "{bad:?}");
        }
    }

    #[test]
    fn pictures_come_over_https_without_credentials() {
        assert_eq!(AvatarUrl::parse("https://cdn.example/a b.png").unwrap().as_str(), "https://cdn.example/a%20b.png");
        for bad in [
            "",
            "/a.png",
            "http://cdn.example/a",
            "javascript:alert(1)",
            "https://u:p@cdn.example/",
            "data:,x",
            "https://cdn.example/a\tb",
            "https://cdn.example/a\u{0}b",
            "\nhttps://cdn.example/a",
        ] {
            assert_eq!(AvatarUrl::parse(bad), Err(InvalidAvatarUrl::Format), "{bad}");
        }
        assert_eq!(AvatarUrl::parse(&format!("https://a/{}", "x".repeat(2_048))), Err(InvalidAvatarUrl::TooLong));
        // Written out it has six times as many bytes, and the account could not be read back.
        assert_eq!(AvatarUrl::parse(&format!("https://a/{}", "\u{e4}".repeat(1_000))), Err(InvalidAvatarUrl::TooLong));
    }

    #[test]
    fn language_tags_are_spelled_canonically() {
        assert_eq!(Locale::parse("DE-ch").unwrap().as_str(), "de-CH");
        assert_eq!(Locale::parse("zh-hans-cn").unwrap().as_str(), "zh-Hans-CN");
        for bad in ["", "english please", "e", "de_CH!", &"x".repeat(36)] {
            assert_eq!(Locale::parse(bad), Err(InvalidLocale), "{bad}");
        }
    }
}
