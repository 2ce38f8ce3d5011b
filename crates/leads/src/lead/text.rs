//! The texts of a lead: names, lines and notes.

use ashlar_kernel::{FieldFault, canonical};
use unicode_segmentation::UnicodeSegmentation as _;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Less than it takes.
    #[error("shorter than {0} characters")]
    TooShort(usize),
    /// More than there is room for.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// Control characters, or ones that show nothing or turn the text around.
    #[error("holds control characters")]
    ControlCharacter,
    /// Nothing but digits, blanks and signs.
    #[error("a name has a letter in it")]
    NoLetter,
}

impl FieldFault for InvalidText {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort(_) => "too_short",
            Self::TooLong(_) => "too_long",
            Self::ControlCharacter => "control_character",
            Self::NoLetter => "invalid_format",
        }
    }
}

/// What a person is called: 2 to 255 characters, one of them a letter of whatever script; single blanks.
#[derive(Clone, PartialEq, Eq)]
pub struct FullName(String);

impl FullName {
    const LONGEST: usize = 255;

    /// Accepts a name, in Unicode's composed form, without surrounding and doubled blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let name = canonical::composed(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        if name.chars().count() > Self::LONGEST {
            return Err(InvalidText::TooLong(Self::LONGEST));
        }
        if name.chars().any(canonical::is_deceptive) {
            return Err(InvalidText::ControlCharacter);
        }
        // What people count: an accent is no character of its own, and neither is the second half of a family.
        if name.graphemes(true).take(2).count() < 2 {
            return Err(InvalidText::TooShort(2));
        }
        if name.chars().any(char::is_alphabetic) { Ok(Self(name)) } else { Err(InvalidText::NoLetter) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is sorted and searched by: equal for every spelling.
    pub fn key(&self) -> String {
        canonical::fold(&self.0)
    }
}

/// A line of text of at most `MOST` characters, not empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Line<const MOST: usize>(String);

impl<const MOST: usize> Line<MOST> {
    /// Accepts a line, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let line = canonical::composed(text.trim());
        match line.chars().count() {
            0 => Err(InvalidText::TooShort(1)),
            length if length > MOST => Err(InvalidText::TooLong(MOST)),
            _ if line.chars().any(canonical::is_deceptive) => Err(InvalidText::ControlCharacter),
            _ => Ok(Self(line)),
        }
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody wrote down: 1 to 5,000 characters in lines. Kept as it is, to be escaped by whoever shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Notes(String);

impl Notes {
    /// How many characters it has at most.
    pub const LONGEST: usize = 5_000;

    /// Accepts a text, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        match text.chars().count() {
            0 => Err(InvalidText::TooShort(1)),
            length if length > Self::LONGEST => Err(InvalidText::TooLong(Self::LONGEST)),
            _ if text.chars().any(|c| is_control(c) || canonical::is_direction_override(c)) => {
                Err(InvalidText::ControlCharacter)
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// No `Debug` by derive: what leads say about themselves is personal data, and logs are read by many.
impl std::fmt::Debug for FullName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FullName(..)")
    }
}

impl<const MOST: usize> std::fmt::Debug for Line<MOST> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line(..)")
    }
}

impl std::fmt::Debug for Notes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notes(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_two_characters_and_a_letter() {
        for good in ["Li", "O'Neil", "\u{674e}\u{660e}", "J\u{f6}rg 3", "\u{c5}sa", "X \u{c6} A-12"] {
            assert!(FullName::parse(good).is_ok(), "{good}");
        }
        for (bad, fault) in [
            ("A", InvalidText::TooShort(2)),
            ("", InvalidText::TooShort(2)),
            ("  ", InvalidText::TooShort(2)),
            ("A\u{301}", InvalidText::TooShort(2)),
            ("12345", InvalidText::NoLetter),
            ("\u{ff11}\u{ff12}\u{ff13}", InvalidText::NoLetter),
            ("\u{663}\u{664}", InvalidText::NoLetter),
            ("-- !", InvalidText::NoLetter),
            ("a\u{0}b", InvalidText::ControlCharacter),
            ("a\u{202e}b", InvalidText::ControlCharacter),
            (&"x".repeat(256), InvalidText::TooLong(255)),
        ] {
            assert_eq!(FullName::parse(bad), Err(fault), "{bad:?}");
        }
    }

    #[test]
    fn two_spellings_of_a_name_are_one() {
        assert_eq!(FullName::parse("  Jo\u{308}rg \t Maier ").unwrap().as_str(), "J\u{f6}rg Maier");
        assert_eq!(FullName::parse("J\u{d6}RG MAIER").unwrap().key(), "j\u{f6}rg maier");
    }

    #[test]
    fn notes_keep_their_lines() {
        assert_eq!(Notes::parse(" a\n\tb \n").unwrap().as_str(), "a\n\tb");
        assert_eq!(Notes::parse("a\u{0}b"), Err(InvalidText::ControlCharacter));
        assert_eq!(Notes::parse(&"x".repeat(5_001)), Err(InvalidText::TooLong(5_000)));
        assert!(Notes::parse("<script>alert(1)</script>").is_ok(), "kept as it is");
    }
}
