//! What is read of API keys without a unit of work.

use ashlar_kernel::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ApiKey;
use crate::{Account, UserId, UserStatus};

/// A key together with what its owner is now, read in one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyWithOwner {
    /// The key, dead or alive.
    pub key: ApiKey,
    /// Whether the owner's account can be used.
    pub status: UserStatus,
    /// The owner's account in the key's tenant; none if they are no member any more.
    pub account: Option<Account>,
    /// Whether the key was used before from where it is used now.
    pub is_known_source: bool,
}

/// The position of a key in the list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyPosition {
    /// When the key was made.
    pub created_at: Timestamp,
    /// Its id, for those that were made at once.
    pub id: Uuid,
}

/// Which keys to list: all of one person in one tenant, dead or alive, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyQuery {
    /// In which tenant.
    pub tenant: TenantId,
    /// Whose.
    pub owner: UserId,
    /// Older than this one.
    pub after: Option<ApiKeyPosition>,
    /// How many rows at most.
    pub rows: u64,
}
