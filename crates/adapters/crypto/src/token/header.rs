//! The header of a token.

use serde::Deserialize;

use crate::VerifyingKey;

/// The type of our tokens (RFC 9068).
const TYPE: &str = "at+jwt";

/// What a header says: these three members and no others, each once. `jku`, `jwk`, `x5u`, `x5c` and `x5t` would bring a
/// key along, `crit`, `zip` and `b64` change how the token is read, and all of it is for the sender to choose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    alg: String,
    typ: String,
    kid: String,
}

impl Header {
    /// The header of tokens signed with `key`, as JSON. Needs no escaping: names of keys are base64url.
    pub(super) fn of(key: &VerifyingKey) -> String {
        format!(r#"{{"alg":"{}","typ":"{TYPE}","kid":"{}"}}"#, key.algorithm(), key.kid())
    }

    pub(super) fn is_of_our_type(&self) -> bool {
        self.typ == TYPE
    }

    /// The name of the key, if it is one a key can have.
    pub(super) fn kid(&self) -> Option<&str> {
        let sound = (1..=64).contains(&self.kid.len())
            && self.kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        sound.then_some(self.kid.as_str())
    }

    pub(super) fn names_algorithm_of(&self, key: &VerifyingKey) -> bool {
        self.alg == key.algorithm().as_str()
    }
}
