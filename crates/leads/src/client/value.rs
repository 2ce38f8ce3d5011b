//! What contracts are about: money, time and a title.

use ashlar_kernel::FieldFault;
use chrono::NaiveDate;

use crate::lead::{InvalidText, Line};

/// What a contract is called: 2 to 200 characters in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(Line<200>);

impl Title {
    /// Accepts a line, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let line = Line::parse(text)?;
        if line.as_str().chars().count() < 2 { Err(InvalidText::TooShort(2)) } else { Ok(Self(line)) }
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Why money is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// Less than nothing.
    #[error("less than nothing")]
    Negative,
    /// No currency.
    #[error("not a currency of ISO 4217, such as EUR")]
    Currency,
}

impl FieldFault for InvalidValue {
    fn code(&self) -> &'static str {
        match self {
            Self::Negative => "out_of_range",
            Self::Currency => "unknown_value",
        }
    }
}

/// A currency of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency(&'static str);

/// The currencies that are in use, without funds, metals and codes for tests.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR \
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU \
MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD \
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG \
XOF XPF YER ZAR ZMW ZWG";

impl Currency {
    /// Accepts a code in capital letters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let known = CURRENCIES.split(' ').find(|code| *code == text);
        known.map(Self).ok_or(InvalidValue::Currency)
    }

    /// The code.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// An amount of money, not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    minor: i64,
    currency: Currency,
}

impl Value {
    /// So many of the smallest units of a currency.
    pub const fn new(minor: i64, currency: Currency) -> Result<Self, InvalidValue> {
        if minor < 0 { Err(InvalidValue::Negative) } else { Ok(Self { minor, currency }) }
    }

    /// In the smallest units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Of which currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

/// Why a date is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDate {
    /// Not a date.
    #[error("not a date such as 2026-11-21")]
    Format,
    /// It ends before it begins.
    #[error("before the beginning")]
    EndsEarly,
}

impl FieldFault for InvalidDate {
    fn code(&self) -> &'static str {
        match self {
            Self::Format => "invalid_format",
            Self::EndsEarly => "out_of_range",
        }
    }
}

/// From when to when a contract holds, both days included, as far as that is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Term {
    starts: Option<NaiveDate>,
    ends: Option<NaiveDate>,
}

impl Term {
    /// From one day to another.
    pub fn new(starts: Option<NaiveDate>, ends: Option<NaiveDate>) -> Result<Self, InvalidDate> {
        let ends_early = starts.zip(ends).is_some_and(|(starts, ends)| ends < starts);
        if ends_early { Err(InvalidDate::EndsEarly) } else { Ok(Self { starts, ends }) }
    }

    /// A day as ISO 8601 writes it.
    pub fn day(text: &str) -> Result<NaiveDate, InvalidDate> {
        // The parser takes single digits, signs and longer years too, which would not be read back.
        let fits =
            |(place, byte): (usize, u8)| if [4, 7].contains(&place) { byte == b'-' } else { byte.is_ascii_digit() };
        let is_written_out = text.len() == 10 && text.bytes().enumerate().all(fits);
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_written_out).ok_or(InvalidDate::Format)
    }

    /// The first day.
    pub const fn starts(self) -> Option<NaiveDate> {
        self.starts
    }

    /// The last day.
    pub const fn ends(self) -> Option<NaiveDate> {
        self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_of_a_currency_and_not_negative() {
        let euro = Currency::parse("EUR").unwrap();
        assert_eq!(Value::new(0, euro).unwrap().minor(), 0);
        assert_eq!(Value::new(-1, euro), Err(InvalidValue::Negative));
        for bad in ["", "eur", "XXX", "XAU", "EURO", "EU", "AED AFN", " EUR"] {
            assert_eq!(Currency::parse(bad), Err(InvalidValue::Currency), "{bad}");
        }
        let codes: Vec<_> = CURRENCIES.split(' ').collect();
        assert!(codes.is_sorted_by(|a, b| a < b) && codes.iter().all(|code| code.len() == 3));
    }

    #[test]
    fn terms_end_after_they_begin() {
        let day = |text| Term::day(text).unwrap();
        assert!(Term::new(Some(day("2026-02-28")), Some(day("2026-02-28"))).is_ok());
        assert_eq!(Term::new(Some(day("2026-03-01")), Some(day("2026-02-28"))), Err(InvalidDate::EndsEarly));
        for bad in
            ["2026-02-29", "2026-2-1", "26-02-01", "+2026-02-1", "2026-02-01T00:00:00Z", "", "-001-01-01", "12026-2-01"]
        {
            assert_eq!(Term::day(bad), Err(InvalidDate::Format), "{bad}");
        }
    }
}
