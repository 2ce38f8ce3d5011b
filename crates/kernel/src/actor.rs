//! Who asks.

use uuid::Uuid;

use crate::{PermissionSet, Timestamp};

/// Who a use case works for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody has been identified.
    Anonymous,
    /// A signed-in person.
    User(Principal),
    /// A program with an API key, on behalf of the key's owner. Nobody's [`Principal`]: what only people may do refuses
    /// it, and what programs may do asks [`Context::authorize`](crate::Context::authorize).
    ApiKey(KeyPrincipal),
    /// The product itself: a job, a migration, the command line. Nobody's [`Principal`]: use cases that act on the
    /// caller's own things refuse it.
    System(&'static str),
}

/// A signed-in person, as one request sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user's id. Bare, because only the identity domain knows what a user is.
    pub user: Uuid,
    /// The session the request was made with.
    pub session: Uuid,
    /// When they last proved who they are; sensitive actions ask for a recent proof.
    pub authenticated_at: Timestamp,
    /// What they may do in the tenant of the request.
    pub permissions: PermissionSet,
    /// What they could do besides, had they a second factor: the installation asks for one of people like them.
    pub withheld: PermissionSet,
}

/// A program with an API key, as one request sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrincipal {
    /// The key's id.
    pub key: Uuid,
    /// On whose behalf: the id of the key's owner.
    pub owner: Uuid,
    /// What the key may do in the tenant of the request: its scopes, as far as its owner has them now.
    pub permissions: PermissionSet,
}
