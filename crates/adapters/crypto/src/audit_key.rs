//! The key that signs the checkpoints of the audit trail.

use ashlar_audit::{NoteSigner, PublicKey, SignatureCheck, SigningFailed};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

use crate::{KeyAlgorithm, KeyError, SigningKey};

/// An Ed25519 key of its own: whoever can sign tokens cannot sign checkpoints, and the other way round.
#[derive(Debug)]
pub struct AuditKey {
    key: SigningKey,
    public: PublicKey,
}

impl AuditKey {
    /// Makes a new key.
    pub fn generate() -> Result<Self, KeyError> {
        Self::new(SigningKey::generate(KeyAlgorithm::EdDsa)?)
    }

    pub(crate) fn new(key: SigningKey) -> Result<Self, KeyError> {
        let public = key.ed25519_public().ok_or(KeyError::Library(aws_lc_rs::error::Unspecified))?;
        Ok(Self { key, public: PublicKey::from_bytes(public) })
    }
}

impl NoteSigner for AuditKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SigningFailed> {
        let signature = self.key.sign(message).map_err(|_library| SigningFailed)?;
        signature.try_into().map_err(|_length| SigningFailed)
    }
}

/// Ed25519 (RFC 8032) of aws-lc-rs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ed25519Check;

impl SignatureCheck for Ed25519Check {
    fn is_good(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, key.as_bytes()).verify(message, signature).is_ok()
    }
}
