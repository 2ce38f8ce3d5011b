//! A vault that needs no library of ciphers.

use std::sync::atomic::{AtomicU64, Ordering};

use ashlar_identity::port::{Vault, VaultError};
use ashlar_kernel::MacKey;
use zeroize::Zeroizing;

/// **Not for production.** Hides secrets behind a key stream of HMAC-SHA-256 and tags them, so that embedders' tests need
/// nothing else.
pub struct LocalVault {
    key: MacKey,
    count: AtomicU64,
}

const NUMBER: usize = 8;
const TAG: usize = 32;

impl LocalVault {
    /// A vault with a key of its own, derived from `root`.
    pub fn new(root: &MacKey) -> Self {
        Self { key: root.derive("local vault"), count: AtomicU64::new(0) }
    }

    fn hide(&self, number: &[u8], text: &[u8]) -> Vec<u8> {
        let block = |index: usize| self.key.tag(&[b"stream", number, &index.to_be_bytes()]);
        text.chunks(TAG)
            .enumerate()
            .flat_map(|(index, part)| part.iter().zip(block(index)).map(|(a, b)| a ^ b).collect::<Vec<u8>>())
            .collect()
    }
}

impl Vault for LocalVault {
    fn seal(&self, owner: &[u8], secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let number = self.count.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        let body = self.hide(&number, secret);
        let tag = self.key.tag(&[b"tag", owner, &number, &body]);
        Ok([number.as_slice(), &tag, &body].concat())
    }

    fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (number, rest) = sealed.split_at_checked(NUMBER).ok_or(VaultError)?;
        let (tag, body) = rest.split_at_checked(TAG).ok_or(VaultError)?;
        if !self.key.verify(&[b"tag", owner, number, body], tag) {
            return Err(VaultError);
        }
        Ok(Zeroizing::new(self.hide(number, body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ashlar_identity::vault_contract!((
        LocalVault::new(&MacKey::from_bytes([1; 32])),
        LocalVault::new(&MacKey::from_bytes([2; 32])),
    ));
}
