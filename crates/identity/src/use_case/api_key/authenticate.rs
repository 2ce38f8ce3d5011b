//! Let a program in with its API key.

use ashlar_kernel::{Actor, Class, Classified, Context, KeyPrincipal, Secret, StoreError, TenantId};
use chrono::TimeDelta;

use super::api_key_codes;
use crate::{
    UserId, UserStatus,
    api_key::{
        ApiKeyDenial, ApiKeyId, ApiKeyWithOwner, InvalidApiKey, KeyHash, KeyStatus, PresentedApiKey, SourceNetwork,
    },
    use_case::{Identity, codes},
};

/// How exact "last used" is.
const USED_EXACTNESS: TimeDelta = TimeDelta::hours(1);

/// A request with a key.
pub struct ApiKeyUse<'r> {
    /// The key as it was sent.
    pub text: &'r Secret,
    /// The tenant the request asks for, if it does.
    pub requested: Option<TenantId>,
    /// The web page it comes from, if it says so.
    pub origin: Option<&'r str>,
}

/// A request with a good key.
pub struct AuthenticatedKey {
    /// The request's circumstances, with the key as actor and its tenant.
    pub context: Context,
    /// The key.
    pub key: ApiKeyId,
}

/// Why a request with a key is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateApiKeyError {
    /// The one answer to everything that is wrong with a key.
    #[error("the API key is not valid")]
    Invalid,
    /// The key is of another tenant than the request asks for.
    #[error("the API key belongs to another tenant")]
    TenantMismatch,
    /// The key may not be used from there.
    #[error("the API key may not be used from this address")]
    IpNotAllowed,
    /// The key may not be used by this web page.
    #[error("the publishable key may not be used by this web page")]
    OriginNotAllowed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<InvalidApiKey> for AuthenticateApiKeyError {
    fn from(InvalidApiKey: InvalidApiKey) -> Self {
        Self::Invalid
    }
}

impl Classified for AuthenticateApiKeyError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Invalid => Class::Code(&api_key_codes::API_KEY_INVALID),
            Self::TenantMismatch => Class::Code(&codes::TENANT_MISMATCH),
            Self::IpNotAllowed => Class::Code(&api_key_codes::IP_NOT_ALLOWED),
            Self::OriginNotAllowed => Class::Code(&api_key_codes::ORIGIN_NOT_ALLOWED),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Finds out on whose behalf a program asks, from its key.
    ///
    /// Every request reads the key and its owner, so that an ended key is refused at once by every process, and a key
    /// is never good for more than its owner is now.
    pub async fn authenticate_api_key(
        &self,
        context: &Context,
        used: ApiKeyUse<'_>,
    ) -> Result<AuthenticatedKey, AuthenticateApiKeyError> {
        // What is no key of ours is refused by its checksum, and asks nothing of the store.
        let presented = PresentedApiKey::parse(used.text)?;
        let source = context.client_ip.map(SourceNetwork::of);
        let found = self.0.ports.api_keys.presented_api_key(presented.id(), source).await?;
        let (found, account) = self.judge(context, &presented, found).ok_or(AuthenticateApiKeyError::Invalid)?;
        let key = &found.key;
        if used.requested.is_some_and(|tenant| tenant != key.tenant()) {
            return Err(AuthenticateApiKeyError::TenantMismatch);
        }
        if !key.admits(context.client_ip) {
            return Err(AuthenticateApiKeyError::IpNotAllowed);
        }
        if !key.serves(used.origin) {
            return Err(AuthenticateApiKeyError::OriginNotAllowed);
        }
        let (owners, _withheld) = self.0.settings.second_factor.divide(&account, account.role.permissions());
        let actor = Actor::ApiKey(KeyPrincipal {
            key: key.id().as_uuid(),
            owner: key.owner().as_uuid(),
            permissions: key.permissions(&owners),
        });
        let context = Context { tenant: key.tenant(), actor, ..context.clone() };
        self.note_use(&context, &found).await;
        Ok(AuthenticatedKey { key: found.key.id(), context })
    }

    /// The key, if it is the one that was presented and is good now, with its owner's account. An unknown one costs a
    /// comparison too.
    fn judge(
        &self,
        context: &Context,
        presented: &PresentedApiKey,
        found: Option<ApiKeyWithOwner>,
    ) -> Option<(ApiKeyWithOwner, crate::Account)> {
        let hash = presented.hash();
        let Some(found) = found else {
            let _never = KeyHash::NOBODYS.is(&hash);
            return None;
        };
        let is_proved = found.key.is_proved_by(&hash, context.now);
        let is_as_made = presented.is_of(found.key.kind(), self.0.settings.key_environment);
        let is_good = found.key.status(context.now) == KeyStatus::Active && found.status == UserStatus::Active;
        let account = found.account.clone().filter(|_| is_proved && is_as_made && is_good)?;
        Some((found, account))
    }

    /// Observations: a request must not fail because they could not be written down.
    async fn note_use(&self, context: &Context, found: &ApiKeyWithOwner) {
        let store = &self.0.ports.api_keys;
        if found.key.last_used_at().is_none_or(|last| context.now - last >= USED_EXACTNESS) {
            let _written = store.touch_api_key(found.key.id(), context.now).await;
        }
        if let (false, Some(client)) = (found.is_known_source, context.client_ip) {
            let _written = self.note_source(context, found, SourceNetwork::of(client)).await;
        }
    }

    async fn note_source(
        &self,
        context: &Context,
        found: &ApiKeyWithOwner,
        network: SourceNetwork,
    ) -> Result<(), StoreError> {
        let mut tx = self.0.ports.api_keys.begin(context).await?;
        tx.note_api_key_source(found.key.seen_at(network, context.now)).await?;
        tx.commit().await
    }

    /// Notes that a request with a key was refused because the key is not good for `required`. For whoever answers
    /// requests; a person's request is none of its business.
    pub async fn note_scope_denied(&self, context: &Context, required: &str) -> Result<(), StoreError> {
        let Actor::ApiKey(key) = &context.actor else { return Ok(()) };
        let (id, owner) = (ApiKeyId::from_uuid(key.key), UserId::from_uuid(key.owner));
        let mut tx = self.0.ports.api_keys.begin(context).await?;
        tx.note_api_key_denial(ApiKeyDenial::new(id, owner, required.to_owned(), context.now)).await?;
        tx.commit().await
    }
}
