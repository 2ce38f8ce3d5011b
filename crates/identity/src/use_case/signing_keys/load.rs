//! Take the keys of the database into use, and believe tokens.

use ashlar_kernel::{Context, Timestamp};
use chrono::TimeDelta;
use futures::lock::Mutex;

use super::SigningKeysError;
use crate::{
    AccessClaims, TokenRefusal,
    port::{KeyMaterial, RingKey},
    signing_key::{KeyState, SigningKey, SigningKeyRing},
    use_case::Identity,
};

/// When this process last looked for a key it did not know. Whoever finds it locked waits for the outcome.
#[derive(Default)]
pub(in crate::use_case) struct KeyLook(Mutex<Option<Timestamp>>);

/// Strangers can name keys that do not exist, and must not be able to keep the database busy with it.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(10);

impl Identity {
    /// Uses the keys of the database from now on. Every process calls this once a minute and when it hears that something
    /// has happened. Where the database has no keys, the signer keeps those it was made with.
    pub async fn load_signing_keys(&self) -> Result<(), SigningKeysError> {
        let ring = SigningKeyRing::new(self.every_signing_key().await?);
        if ring.keys().is_empty() {
            return Ok(());
        }
        let keys = ring.keys().iter().map(|key| self.open(key)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.0.ports.signer.replace(keys)?)
    }

    fn open(&self, key: &SigningKey) -> Result<RingKey, SigningKeysError> {
        let sealed = key.sealed().unwrap_or_default();
        let opened = self.0.ports.vault.open(&key.kid().owner(), sealed);
        let private =
            opened.map_err(|source| SigningKeysError::Sealed { kid: key.kid().as_str().to_owned(), source })?;
        let material = KeyMaterial { kid: key.kid().clone(), algorithm: key.algorithm().to_owned(), private };
        Ok(RingKey { material, signs: key.state() == KeyState::Active })
    }

    /// The claims of a token that is ours and good at this time. A token that names an unknown key is a reason to look for
    /// new keys, at most once in ten seconds.
    pub(in crate::use_case) async fn believe(
        &self,
        context: &Context,
        token: &str,
    ) -> Result<AccessClaims, TokenRefusal> {
        let signer = &self.0.ports.signer;
        let claims = match signer.verify(token) {
            Err(TokenRefusal::UnknownKey) => {
                self.look_for_keys(context.now).await;
                signer.verify(token)
            }
            known => known,
        }?;
        claims.check(&self.0.settings.audience, context.now)?;
        Ok(claims)
    }

    async fn look_for_keys(&self, now: Timestamp) {
        let mut last = self.0.key_look.0.lock().await;
        // A clock that has stepped back makes the age negative, and that look does not count.
        let is_recent = last.is_some_and(|at| (TimeDelta::zero()..LOOK_EVERY).contains(&(now - at)));
        if !is_recent {
            *last = Some(now);
            // Without an answer the token stays what it is: unknown.
            let _unanswered = self.load_signing_keys().await;
        }
    }
}
