//! Refresh tokens: `asr1_` and, in base64url, key id (1 byte), session id (16), generation (4), keyed hash (32).
//!
//! The hash is HMAC-SHA-256 over session, generation and the session's salt. The key lives outside the database and the
//! salt inside: neither leak alone makes tokens, and the database stores nothing about single tokens.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{ExposeSecret, MacKey, Secret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{Session, SessionId};

const PREFIX: &str = "asr1_";
const HEAD: usize = 1 + 16 + 4;
const BYTES: usize = HEAD + 32;

/// The keys of refresh tokens: one makes new ones, others may still verify old ones.
#[derive(Clone, Debug)]
pub struct RefreshKeys {
    current: u8,
    keys: Arc<BTreeMap<u8, MacKey>>,
}

/// A well-formed refresh token whose hash has not been checked yet.
#[derive(Clone, Copy)]
pub struct PresentedRefreshToken {
    key_id: u8,
    session: SessionId,
    generation: u32,
    tag: [u8; 32],
}

/// The text is no refresh token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token")]
pub struct InvalidRefreshToken;

impl PresentedRefreshToken {
    /// Takes a token apart.
    pub fn parse(text: &Secret) -> Result<Self, InvalidRefreshToken> {
        let body = text.expose_secret().strip_prefix(PREFIX).ok_or(InvalidRefreshToken)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_not_base64| InvalidRefreshToken)?;
        let bytes: [u8; BYTES] = bytes.try_into().map_err(|_length| InvalidRefreshToken)?;
        let (head, tag) = bytes.split_at(HEAD);
        let [key_id, id @ .., g0, g1, g2, g3] = head else {
            return Err(InvalidRefreshToken);
        };
        Ok(Self {
            key_id: *key_id,
            session: SessionId::from_uuid(Uuid::from_slice(id).map_err(|_length| InvalidRefreshToken)?),
            generation: u32::from_be_bytes([*g0, *g1, *g2, *g3]),
            tag: tag.try_into().map_err(|_length| InvalidRefreshToken)?,
        })
    }

    /// The session it claims to be of.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// The generation it claims.
    pub const fn generation(&self) -> u32 {
        self.generation
    }
}

impl RefreshKeys {
    /// One key, which makes and verifies.
    pub fn single(key: MacKey) -> Self {
        Self { current: 0, keys: Arc::new(BTreeMap::from([(0, key)])) }
    }

    /// The refresh token that is good for `session` now. The same session state always gives the same token, which is
    /// how a repeated request gets the same answer without anything being stored.
    pub fn token(&self, session: &Session) -> Option<Secret> {
        let key = self.keys.get(&self.current)?;
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(self.current);
        bytes.extend_from_slice(session.id().as_uuid().as_bytes());
        bytes.extend_from_slice(&session.generation().to_be_bytes());
        bytes.extend_from_slice(&tag(key, session.id(), session.generation(), session.salt()));
        Some(Secret::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Whether `token` was made by us for `session`, in constant time.
    pub fn verify(&self, token: &PresentedRefreshToken, session: &Session) -> bool {
        let Some(key) = self.keys.get(&token.key_id) else {
            return false;
        };
        let (id, generation) = (token.session.as_uuid(), token.generation.to_be_bytes());
        token.session == session.id() && key.verify(&[b"asr1", id.as_bytes(), &generation, session.salt()], &token.tag)
    }
}

fn tag(key: &MacKey, session: SessionId, generation: u32, salt: &[u8; 32]) -> [u8; 32] {
    key.tag(&[b"asr1", session.as_uuid().as_bytes(), &generation.to_be_bytes(), salt])
}
