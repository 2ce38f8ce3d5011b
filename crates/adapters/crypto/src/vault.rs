//! Secrets sealed with AES-256-GCM: key id (1 byte), nonce (12), ciphertext with its tag.

use ashlar_identity::port::{Vault, VaultError};
use ashlar_kernel::MacKey;
use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use zeroize::Zeroizing;

/// The one key there is so far. A second one would get the next id, and what was sealed before would still open.
const KEY_ID: u8 = 0;
const NONCE: usize = 12;

/// A [`Vault`] whose key is derived from one that lives outside the database.
pub struct AesVault(RandomizedNonceKey);

impl AesVault {
    /// A vault with a key of its own, derived from `root`.
    pub fn new(root: &MacKey) -> Result<Self, VaultError> {
        let key = Zeroizing::new(root.derive("vault").tag(&[b"AES-256-GCM key 0"]));
        RandomizedNonceKey::new(&AES_256_GCM, &*key).map(Self).map_err(|_length| VaultError)
    }
}

impl Vault for AesVault {
    fn seal(&self, owner: &[u8], secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut sealed = secret.to_vec();
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(owner), &mut sealed).map_err(|_unspecified| VaultError)?;
        Ok([&[KEY_ID], nonce.as_ref().as_slice(), &sealed].concat())
    }

    fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let [KEY_ID, rest @ ..] = sealed else { return Err(VaultError) };
        let (nonce, body) = rest.split_at_checked(NONCE).ok_or(VaultError)?;
        let nonce = aws_lc_rs::aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_length| VaultError)?;
        let mut opened = Zeroizing::new(body.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(owner), &mut opened).map_err(|_forged| VaultError)?.len();
        opened.truncate(length);
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ashlar_identity::vault_contract!((
        AesVault::new(&MacKey::from_bytes([1; 32])).unwrap(),
        AesVault::new(&MacKey::from_bytes([2; 32])).unwrap(),
    ));
}
