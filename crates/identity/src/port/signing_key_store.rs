//! Where signing keys are kept, and who makes and uses them.

use std::error::Error;

use ashlar_kernel::{Change, Context, StoreError, UnitOfWork};
use async_trait::async_trait;
use zeroize::Zeroizing;

use super::TokenSigner;
use crate::signing_key::{Kid, SigningKey, SigningKeyEvent};

/// Reads, and the door to units of work. The keys are those of the whole installation.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin(&self, context: &Context) -> Result<Box<dyn SigningKeyTx>, StoreError>;

    /// The keys, those that are believed first, then the newest; at most 100. One statement.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError>;
}

/// Writes, all or nothing. Once one was refused, the work can only be dropped.
#[async_trait]
pub trait SigningKeyTx: UnitOfWork {
    /// The keys that are believed, to be changed.
    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError>;

    /// Adds a key; [`Stale`](StoreError::Stale) if there was one of this name ever, or another one in its state where
    /// only one may be: staged and active.
    async fn insert_signing_key(&mut self, change: Change<SigningKey, SigningKeyEvent>) -> Result<(), StoreError>;

    /// Saves a changed key; [`Stale`](StoreError::Stale) unless the stored version is the one before, and where it would
    /// be the second active one.
    async fn update_signing_key(&mut self, change: Change<SigningKey, SigningKeyEvent>) -> Result<(), StoreError>;
}

/// A private key in the open.
pub struct KeyMaterial {
    /// Its name, which follows from its public half.
    pub kid: Kid,
    /// What it signs with.
    pub algorithm: String,
    /// The private half, in the form of whoever made it.
    pub private: Zeroizing<Vec<u8>>,
}

/// A key that a signer is to use.
pub struct RingKey {
    /// The key.
    pub material: KeyMaterial,
    /// Whether it signs; it verifies in any case.
    pub signs: bool,
}

/// A key cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[error("a signing key cannot be made or used")]
pub struct KeyRingError(#[source] Box<dyn Error + Send + Sync>);

impl KeyRingError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// A signer whose keys can be exchanged while it is in use.
#[async_trait]
pub trait KeyRing: TokenSigner {
    /// What new keys sign with (RFC 7518, RFC 8037).
    fn algorithm(&self) -> &str;

    /// Makes a key and keeps none of it. This may take seconds of one processor, and not those of a thread that serves.
    async fn make_key(&self) -> Result<KeyMaterial, KeyRingError>;

    /// Uses these keys from now on and no others: what another key has signed is refused at once, also where it was
    /// believed before. Exactly one of them signs. After an error the keys are those of before.
    fn replace(&self, keys: Vec<RingKey>) -> Result<(), KeyRingError>;
}
