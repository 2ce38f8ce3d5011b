//! See one's own API keys.

use ashlar_kernel::{AccessError, Class, Classified, Context, InvalidCursor, Limit, NotFound, Page, StoreError};

use super::found;
use crate::{
    UserId,
    api_key::{ApiKey, ApiKeyId, ApiKeyPosition, ApiKeyQuery},
    permission,
    use_case::Identity,
};

/// Why the list cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ListApiKeysError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ListApiKeysError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// Why a key cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadApiKeyError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The caller has no such key.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ReadApiKeyError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// One's own keys in this tenant, dead or alive, newest first.
    pub async fn api_keys(
        &self,
        context: &Context,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<ApiKey>, ListApiKeysError> {
        let caller = context.require(permission::READ_OWN_API_KEYS)?;
        let list = format!("api keys of {}", caller.user);
        let after =
            cursor.map(|cursor| self.0.cursors.open::<ApiKeyPosition>(context.tenant, &list, cursor)).transpose()?;
        let owner = UserId::from_uuid(caller.user);
        let query = ApiKeyQuery { tenant: context.tenant, owner, after, rows: limit.with_one_ahead() };
        let rows = self.0.ports.api_keys.api_keys(query).await?;
        let position = |key: &ApiKey| ApiKeyPosition { created_at: key.created_at(), id: key.id().as_uuid() };
        let seal = |key: &ApiKey| self.0.cursors.seal(context.tenant, &list, &position(key));
        Page::try_cut(rows, limit, seal).map_err(|error| StoreError::internal(error).into())
    }

    /// One of one's own keys.
    pub async fn api_key(&self, context: &Context, id: ApiKeyId) -> Result<ApiKey, ReadApiKeyError> {
        let caller = context.require(permission::READ_OWN_API_KEYS)?;
        Ok(found(self.own_api_key(context, UserId::from_uuid(caller.user), id).await?)?)
    }
}
