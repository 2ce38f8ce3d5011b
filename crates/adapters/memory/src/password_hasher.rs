//! A password hasher that costs nothing.

use std::sync::Arc;

use ashlar_identity::{
    HashClass, Password, PasswordHash,
    port::{HashStanding, HasherError, PasswordHasher},
};
use ashlar_kernel::{Entropy, MacKey};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};

/// **Not for production.** Salts passwords and hashes them once with HMAC-SHA-256, so that tests need not wait: whoever
/// reads the store can try a million guesses a second. The stored form begins with `$insecure$`.
pub struct PlainHasher {
    entropy: Arc<dyn Entropy>,
}

const SCHEME: &str = "insecure";

impl PlainHasher {
    /// A hasher that takes its salts from `entropy`.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }
}

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HasherError> {
        let salt = self.entropy.bytes();
        Ok(stored(salt, tag(salt, password)))
    }

    async fn hash_like(&self, password: &Password, like: &PasswordHash) -> Result<PasswordHash, HasherError> {
        let (salt, _) = parse(like.as_str()).ok_or_else(|| HasherError::Failed("not a hash of ours".into()))?;
        Ok(stored(salt, tag(salt, password)))
    }

    async fn run(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), HasherError> {
        work();
        Ok(())
    }

    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<bool, HasherError> {
        let Some(hash) = hash.filter(|hash| !hash.is_unusable()) else {
            return Ok(false);
        };
        let (salt, expected) = parse(hash.as_str()).ok_or_else(|| HasherError::Failed("not a hash of ours".into()))?;
        Ok(tag(salt, password) == expected)
    }

    fn examine(&self, hash: &PasswordHash) -> HashStanding {
        if hash.is_unusable() {
            return HashStanding::Unusable;
        }
        parse(hash.as_str()).map_or(HashStanding::Unknown, |_parts| HashStanding::Current)
    }

    fn decoy(&self, class: &HashClass) -> Option<PasswordHash> {
        let is_ours = class.as_str().strip_prefix('$') == Some(SCHEME);
        is_ours.then(|| stored([0x5a; 32], [0xa5; 32]))
    }
}

fn stored(salt: [u8; 32], tag: [u8; 32]) -> PasswordHash {
    PasswordHash::restore(format!("${SCHEME}${}${}", BASE64.encode(salt), BASE64.encode(tag)))
}

fn tag(salt: [u8; 32], password: &Password) -> [u8; 32] {
    MacKey::from_bytes(salt).tag(&[password.expose().as_bytes()])
}

fn parse(phc: &str) -> Option<([u8; 32], [u8; 32])> {
    let (salt, tag) = phc.strip_prefix('$')?.strip_prefix(SCHEME)?.strip_prefix('$')?.split_once('$')?;
    Some((BASE64.decode(salt).ok()?.try_into().ok()?, BASE64.decode(tag).ok()?.try_into().ok()?))
}
