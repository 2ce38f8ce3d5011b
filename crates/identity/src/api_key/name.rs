//! What the owner calls a key, and how long it is to live.

use ashlar_kernel::FieldFault;
use chrono::TimeDelta;

use crate::DisplayName;

/// What the owner calls a key: 1 to 100 characters, by the rules of display names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyName(DisplayName);

/// The text is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 100 characters without control characters")]
pub struct InvalidApiKeyName;

impl FieldFault for InvalidApiKeyName {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

impl ApiKeyName {
    /// Accepts a name.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKeyName> {
        DisplayName::parse(text).map(Self).map_err(|_fault| InvalidApiKeyName)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// How long a key lives, in whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(u16);

/// Not a number of days from 1 to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key lives 1 to {longest} days")]
pub struct InvalidLifetime {
    longest: u16,
}

impl FieldFault for InvalidLifetime {
    fn code(&self) -> &'static str {
        "out_of_range"
    }
}

impl Lifetime {
    /// Unless asked otherwise.
    pub const DEFAULT: Self = Self(90);
    /// The longest that people may give their own keys.
    pub const LONGEST: Self = Self(365);
    /// The longest that an administrator may.
    pub const LONGEST_OF_ADMIN: Self = Self(3_650);

    /// Accepts a number of days, up to `longest`.
    pub fn parse(days: i64, longest: Self) -> Result<Self, InvalidLifetime> {
        match u16::try_from(days) {
            Ok(days) if (1..=longest.0).contains(&days) => Ok(Self(days)),
            _ => Err(InvalidLifetime { longest: longest.0 }),
        }
    }

    /// As a duration.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::days(i64::from(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lives_a_day_to_a_year() {
        let parse = |days| Lifetime::parse(days, Lifetime::LONGEST);
        assert_eq!(parse(90), Ok(Lifetime::DEFAULT));
        assert!(parse(1).is_ok() && parse(365).is_ok());
        for bad in [i64::MIN, -1, 0, 366, 65_626, i64::MAX] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(Lifetime::parse(3_650, Lifetime::LONGEST_OF_ADMIN).is_ok());
        assert_eq!(parse(366).unwrap_err().to_string(), "a key lives 1 to 365 days");
    }

    #[test]
    fn names_hold_no_control_characters() {
        assert_eq!(ApiKeyName::parse(" CI \u{1f511} ").unwrap().as_str(), "CI \u{1f511}");
        for bad in ["", " ", "a\nb", "a\u{202e}b", &"x".repeat(101)] {
            assert_eq!(ApiKeyName::parse(bad), Err(InvalidApiKeyName), "{bad:?}");
        }
    }
}
