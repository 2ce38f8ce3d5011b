//! What the log says of people without holding it: commitments in the event, and the values beside the log.
//!
//! An event is sealed and stays. Where it has to say something about a person, it holds a commitment instead: a keyed hash
//! that tells nothing by itself, because its key is random and as long as the hash, and that fits one value only. Value and
//! key are kept beside the log and can be deleted, and the event stays as it was sealed.

use std::fmt;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// HMAC-SHA-256 with 32 random bytes as its key, of the place in the event, a zero byte and the value.
///
/// Written as `{"c":"<64 hexadecimal digits>"}`. The key is one for each value: addresses can be guessed, and with a key
/// for all of them whoever has it could go through every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Commitment([u8; 32]);

/// How a commitment is written, and nothing beside it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    c: String,
}

/// It is not 64 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("a commitment has 64 lower-case hexadecimal digits")]
struct NoCommitment;

impl From<Commitment> for Written {
    fn from(commitment: Commitment) -> Self {
        Self { c: HEXLOWER.encode(&commitment.0) }
    }
}

impl TryFrom<Written> for Commitment {
    type Error = NoCommitment;

    fn try_from(written: Written) -> Result<Self, NoCommitment> {
        let bytes = HEXLOWER.decode(written.c.as_bytes()).map_err(|_digits| NoCommitment)?;
        bytes.try_into().map(Self).map_err(|_length| NoCommitment)
    }
}

impl Commitment {
    /// The commitment to `value` at `path`, a JSON Pointer into the event.
    pub fn to(value: &str, path: &str, salt: &[u8; 32]) -> Self {
        let mut mac = keyed(salt);
        for part in [path.as_bytes(), &[0], value.as_bytes()] {
            mac.update(part);
        }
        Self(mac.finalize().into_bytes().into())
    }

    /// Whether it is the commitment to `value` at `path`. For auditors: what somebody shows as the value is what the event
    /// was sealed with, or it is not.
    pub fn fits(&self, value: &str, path: &str, salt: &[u8; 32]) -> bool {
        Self::to(value, path, salt) == *self
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length, the error cannot occur")]
fn keyed(salt: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(salt).expect("HMAC accepts any key length")
}

/// Something about a person, as an event holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Personal {
    /// A commitment to it.
    Committed(Commitment),
    /// It. Only in events of the [first format](crate::EventFormat::First).
    Plain(String),
}

/// A value that an event is committed to: kept beside the log, and gone when the person asks for it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalValue {
    /// Where in the event, as a JSON Pointer: `/source/ip`.
    pub path: String,
    /// Whom it is about, if anybody knows.
    pub subject: Option<Uuid>,
    /// The key of the commitment.
    pub salt: [u8; 32],
    /// The value.
    pub value: String,
}

impl fmt::Debug for PersonalValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonalValue")
            .field("path", &self.path)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl PersonalValue {
    /// What the event holds in its place.
    pub fn commitment(&self) -> Commitment {
        Commitment::to(&self.value, &self.path, &self.salt)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Computed by Python: `hmac.new(bytes(range(32)), b"/source/ip\0" + b"192.0.2.7", "sha256")`.
    #[test]
    fn another_program_computes_the_same() {
        let salt = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let commitment = Commitment::to("192.0.2.7", "/source/ip", &salt);
        assert_eq!(
            serde_json::to_value(commitment).unwrap(),
            json!({ "c": "e52e1b9ca5b4a37ca433ee704e605b03b52e5792afc333f93418d7796a3e41cf" })
        );
    }

    #[test]
    fn only_a_commitment_is_read_as_one() {
        let digits = "0f".repeat(32);
        let read = |value: serde_json::Value| serde_json::from_value::<Commitment>(value).is_ok();
        assert!(read(json!({ "c": digits })));
        for other in [json!({ "c": digits, "d": 1 }), json!({ "c": "0F".repeat(32) }), json!({ "c": "0f" }), json!("x")]
        {
            assert!(!read(other.clone()), "{other}");
        }
    }

    #[test]
    fn debug_output_hides_the_value() {
        let value = PersonalValue {
            path: "/source/ip".to_owned(),
            subject: None,
            salt: [9; 32],
            value: "192.0.2.7".to_owned(),
        };
        let shown = format!("{value:?}");
        assert!(!shown.contains("192.0.2.7") && !shown.contains('9'), "{shown}");
    }

    proptest! {
        #[test]
        fn a_commitment_fits_nothing_else(value: String, other: String, salt: [u8; 32], another: [u8; 32]) {
            let commitment = Commitment::to(&value, "/source/ip", &salt);
            prop_assert!(commitment.fits(&value, "/source/ip", &salt));
            prop_assert!(!commitment.fits(&value, "/source/user_agent", &salt));
            prop_assert_eq!(commitment.fits(&other, "/source/ip", &salt), other == value);
            prop_assert_eq!(commitment.fits(&value, "/source/ip", &another), another == salt);
        }
    }
}
