//! Exchanging keys while they are in use.

use std::sync::{Arc, PoisonError};

use ashlar_identity::port::{KeyMaterial, KeyRingError, RingKey};
use async_trait::async_trait;

use super::{JwtSigner, Loaded};
use crate::{KeyRing, SigningKey};

#[async_trait]
impl ashlar_identity::port::KeyRing for JwtSigner {
    fn algorithm(&self) -> &str {
        self.algorithm.as_str()
    }

    async fn make_key(&self) -> Result<KeyMaterial, KeyRingError> {
        let algorithm = self.algorithm;
        // An RSA key takes a second or two.
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
        made.map_err(KeyRingError::new)?.map_err(KeyRingError::new)?.material()
    }

    fn replace(&self, keys: Vec<RingKey>) -> Result<(), KeyRingError> {
        let (mut signing, mut verifying) = (Vec::new(), Vec::new());
        for RingKey { material, signs } in keys {
            let algorithm = material.algorithm.parse().map_err(KeyRingError::new)?;
            let key = SigningKey::from_pkcs8(algorithm, &material.private).map_err(KeyRingError::new)?;
            if key.public().kid() != material.kid.as_str() {
                return Err(KeyRingError::new("a key has the name of another"));
            }
            if signs { signing.push(key) } else { verifying.push(key.public().clone()) }
        }
        let Ok([signing]) = <[SigningKey; 1]>::try_from(signing) else {
            return Err(KeyRingError::new("not exactly one of the keys signs"));
        };
        let ring = verifying.into_iter().fold(KeyRing::new(signing), KeyRing::also_verifying);
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        // What is known of tokens stays known while the keys are the same.
        if !loaded.as_ref().is_some_and(|known| known.ring.is_like(&ring)) {
            *loaded = Some(Arc::new(Loaded::new(ring)));
        }
        Ok(())
    }
}
