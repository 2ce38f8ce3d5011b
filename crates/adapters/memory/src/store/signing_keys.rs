//! Signing keys, in process.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use ashlar_identity::{
    port::{SigningKeyStore, SigningKeyTx},
    signing_key::{KeyState, Kid, SigningKey, SigningKeyEvent},
};
use ashlar_kernel::{Change, Context, Journal, StoreError};
use async_trait::async_trait;

use super::{MemoryStore, transaction::MemoryTx};

/// The keys as a table: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct SigningKeys(Arc<BTreeMap<Kid, SigningKey>>);

impl SigningKeys {
    fn list(&self) -> Vec<SigningKey> {
        let mut keys: Vec<_> = self.0.values().cloned().collect();
        keys.sort_unstable_by_key(|key| {
            (key.state() == KeyState::Removed, Reverse((key.created_at(), key.kid().clone())))
        });
        keys.truncate(100);
        keys
    }

    fn believed(&self) -> Vec<SigningKey> {
        self.list().into_iter().filter(|key| key.state() != KeyState::Removed).collect()
    }

    fn put(&mut self, key: SigningKey) -> Result<(), StoreError> {
        let is_for_one = [KeyState::Active, KeyState::Staged].contains(&key.state());
        if is_for_one && self.0.values().any(|other| other.kid() != key.kid() && other.state() == key.state()) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.0).insert(key.kid().clone(), key);
        Ok(())
    }

    fn insert(&mut self, key: SigningKey) -> Result<(), StoreError> {
        if self.0.contains_key(key.kid()) { Err(StoreError::Stale) } else { self.put(key) }
    }

    fn update(&mut self, key: SigningKey) -> Result<(), StoreError> {
        let stored = self.0.get(key.kid()).map(SigningKey::version);
        if stored != key.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        self.put(key)
    }
}

#[async_trait]
impl SigningKeyStore for MemoryStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn SigningKeyTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        Ok(self.shared.lock().tables.signing_keys.list())
    }
}

#[async_trait]
impl SigningKeyTx for MemoryTx {
    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError> {
        Ok(self.draft.signing_keys.believed())
    }

    async fn insert_signing_key(&mut self, change: Change<SigningKey, SigningKeyEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, key| tables.signing_keys.insert(key))
    }

    async fn update_signing_key(&mut self, change: Change<SigningKey, SigningKeyEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, key| tables.signing_keys.update(key))
    }
}
