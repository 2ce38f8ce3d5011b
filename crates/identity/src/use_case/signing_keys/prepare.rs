//! See to it that there is a key.

use ashlar_kernel::{Context, StoreError};

use super::{SigningKeysError, of_installation};
use crate::{
    port::KeyMaterial,
    signing_key::{NewSigningKey, SigningKey, SigningKeyRing},
    use_case::{Attempts, Identity},
};

impl Identity {
    /// Whether the database has had a key before.
    pub async fn has_signing_keys(&self) -> Result<bool, StoreError> {
        Ok(!self.every_signing_key().await?.is_empty())
    }

    /// Sees to it that the database has a key that signs, and uses its keys from now on. For whoever starts the service;
    /// however many start at once, one key comes of it.
    ///
    /// `first` becomes the first key of a database that has none: installations from before there was a ring keep theirs.
    /// It counts for nothing where there is a key, or was one.
    pub async fn prepare_signing_keys(
        &self,
        context: &Context,
        first: Option<KeyMaterial>,
    ) -> Result<(), SigningKeysError> {
        let context = of_installation(context);
        let mut new = first.map(|material| self.seal(&material)).transpose()?;
        let mut attempts = Attempts::default();
        loop {
            let known = self.every_signing_key().await?;
            let was_empty = known.is_empty();
            if SigningKeyRing::new(known).active().is_some() {
                break;
            }
            if new.is_none() || !was_empty {
                new = Some(self.new_key().await?);
            }
            match self.begin_with(&context, new.clone()).await {
                Err(error) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        }
        self.load_signing_keys().await
    }

    async fn begin_with(&self, context: &Context, new: Option<NewSigningKey>) -> Result<(), StoreError> {
        let Some(new) = new else { return Ok(()) };
        let mut tx = self.0.ports.signing_keys.begin(context).await?;
        tx.insert_signing_key(SigningKey::begin(new, context.now)).await?;
        tx.commit().await
    }
}
