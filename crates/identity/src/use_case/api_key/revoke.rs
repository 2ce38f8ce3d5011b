//! End an API key.

use ashlar_kernel::{AccessError, Actor, Class, Classified, Context, NotFound, StoreError};

use super::found;
use crate::{
    UserId,
    api_key::ApiKeyId,
    permission,
    session::insist_on_fresh,
    use_case::{Attempts, Identity},
};

/// Why a key was not ended.
#[derive(Debug, thiserror::Error)]
pub enum RevokeApiKeyError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The caller has no such key, or none was presented.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for RevokeApiKeyError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Ends one of one's own keys; doing it twice is no error.
    pub async fn revoke_api_key(&self, context: &Context, id: ApiKeyId) -> Result<(), RevokeApiKeyError> {
        let caller = context.require(permission::MANAGE_OWN_API_KEYS)?;
        insist_on_fresh(context)?;
        self.end_api_key(context, UserId::from_uuid(caller.user), id).await
    }

    /// Ends the key that the request was made with. Whoever has found one lying about may do that, and needs no scope.
    pub async fn revoke_presented_api_key(&self, context: &Context) -> Result<(), RevokeApiKeyError> {
        match &context.actor {
            Actor::ApiKey(key) => {
                self.end_api_key(context, UserId::from_uuid(key.owner), ApiKeyId::from_uuid(key.key)).await
            }
            Actor::Anonymous | Actor::User(_) | Actor::System(_) => Err(NotFound.into()),
        }
    }

    async fn end_api_key(&self, context: &Context, owner: UserId, id: ApiKeyId) -> Result<(), RevokeApiKeyError> {
        let mut attempts = Attempts::default();
        loop {
            match self.try_end_api_key(context, owner, id).await {
                Err(RevokeApiKeyError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_end_api_key(&self, context: &Context, owner: UserId, id: ApiKeyId) -> Result<(), RevokeApiKeyError> {
        let key = found(self.own_api_key(context, owner, id).await?)?;
        if let Some(change) = key.revoke(context.now) {
            let mut tx = self.0.ports.api_keys.begin(context).await?;
            tx.update_api_key(change).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
