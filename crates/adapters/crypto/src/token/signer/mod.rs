//! Signing tokens, and believing them.

mod exchange;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use ashlar_identity::{
    AccessClaims, TokenRefusal,
    port::{JwkSet, SignError, TokenSigner},
};
use ashlar_kernel::Secret;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use moka::sync::Cache;
use serde::de::DeserializeOwned;

use super::header::Header;
use crate::{KeyAlgorithm, KeyRing};

/// The longest token that is looked at, and that is made.
const LONGEST: usize = 4_096;

/// A [`TokenSigner`] that makes JWTs in the compact form (RFC 7515, RFC 9068) with the keys of a [`KeyRing`].
///
/// It signs with aws-lc-rs under a key that was parsed once; the `jsonwebtoken` crate would parse it anew for each token,
/// which doubles the price of an RSA signature. Verifying starts with our own checks, for the crate lets much pass
/// (further header members, duplicates), and leaves to it only what is left: whether the signature is right.
///
/// A token is presented again and again for minutes, and an RSA signature is most of what a cheap request costs. What was
/// found right once is remembered by the SHA-256 of the whole token: the same text under the same keys is right again.
/// Whether it has expired, and whether its session lives, is judged each time, and not here.
///
/// The ring can be exchanged while it is in use; what was remembered under the old one is forgotten with it.
pub struct JwtSigner {
    algorithm: KeyAlgorithm,
    /// None until there are keys: then nothing is signed and nothing believed.
    loaded: RwLock<Option<Arc<Loaded>>>,
}

/// A ring, and what is known under it.
struct Loaded {
    ring: KeyRing,
    header: String,
    known: Cache<[u8; 32], AccessClaims>,
}

/// Tokens that are remembered, a few hundred bytes each, and for how long nobody has to ask for one.
const KNOWN: u64 = 10_000;
const MAX_IDLE: Duration = Duration::from_mins(5);

impl JwtSigner {
    /// Signs and verifies with the keys of `ring`; makes keys of the algorithm of the one that signs.
    pub fn new(ring: KeyRing) -> Self {
        let algorithm = ring.signing().public().algorithm();
        Self { algorithm, loaded: RwLock::new(Some(Arc::new(Loaded::new(ring)))) }
    }

    /// Has no keys yet, and makes keys of `algorithm`.
    pub const fn without_keys(algorithm: KeyAlgorithm) -> Self {
        Self { algorithm, loaded: RwLock::new(None) }
    }

    fn loaded(&self) -> Option<Arc<Loaded>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl TokenSigner for JwtSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, SignError> {
        let loaded = self.loaded().ok_or_else(|| SignError::new("there is no key yet"))?;
        let mut token = loaded.header.clone();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(SignError::new)?, &mut token);
        let signature = loaded.ring.signing().sign(token.as_bytes()).map_err(SignError::new)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        if token.len() > LONGEST {
            return Err(SignError::new("the token would be longer than 4096 characters, which nobody accepts"));
        }
        Ok(Secret::from(token))
    }

    fn verify(&self, token: &str) -> Result<AccessClaims, TokenRefusal> {
        if token.len() > LONGEST {
            return Err(TokenRefusal::Invalid("length"));
        }
        let name = digest(&SHA256, token.as_bytes());
        let name = <[u8; 32]>::try_from(name.as_ref()).map_err(|_length| TokenRefusal::Invalid("digest"))?;
        let loaded = self.loaded().ok_or(TokenRefusal::UnknownKey)?;
        if let Some(claims) = loaded.known.get(&name) {
            return Ok(claims);
        }
        let claims = loaded.examine(token)?;
        loaded.known.insert(name, claims.clone());
        Ok(claims)
    }

    fn public_keys(&self) -> JwkSet {
        let keys = |loaded: &Arc<Loaded>| loaded.ring.verifying().map(|key| key.jwk().clone()).collect();
        JwkSet { keys: self.loaded().as_ref().map(keys).unwrap_or_default() }
    }
}

impl Loaded {
    fn new(ring: KeyRing) -> Self {
        let header = URL_SAFE_NO_PAD.encode(Header::of(ring.signing().public()));
        let known = Cache::builder().max_capacity(KNOWN).time_to_idle(MAX_IDLE).build();
        Self { ring, header, known }
    }

    /// Cheap checks first, and nothing of the content is looked at before the signature was found right. The algorithm
    /// is the key's own; the header's word for it only has to agree.
    fn examine(&self, token: &str) -> Result<AccessClaims, TokenRefusal> {
        let (message, header, claims, signature) = split(token).ok_or(TokenRefusal::Invalid("form"))?;
        let header: Header = read_object(header).ok_or(TokenRefusal::Invalid("header"))?;
        if !header.is_of_our_type() {
            return Err(TokenRefusal::Invalid("typ"));
        }
        let kid = header.kid().ok_or(TokenRefusal::Invalid("kid"))?;
        let key = self.ring.find(kid).ok_or(TokenRefusal::UnknownKey)?;
        if !header.names_algorithm_of(key) {
            return Err(TokenRefusal::Invalid("alg"));
        }
        if !key.verifies(message.as_bytes(), signature) {
            return Err(TokenRefusal::Invalid("signature"));
        }
        read_object(claims).ok_or(TokenRefusal::Invalid("claims"))
    }
}

/// What is signed, header, claims and signature, if the token has three parts of the base64url alphabet, none empty.
fn split(token: &str) -> Option<(&str, &str, &str, &str)> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    [header, claims, signature].into_iter().all(is_part).then_some((message, header, claims, signature))
}

/// Reads a part that holds a JSON object. Serde refuses a member that occurs twice, but would take an array for a
/// struct, hence the look at the first character.
fn read_object<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    if json.first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests;
