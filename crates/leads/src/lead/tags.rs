//! Tags, and what an installation keeps of its own about a lead.

use std::collections::BTreeSet;

use ashlar_kernel::FieldFault;
use serde_json::{Map, Value};

/// At most twenty words that a lead is found by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(BTreeSet<String>);

/// Why tags are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTags {
    /// More than twenty.
    #[error("a lead has at most 20 tags")]
    TooMany,
    /// One is none.
    #[error("a tag has 1 to 40 of a-z, 0-9, _ and -")]
    Format,
}

impl FieldFault for InvalidTags {
    fn code(&self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::Format => "invalid_format",
        }
    }
}

impl Tags {
    const MOST: usize = 20;

    /// Accepts tags, each once.
    pub fn parse<'t, I: IntoIterator<Item = &'t str>>(tags: I) -> Result<Self, InvalidTags> {
        let tags = tags.into_iter().map(|tag| parse_tag(tag).map(str::to_owned));
        let tags = tags.take(10 * Self::MOST).collect::<Result<BTreeSet<_>, _>>()?;
        if tags.len() > Self::MOST { Err(InvalidTags::TooMany) } else { Ok(Self(tags)) }
    }

    /// Those of all, as far as there is room: those that come first count first.
    pub(super) fn united<'a, I: Iterator<Item = &'a Self>>(all: I) -> Self {
        let mut united = BTreeSet::new();
        for tag in all.flat_map(|tags| &tags.0) {
            if united.len() < Self::MOST {
                united.insert(tag.clone());
            }
        }
        Self(united)
    }

    /// Them, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether this is one of them.
    pub fn contains(&self, tag: &str) -> bool {
        self.0.contains(tag)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Accepts one tag.
pub fn parse_tag(text: &str) -> Result<&str, InvalidTags> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if (1..=40).contains(&text.len()) && text.bytes().all(is_letter) { Ok(text) } else { Err(InvalidTags::Format) }
}

/// Members of an installation's own: at most fifty, of at most 16 KiB together.
#[derive(Clone, Default, PartialEq)]
pub struct Custom(Map<String, Value>);

/// Why members of one's own are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCustom {
    /// Too many, or too long.
    #[error("at most 50 members of at most 16 KiB together")]
    TooLarge,
    /// A name of no or more than 64 characters, or one with control characters.
    #[error("a name has 1 to 64 characters and no control characters")]
    Name,
    /// An object, or an array of such.
    #[error("a value is a text, a number, a truth value, null, or an array of these; no text holds a null character")]
    Value,
    /// A number that is not read back as it came.
    #[error("a number is a whole one of 64 bits, or less than 2^53 on either side of nought")]
    Number,
}

impl FieldFault for InvalidCustom {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Name => "invalid_name",
            Self::Value => "invalid_value",
            Self::Number => "out_of_range",
        }
    }
}

impl Custom {
    const MOST: usize = 50;
    const BYTES: usize = 16 * 1024;

    /// Accepts members.
    pub fn parse(members: Map<String, Value>) -> Result<Self, InvalidCustom> {
        let is_kept =
            |value: &Value| value.as_array().map_or_else(|| is_exact(value), |list| list.iter().all(is_exact));
        if !members.values().all(is_kept) {
            return Err(InvalidCustom::Number);
        }
        Self::restore(members)
    }

