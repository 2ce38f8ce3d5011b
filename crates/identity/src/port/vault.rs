//! Keeping secrets that have to be read again.

/// Seals small secrets with a key that lives outside the database. What is sealed for one owner does not open for another.
pub trait Vault: Send + Sync {
    /// Seals; two seals of one secret differ.
    fn seal(&self, owner: &[u8], secret: &[u8]) -> Result<Vec<u8>, VaultError>;

    /// Opens.
    fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError>;
}

/// A secret does not open: it was sealed with another key or for another owner, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret does not open with this key")]
pub struct VaultError;
