//! Telephone numbers.

use std::{fmt, str::FromStr};

use ashlar_kernel::FieldFault;
use phonenumber::{Mode, country};

/// The country whose numbers are understood without a country code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region(country::Id);

/// The text names no country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country of ISO 3166-1, such as DE")]
pub struct InvalidRegion;

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        text.to_ascii_uppercase().parse().map(Self).map_err(|_unknown| InvalidRegion)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

/// A telephone number as it was given, and as every network understands it.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    given: String,
    e164: String,
}

/// Why a text is no telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// No network has such a number, or its country is not known.
    #[error("not a telephone number; give it with its country code, such as +49 30 123456")]
    Format,
    /// More than 32 characters.
    #[error("longer than 32 characters")]
    TooLong,
}

impl FieldFault for InvalidPhone {
    fn code(&self) -> &'static str {
        match self {
            Self::Format => "invalid_format",
            Self::TooLong => "too_long",
        }
    }
}

impl Phone {
    const LONGEST: usize = 32;

    /// Accepts a number: with its country code, or one of `region`.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Self, InvalidPhone> {
        let given = text.trim();
        if given.chars().count() > Self::LONGEST {
            return Err(InvalidPhone::TooLong);
        }
        // Letters of keypads and extensions are for people; what is stored has to be dialled by programs.
        let is_plain = given.bytes().all(|byte| byte.is_ascii_digit() || b"+ ()-./".contains(&byte));
        let has_digits = given.bytes().filter(u8::is_ascii_digit).count() >= 5;
        if !is_plain || !has_digits {
            return Err(InvalidPhone::Format);
        }
        let country = region.map(|Region(country)| country);
        let number = phonenumber::parse(country, given).map_err(|_syntax| InvalidPhone::Format)?;
        let e164 = number.format().mode(Mode::E164).to_string();
        if phonenumber::is_valid(&number) && is_e164(&e164) {
            Ok(Self { given: given.to_owned(), e164 })
        } else {
            Err(InvalidPhone::Format)
        }
    }

    /// Reads the stored form.
    pub(crate) fn restore(given: &str, e164: &str) -> Option<Self> {
        is_e164(e164).then(|| Self { given: given.to_owned(), e164: e164.to_owned() })
    }

    /// As it was given.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// As every network understands it (E.164): a plus and 7 to 15 digits.
    pub fn e164(&self) -> &str {
        &self.e164
    }
}

fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

// No `Debug` by derive: numbers are personal data and logs are read by many.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn e164(text: &str, region: Option<&str>) -> Result<String, InvalidPhone> {
        Phone::parse(text, region.map(|region| region.parse().unwrap())).map(|phone| phone.e164().to_owned())
    }

    #[test]
    fn separators_do_not_count() {
        for text in ["+919000000001", "+91 90000 00001", "+91-(90000)-00001", "+91.90000.00001"] {
            assert_eq!(e164(text, None).as_deref(), Ok("+919000000001"), "{text}");
        }
        assert_eq!(Phone::parse(" +91 90000 00001 ", None).unwrap().given(), "+91 90000 00001");
    }

    #[test]
    fn a_number_without_a_country_is_one_of_the_region_or_none() {
        assert_eq!(e164("030 123456", Some("de")).as_deref(), Ok("+4930123456"));
        assert_eq!(e164("030 123456", None), Err(InvalidPhone::Format));
        assert!("XX".parse::<Region>().is_err());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in ["", "+", "123", "+49", "call me", "+1-800-FLOWERS", "+49 30 123456;ext=5", "\u{661}\u{662}\u{663}"]
        {
            assert_eq!(e164(bad, Some("DE")), Err(InvalidPhone::Format), "{bad:?}");
        }
        assert_eq!(e164(&"1".repeat(33), None), Err(InvalidPhone::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9 ()./]{0,40}") {
            let _either = Phone::parse(&text, "US".parse().ok());
        }
    }
}