    /// Reads the stored form, in which numbers may be larger.
    pub(super) fn restore(members: Map<String, Value>) -> Result<Self, InvalidCustom> {
        let is_name = |name: &String| (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if members.len() > Self::MOST {
            return Err(InvalidCustom::TooLarge);
        }
        if !members.keys().all(is_name) {
            return Err(InvalidCustom::Name);
        }
        if !members.values().all(|value| is_scalar(value) || is_list(value)) {
            return Err(InvalidCustom::Value);
        }
        let custom = Self(members);
        if custom.to_json().to_string().len() > Self::BYTES { Err(InvalidCustom::TooLarge) } else { Ok(custom) }
    }

    /// Those of all, as far as there is room: those that come first count first.
    pub(super) fn united<'a, I: Iterator<Item = &'a Self>>(all: I) -> Self {
        let mut united = Self::default();
        for (name, value) in all.flat_map(|custom| &custom.0) {
            if !united.0.contains_key(name) {
                let mut more = united.0.clone();
                more.insert(name.clone(), value.clone());
                united = Self::restore(more).unwrap_or(united);
            }
        }
        united
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a JSON object.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

/// Databases refuse the null character where they keep JSON.
fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.contains('\0'),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Larger numbers with a point or an exponent are rounded as they are read, and PostgreSQL writes them out with all their
/// digits: those near the largest cannot be read from that any more.
fn is_exact(value: &Value) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.is_i64() || value.is_u64() || value.as_f64().is_none_or(|number| number.abs() < EXACT)
}

fn is_list(value: &Value) -> bool {
    value.as_array().is_some_and(|values| values.iter().all(is_scalar))
}

impl std::fmt::Debug for Custom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Custom({} members)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn custom(value: &Value) -> Result<Custom, InvalidCustom> {
        Custom::parse(value.as_object().unwrap().clone())
    }

    #[test]
    fn tags_are_a_set_of_at_most_twenty() {
        let tags = Tags::parse(["b", "a", "b"]).unwrap();
        assert_eq!(tags.iter().collect::<Vec<_>>(), ["a", "b"]);
        let many: Vec<_> = (0..21).map(|number| format!("t{number}")).collect();
        assert_eq!(Tags::parse(many.iter().map(String::as_str)), Err(InvalidTags::TooMany));
        assert!(Tags::parse(many.iter().skip(1).map(String::as_str)).is_ok());
        for bad in ["", "A", "a b", "\u{e4}", &"x".repeat(41)] {
            assert_eq!(Tags::parse([bad]), Err(InvalidTags::Format), "{bad}");
        }
    }

    #[test]
    fn members_of_ones_own_are_flat_few_and_small() {
        assert!(custom(&json!({ "a": 1, "b": [true, null, "x"], "c": 1.5 })).is_ok());
        assert_eq!(custom(&json!({ "a": {} })), Err(InvalidCustom::Value));
        assert_eq!(custom(&json!({ "a": [[]] })), Err(InvalidCustom::Value));
        assert_eq!(custom(&json!({ "a": "\u{0}" })), Err(InvalidCustom::Value));
        assert_eq!(custom(&json!({ "": 1 })), Err(InvalidCustom::Name));
        assert_eq!(custom(&json!({ "a": "x".repeat(16 * 1024) })), Err(InvalidCustom::TooLarge));
        let many: Map<_, _> = (0..51).map(|number| (number.to_string(), json!(1))).collect();
        assert_eq!(Custom::parse(many), Err(InvalidCustom::TooLarge));
    }

    #[test]
    fn numbers_are_read_back_as_they_came() {
        for kept in ["0", "-1.5", "1e15", "9007199254740993", "18446744073709551615", "-9223372036854775808", "0.1"] {
            let value: Value = serde_json::from_str(kept).unwrap();
            assert!(custom(&json!({ "a": value })).is_ok(), "{kept}");
        }
        // PostgreSQL writes the first out, with digits that nothing reads any more; the others are rounded.
        for lost in ["1.7976931348623157e308", "-1e300", "123456789012345678901234567890", "18446744073709551616"] {
            let value: Value = serde_json::from_str(lost).unwrap();
            assert_eq!(custom(&json!({ "a": value })), Err(InvalidCustom::Number), "{lost}");
            assert_eq!(custom(&json!({ "a": [value] })), Err(InvalidCustom::Number), "{lost} in an array");
            let stored = json!({ "a": value }).as_object().unwrap().clone();
            assert!(Custom::restore(stored).is_ok(), "{lost} was let in once");
        }
    }
}
