//! The keys a server knows.

use super::{SigningKey, VerifyingKey};

/// The key that signs, and those that still, or already, verify: while keys are exchanged, tokens of the old key and of
/// the new one are about.
#[derive(Debug)]
pub struct KeyRing {
    signing: SigningKey,
    verifying: Vec<VerifyingKey>,
}

impl KeyRing {
    /// A ring of one key.
    pub const fn new(signing: SigningKey) -> Self {
        Self { signing, verifying: Vec::new() }
    }

    /// The ring with one more key that verifies; unchanged when it has that key.
    #[must_use]
    pub fn also_verifying(mut self, key: VerifyingKey) -> Self {
        if self.find(key.kid()).is_none() {
            self.verifying.push(key);
        }
        self
    }

    /// The key that signs.
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// All keys that verify; the one that signs first.
    pub fn verifying(&self) -> impl Iterator<Item = &VerifyingKey> {
        std::iter::once(self.signing.public()).chain(&self.verifying)
    }

    /// The key of this name.
    pub(crate) fn find(&self, kid: &str) -> Option<&VerifyingKey> {
        self.verifying().find(|key| key.kid() == kid)
    }

    /// Whether these are the same keys, and the same one signs.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let names = |ring: &Self| {
            let mut verifying: Vec<_> = ring.verifying.iter().map(|key| key.kid().to_owned()).collect();
            verifying.sort_unstable();
            (ring.signing.public().kid().to_owned(), verifying)
        };
        names(self) == names(other)
    }
}
