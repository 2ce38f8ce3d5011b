//! What other systems and their accounts are called.

/// The name of a system that accounts are imported from, such as `django:auth.user`: 1 to 100 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportSource(String);

/// The text does not name a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a source is named by 1 to 100 visible ASCII characters")]
pub struct InvalidImportSource;

impl ImportSource {
    /// Accepts a name.
    pub fn parse(text: &str) -> Result<Self, InvalidImportSource> {
        let is_one = (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_one { Ok(Self(text.to_owned())) } else { Err(InvalidImportSource) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of an account in another system: 1 to 255 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForeignId(String);

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 255 bytes and no control characters")]
pub struct InvalidForeignId;

impl ForeignId {
    /// Accepts an id.
    pub fn parse(text: &str) -> Result<Self, InvalidForeignId> {
        let is_one = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
        if is_one { Ok(Self(text.to_owned())) } else { Err(InvalidForeignId) }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_are_short_and_visible() {
        assert!(ImportSource::parse("django:auth.user").is_ok());
        for bad in ["", "a b", "a\u{e4}", &"x".repeat(101)] {
            assert_eq!(ImportSource::parse(bad), Err(InvalidImportSource), "{bad}");
        }
        for good in ["1", "6f1c\u{e4}", &"x".repeat(255)] {
            assert!(ForeignId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a\nb", "\u{0}", &"x".repeat(256)] {
            assert_eq!(ForeignId::parse(bad), Err(InvalidForeignId), "{bad}");
        }
    }
}
