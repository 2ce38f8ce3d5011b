//! Make, see, rotate and end API keys, and let programs in with them.

mod authenticate;
mod create;
mod list;
mod revoke;
mod rotate;

use ashlar_kernel::{Context, NotFound, Secret, StoreError};

pub use authenticate::{ApiKeyUse, AuthenticateApiKeyError, AuthenticatedKey};
pub use create::{CreateApiKey, CreateApiKeyError, CreateApiKeyInput};
pub use list::{ListApiKeysError, ReadApiKeyError};
pub use revoke::RevokeApiKeyError;
pub use rotate::RotateApiKeyError;

use super::Identity;
use crate::{
    UserId,
    api_key::{ApiKey, ApiKeyId, Lifetime, beginning},
    permission,
};

ashlar_kernel::error_codes! {
    /// Codes of API keys.
    pub mod api_key_codes {
        API_KEY_INVALID = "api_key_invalid", Unauthenticated, "Invalid API key",
            "This is no API key that is good now: mistyped, unknown, expired or revoked, or its owner's account was shut. The answer is the same whatever is wrong.";
        IP_NOT_ALLOWED = "ip_not_allowed", Forbidden, "Address not allowed",
            "The API key is good, but not from the address of this request. Its owner has listed the networks from which it may be used.";
        ORIGIN_NOT_ALLOWED = "origin_not_allowed", Forbidden, "Origin not allowed",
            "The publishable key is good, but not for the web page of this request. Browsers name it in `Origin`; the owner of the key has listed the origins that may use it.";
        API_KEY_INACTIVE = "api_key_inactive", Conflict, "API key has ended",
            "The key has expired or was revoked, and gets no new secret. Make another key.";
        API_KEY_CHANGED = "api_key_changed", Conflict, "API key changed in the meantime",
            "Somebody else rotated or ended the key at the same time. Nothing was done; look at the key before you rotate it again, because that ends the secret before the last.";
    }
}

/// A key, and its text: the one time it is told.
pub struct IssuedApiKey {
    /// The key.
    pub key: ApiKey,
    /// What programs send.
    pub text: Secret,
}

impl Identity {
    /// The first characters of a key's text, by which its owner knows it again. No secret.
    pub fn beginning_of(&self, key: &ApiKey) -> String {
        beginning(key.kind(), self.0.settings.key_environment, key.key_id())
    }

    /// A key of one's own.
    async fn own_api_key(&self, context: &Context, owner: UserId, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        self.0.ports.api_keys.api_key(context.tenant, owner, id).await
    }
}

/// The longest life that the caller may give a key.
fn longest_life(context: &Context) -> Lifetime {
    let is_admin = context.require(permission::MANAGE_API_KEYS).is_ok();
    if is_admin { Lifetime::LONGEST_OF_ADMIN } else { Lifetime::LONGEST }
}

/// Somebody was faster. Told to the caller, and not tried again: every rotation ends a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key was changed at the same time")]
pub struct ApiKeyChanged;

impl ashlar_kernel::Classified for ApiKeyChanged {
    fn class(&self) -> ashlar_kernel::Class<'_> {
        ashlar_kernel::Class::Code(&api_key_codes::API_KEY_CHANGED)
    }
}

/// What is not there, or not the caller's.
fn found(key: Option<ApiKey>) -> Result<ApiKey, NotFound> {
    key.ok_or(NotFound)
}
