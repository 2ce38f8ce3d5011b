//! The keys that sign access tokens: use them, see them, exchange them.

mod load;
mod prepare;
mod rotate;

use ashlar_kernel::{AccessError, Class, Classified, Context, StoreError, TenantId, store_codes};

pub(super) use load::KeyLook;

use super::Identity;
use crate::{
    permission,
    port::{KeyMaterial, KeyRingError, VaultError},
    signing_key::{NewSigningKey, SigningKey},
};

/// Why signing keys were not seen, exchanged or used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeysError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A stored key does not open.
    #[error(
        "the signing key {kid} in the database does not open with this root key: bring the right root.key, or have a new \
         signing key with: ashlar keys rotate --emergency"
    )]
    Sealed {
        /// Which.
        kid: String,
        /// The vault's word.
        #[source]
        source: VaultError,
    },
    /// A key cannot be made or used.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for SigningKeysError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Sealed { .. } | Self::Ring(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// The keys that sign access tokens, those that are believed first; of the removed ones, the latest. For operators.
    pub async fn signing_keys(&self, context: &Context) -> Result<Vec<SigningKey>, SigningKeysError> {
        context.require(permission::READ_SIGNING_KEYS)?;
        Ok(self.every_signing_key().await?)
    }

    /// The same, for the command line; nobody is asked who they are.
    pub async fn every_signing_key(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.0.ports.signing_keys.signing_keys().await
    }

    /// The material with its private half sealed.
    fn seal(&self, material: &KeyMaterial) -> Result<NewSigningKey, SigningKeysError> {
        let KeyMaterial { kid, algorithm, private } = material;
        let sealed = self.0.ports.vault.seal(&kid.owner(), private).map_err(KeyRingError::new)?;
        Ok(NewSigningKey { kid: kid.clone(), algorithm: algorithm.clone(), sealed })
    }

    async fn new_key(&self) -> Result<NewSigningKey, SigningKeysError> {
        self.seal(&self.0.ports.signer.make_key().await?)
    }
}

/// Keys belong to the installation, so what happens to them stands in the log of the tenant that is always there.
fn of_installation(context: &Context) -> Context {
    Context { tenant: TenantId::MAIN, ..context.clone() }
}
