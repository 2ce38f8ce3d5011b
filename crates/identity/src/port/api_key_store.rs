//! Where API keys are kept.

use ashlar_kernel::{Change, Context, StoreError, TenantId, Timestamp, UnitOfWork};
use async_trait::async_trait;

use crate::{
    UserId,
    api_key::{
        ApiKey, ApiKeyDenial, ApiKeyEvent, ApiKeyId, ApiKeyQuery, ApiKeySource, ApiKeyWithOwner, KeyId, SourceNetwork,
    },
};

/// Reads, and the door to units of work.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin(&self, context: &Context) -> Result<Box<dyn ApiKeyTx>, StoreError>;

    /// What a request with a key needs to know, whatever its tenant: the key, dead or alive, what its owner is now, and
    /// whether it was used from `source` before. One statement.
    async fn presented_api_key(
        &self,
        key_id: &KeyId,
        source: Option<SourceNetwork>,
    ) -> Result<Option<ApiKeyWithOwner>, StoreError>;

    /// One of the keys of `owner` in `tenant`, dead or alive. One statement.
    async fn api_key(&self, tenant: TenantId, owner: UserId, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// The keys of a person, newest first. One statement.
    async fn api_keys(&self, query: ApiKeyQuery) -> Result<Vec<ApiKey>, StoreError>;

    /// Notes that a key was used at `at`, unless it was noted within the hour before. An observation and no change of
    /// state, hence no event.
    async fn touch_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError>;
}

/// Writes, all or nothing. Each takes a change with the events that explain it and saves both. Once one was refused, the
/// work can only be dropped.
#[async_trait]
pub trait ApiKeyTx: UnitOfWork {
    /// Adds a key.
    async fn insert_api_key(&mut self, change: Change<ApiKey, ApiKeyEvent>) -> Result<(), StoreError>;

    /// Saves a changed key, but for when it was last used; [`Stale`](StoreError::Stale) unless the stored version is the
    /// one before.
    async fn update_api_key(&mut self, change: Change<ApiKey, ApiKeyEvent>) -> Result<(), StoreError>;

    /// Notes a place from which a key was used. False, with nothing saved, when it is known.
    async fn note_api_key_source(&mut self, change: Change<ApiKeySource, ApiKeyEvent>) -> Result<bool, StoreError>;

    /// Notes that a key was refused for want of a scope. False, with nothing saved, when that was noted within the minute
    /// before, whatever the scope: who tries must not be able to fill the log.
    async fn note_api_key_denial(&mut self, change: Change<ApiKeyDenial, ApiKeyEvent>) -> Result<bool, StoreError>;
}
