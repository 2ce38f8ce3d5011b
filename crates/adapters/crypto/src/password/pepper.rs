//! A secret outside the database that hashes are made with, so that a stolen database alone is of no use to guess in.

use std::sync::Arc;

use ashlar_identity::HashClass;
use ashlar_kernel::MacKey;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// The secrets that stored hashes are, or were, made with: the first is that of new hashes. What is stored is not the output
/// of Argon2 but HMAC-SHA-256 of it under such a key, whose id stands beside the parameters as `keyid`. Without any, outputs
/// are stored as they are.
#[derive(Debug, Clone, Default)]
pub struct Peppers(Arc<[Pepper]>);

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Pepper {
    /// As it stands in a hash: base64 of the id.
    pub(super) key_id: String,
    key: MacKey,
}

/// A hash was made with a secret that is not here.
#[derive(Debug, thiserror::Error)]
#[error("a stored hash was made with a pepper that is not configured")]
pub(super) struct UnknownPepper;

impl Peppers {
    /// These secrets with their ids, the one for new hashes first.
    pub fn new(peppers: impl IntoIterator<Item = (String, MacKey)>) -> Self {
        let pepper = |(id, key): (String, MacKey)| Pepper { key_id: STANDARD_NO_PAD.encode(id), key };
        Self(peppers.into_iter().map(pepper).collect())
    }

    /// The id of the secret that hashes of this class were made with, if that is not here.
    pub fn missing_for(&self, class: &HashClass) -> Option<String> {
        let key_id = class.as_str().rsplit_once(",keyid=")?.1;
        if self.find(Some(key_id)).is_ok() {
            return None;
        }
        let id = STANDARD_NO_PAD.decode(key_id).ok().and_then(|id| String::from_utf8(id).ok());
        Some(id.unwrap_or_else(|| key_id.to_owned()))
    }

    /// That of new hashes.
    pub(super) fn current(&self) -> Option<Pepper> {
        self.0.first().cloned()
    }

    /// The one of a stored hash; none where it was made without.
    pub(super) fn find(&self, key_id: Option<&str>) -> Result<Option<Pepper>, UnknownPepper> {
        let Some(key_id) = key_id else { return Ok(None) };
        self.0.iter().find(|pepper| pepper.key_id == key_id).cloned().map(Some).ok_or(UnknownPepper)
    }
}

impl Pepper {
    /// What is stored instead of the output.
    pub(super) fn season(&self, output: &[u8]) -> [u8; 32] {
        self.key.tag(&[b"pepper", output])
    }
}
