//! Give an API key a new secret.

use ashlar_kernel::{AccessError, Class, Classified, Context, NotFound, StoreError};

use super::{ApiKeyChanged, IssuedApiKey, api_key_codes, found, longest_life};
use crate::{
    UserId,
    api_key::{ApiKeyId, InactiveApiKey, KeySecret, render},
    permission,
    session::insist_on_fresh,
    use_case::Identity,
};

/// Why the key has no new secret.
#[derive(Debug, thiserror::Error)]
pub enum RotateApiKeyError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The caller has no such key.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The key has ended.
    #[error(transparent)]
    Inactive(#[from] InactiveApiKey),
    /// Somebody else changed it at the same time.
    #[error(transparent)]
    Changed(#[from] ApiKeyChanged),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RotateApiKeyError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => ApiKeyChanged.into(),
            error => Self::Store(error),
        }
    }
}

impl Classified for RotateApiKeyError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Inactive(_) => Class::Code(&api_key_codes::API_KEY_INACTIVE),
            Self::Changed(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Gives one of one's own keys a new secret, which is told this once, and as long a life as before. The secret
    /// before is good for a day more. Of rotations at the same time one has its way, so that nobody's new secret dies
    /// before it was used.
    pub async fn rotate_api_key(&self, context: &Context, id: ApiKeyId) -> Result<IssuedApiKey, RotateApiKeyError> {
        let caller = context.require(permission::MANAGE_OWN_API_KEYS)?;
        insist_on_fresh(context)?;
        let inner = &*self.0;
        let key = found(self.own_api_key(context, UserId::from_uuid(caller.user), id).await?)?;
        let secret = KeySecret::generate(&*inner.ports.entropy);
        let text = render(key.kind(), inner.settings.key_environment, key.key_id(), &secret);
        let change = key.rotate(secret.hash(), longest_life(context), context.now)?;
        let key = change.state().clone();
        let mut tx = inner.ports.api_keys.begin(context).await?;
        tx.update_api_key(change).await?;
        tx.commit().await?;
        Ok(IssuedApiKey { key, text })
    }
}
