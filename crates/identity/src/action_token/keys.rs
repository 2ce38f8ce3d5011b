//! The text of mailed links: `asa1_` and, in base64url, subject (1 byte), id (16), keyed hash (32).
//!
//! The hash is HMAC-SHA-256 over subject, id and the row's salt. The key lives outside the database and the salt inside:
//! neither leak alone makes links, and a job that is done again makes the same one.

use ashlar_kernel::{ExposeSecret, MacKey, Secret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

const PREFIX: &str = "asa1_";
const BYTES: usize = 1 + 16 + 32;

/// What kind of thing a link is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionSubject {
    /// An account that exists.
    Account,
    /// A registration that waits for its address to be verified.
    Registration,
    /// A sign-in that waits for its second step.
    Challenge,
}

impl ActionSubject {
    const fn byte(self) -> u8 {
        match self {
            Self::Account => 1,
            Self::Registration => 2,
            Self::Challenge => 3,
        }
    }
}

/// Makes and verifies links.
#[derive(Clone, Debug)]
pub struct ActionKeys(MacKey);

/// A well-formed link whose hash has not been checked yet.
#[derive(Clone, Copy)]
pub struct PresentedActionToken {
    subject: ActionSubject,
    id: Uuid,
    tag: [u8; 32],
}

/// The text is no link of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a link of ours")]
pub struct InvalidActionToken;

impl PresentedActionToken {
    /// Takes a link apart.
    pub fn parse(text: &Secret) -> Result<Self, InvalidActionToken> {
        let body = text.expose_secret().trim().strip_prefix(PREFIX).ok_or(InvalidActionToken)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_not_base64| InvalidActionToken)?;
        let bytes: [u8; BYTES] = bytes.try_into().map_err(|_length| InvalidActionToken)?;
        let (head, tag) = bytes.split_at(17);
        let (subject, id) = match head {
            [1, id @ ..] => (ActionSubject::Account, id),
            [2, id @ ..] => (ActionSubject::Registration, id),
            [3, id @ ..] => (ActionSubject::Challenge, id),
            _ => return Err(InvalidActionToken),
        };
        let id = Uuid::from_slice(id).map_err(|_length| InvalidActionToken)?;
        Ok(Self { subject, id, tag: tag.try_into().map_err(|_length| InvalidActionToken)? })
    }

    /// What it claims to be about.
    pub const fn subject(&self) -> ActionSubject {
        self.subject
    }

    /// Which one it claims to be.
    pub const fn id(&self) -> Uuid {
        self.id
    }
}

impl ActionKeys {
    /// Links made with this key.
    pub const fn new(key: MacKey) -> Self {
        Self(key)
    }

    /// The text of a link.
    pub fn token(&self, subject: ActionSubject, id: Uuid, salt: &[u8; 32]) -> Secret {
        let tag = self.0.tag(&[b"asa1", &[subject.byte()], id.as_bytes(), salt]);
        let bytes = [[subject.byte()].as_slice(), id.as_bytes(), &tag].concat();
        Secret::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Whether it was made by us with this salt, in constant time.
    pub fn verify(&self, token: &PresentedActionToken, salt: &[u8; 32]) -> bool {
        self.0.verify(&[b"asa1", &[token.subject.byte()], token.id.as_bytes(), salt], &token.tag)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_what_we_made_for_this_row_verifies(id: u128, salt: [u8; 32], other: [u8; 32], flip in 0_usize..392) {
            let (keys, id) = (ActionKeys::new(MacKey::from_bytes([5; 32])), Uuid::from_u128(id));
            let token = keys.token(ActionSubject::Account, id, &salt);
            let presented = PresentedActionToken::parse(&token).unwrap();
            prop_assert!(keys.verify(&presented, &salt));
            prop_assert_eq!(keys.verify(&presented, &other), salt == other);

            let body = token.expose_secret().strip_prefix(PREFIX).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
            bytes[flip / 8] ^= 1 << (flip % 8);
            let forged = Secret::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)));
            prop_assert!(PresentedActionToken::parse(&forged).is_err_and(|_| true)
                || !keys.verify(&PresentedActionToken::parse(&forged).unwrap(), &salt));
        }
    }
}
